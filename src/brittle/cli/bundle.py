"""brittle bundle: the pages of runs as files."""

from typing import get_args

import click

from brittle.cli.console import EXIT_CODES, clear_errors, console
from brittle.report import wording
from brittle.server.bundle.bundle import Files
from brittle.server.bundle.bundle import bundle as write_bundle
from brittle.server.bundle.bundling import MOST_SAMPLES


@click.command(epilog=EXIT_CODES)
@click.argument("runs", metavar="[RUNS]", default="runs")
@click.option("--out", metavar="DIR", required=True, help="A new folder, or an earlier bundle.")
@click.option(
    "--files",
    type=click.Choice(get_args(Files)),
    default="all",
    show_default=True,
    help="Files of runs that are copied: tables, all that samples left besides, or none.",
)
@click.option(
    "--samples",
    metavar="N",
    type=click.IntRange(0),
    default=MOST_SAMPLES,
    show_default=True,
    help="Samples of a run that have a page of their own, at most.",
)
def bundle(runs: str, out: str, files: Files, samples: int) -> None:
    """Write the pages of all runs below the folder RUNS as files, which need neither a server nor a network.

    Open DIR/index.html, or put DIR on any static host. SHA256SUMS has a line for every file of it.
    """
    with clear_errors():
        made = write_bundle(runs, out, files=files, samples=samples)
        for line in made.left_out:
            console.print(f"left out: {line}", soft_wrap=True)
        size = f"{made.size / 1e6:,.1f} MB"
        console.print(f"{wording.number(made.runs)} runs, {wording.number(made.files)} files, {size}")
        console.print(f"Bundle: {made.path / 'index.html'}", soft_wrap=True)

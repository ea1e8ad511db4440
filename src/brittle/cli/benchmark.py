"""brittle benchmark: inputs that models err on at little distance, and the proof of it."""

from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console, errors
from brittle.cli.live import live_hardening
from brittle.cli.options import (
    GroupedCommand,
    config_option,
    option,
    set_option,
    settings_of,
    settings_options,
)
from brittle.tasks.benchmark.settings import BenchmarkSettings

OF_ITS_OWN = frozenset({"size"})
"""Options of data that a benchmark has another one for."""


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.argument("data", required=False)
@settings_options(BenchmarkSettings, without=OF_ITS_OWN)
@set_option
@option("--render", "running", "SET", "Make the files of SET again, from DATA, which it was made from.")
@config_option
def benchmark(config: str | None, render: str | None, **options: Any) -> None:
    """Make a set of inputs from DATA that models err on at little distance: a harder test set.

    \b
    DATA  labelled images, signals or clips, as brittle audit takes them, or photos, ecg or video, which are
          built in, with models (default photos)

    What is hard for the surrogates (--models) is chosen on a third of DATA and tried on the others; models
    that are held out (--hold-out) are asked for the finished files alone, and are the headline of the card.
    The folder has the layout of ImageNet-C; brittle score asks any model, brittle verify checks the set.
    """
    with clear_errors():
        if render is not None:
            _render(render, options)
            return
        values = BenchmarkSettings.read(config) if config else {}
        settings = settings_of(BenchmarkSettings, values, options)
        with live_hardening(console) as watch:
            made = brittle.benchmark(watch=watch, **settings)
        console.print(brittle.benchmark_table(made.set))
        console.print(brittle.benchmark_rows_table(made.set, made.besides))
        console.print(f"Set: {made.path}", soft_wrap=True)
        console.print(f"Card: {made.path / 'README.md'}", soft_wrap=True)


def _render(folder: str, options: dict[str, Any]) -> None:
    """The files of a set from the originals."""
    if options["data"] is None:
        raise brittle.UsageError("expected the data that the set was made from: --render SET DATA")
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("rendering", total=None)
        hard = brittle.render(
            folder,
            options["data"],
            distortions=options["distortions"] or (),
            watch=lambda done, of: bar.update(task, completed=done, total=of),
        )
    console.print(f"{hard.about.samples} samples are made: {Path(folder)}", soft_wrap=True)

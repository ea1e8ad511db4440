"""brittle verify: whether a run says the truth."""

import sys
from typing import Any

import click
from rich.progress import Progress

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console, errors, printable
from brittle.cli.options import GroupedCommand, given_of, option, settings_options
from brittle.models.options import ModelOptions

BROKEN, UNFINISHED = 1, 5


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.argument("run", metavar="RUN")
@click.argument("model", required=False)
@click.argument("data", required=False)
@settings_options(ModelOptions)
@option("--sample", "running", "ID", "Check this sample alone.")
@option("--distortion", "search", "NAME", "A distortion of your own that the run names.", multiple=True)
@option("--trust", "running", "", "Open whatever the run names, code and addresses too.", is_flag=True)
def verify(
    run: str,
    model: str | None,
    data: str | None,
    sample: str | None,
    distortion: tuple[str, ...],
    trust: bool,
    **options: Any,
) -> None:
    """Check everything that RUN says: recompute every number from its files, and ask the model again.

    \b
    RUN          a run, or a hard set of brittle benchmark; of a set checksums,
                 distances, levels and recipes are checked, and no model is asked:
                 brittle verify DIR [PHOTOS]
    MODEL, DATA  as for audit; default those that RUN names. A run is data: a model
                 that is a function or an address, and distortions of your own, are
                 opened only if they are given again, or with --trust.

    Model options that are not given are those of RUN, but for a header, which it cannot name.
    Exit 0: RUN is whole, and all of it holds. 1: something does not. 5: all holds, but RUN is unfinished.
    """
    with clear_errors():
        with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
            task = bar.add_task("checking", total=None)
            found = brittle.verify(
                run,
                model,
                data,
                trust=trust,
                sample=sample,
                distortions=distortion,
                watch=lambda done, of: bar.update(task, completed=done, total=of),
                **given_of(options),
            )
        for line in [f"note: {note}" for note in found.notes]:
            console.print(printable(line), soft_wrap=True)
        for check in found.broken:
            console.print(printable(f"does not hold: {check}"), soft_wrap=True)
        what = f"{found.maps} maps" if found.maps else f"{found.flips} flips"
        what = f"{found.files} files" if found.files else what
        what = f"{found.answers} answers" if found.answers else what
        held = len(found.checks) - len(found.broken)
        console.print(
            f"{held} of {len(found.checks)} checks hold: "
            f"{what} of {found.samples} samples ({found.rows} rows asked)"
        )
        sys.exit(BROKEN if found.broken else 0 if found.finished else UNFINISHED)

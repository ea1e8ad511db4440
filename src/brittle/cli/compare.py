"""brittle compare: searches on the same samples, or finished runs, side by side."""

from pathlib import Path
from typing import Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console
from brittle.cli.live import live_progress
from brittle.cli.options import data_options, game_options, model_options, running_options, settings_of


@click.command(epilog=EXIT_CODES)
@click.argument("targets", nargs=-1, required=True, metavar="MODEL DATA | DIR DIR ...")
@click.option("--search", "searches", metavar="NAME", multiple=True, help="Repeatable; see brittle list.")
@game_options
@data_options
@model_options
@running_options
@click.option("--out", metavar="DIR", help="Folder of the runs and of compare.html. [runs/compare]")
def compare(
    targets: tuple[str, ...], searches: tuple[str, ...], config: str | None, out: str | None, **options: Any
) -> None:
    """Audit MODEL on DATA with each --search, or set finished runs side by side.

    \b
    brittle compare MODEL DATA --search random --search square-l2 --out DIR
    brittle compare DIR DIR ...    the first run is what the others are held against
    """
    with clear_errors():
        if searches:
            found = _compare_searches(targets, searches, config, out or "runs/compare", options)
        else:
            found = brittle.compare_runs(targets, out)
            out = out or str(found.runs[0].path.resolve().parent)
        console.print(brittle.comparison_table(found.contenders))
        for warning in found.warnings:
            console.print(f"not comparable: {warning}", markup=False, soft_wrap=True)
        console.print(f"Page: {Path(out or 'runs/compare') / 'compare.html'}", soft_wrap=True)


def _compare_searches(
    targets: tuple[str, ...], searches: tuple[str, ...], config: str | None, out: str, options: dict[str, Any]
) -> "brittle.Comparison":
    """Play every search, a bar for each."""
    if len(targets) != 2:
        raise brittle.UsageError(f"expected MODEL and DATA before --search, got {' '.join(targets)}")
    values = brittle.AuditSettings.read(config) if config else {}
    settings = settings_of(values, {**options, "model": targets[0], "data": targets[1]})
    with live_progress(console) as watch:
        return brittle.compare(searches=searches, out=out, watch=watch, **settings)

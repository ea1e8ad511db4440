"""brittle compare: searches on the same samples, or finished runs, side by side."""

from pathlib import Path
from typing import Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console
from brittle.cli.live import live_progress
from brittle.cli.options import GroupedCommand, config_option, settings_of, settings_options
from brittle.tasks.audit.settings import CompareSettings


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.argument("targets", nargs=-1, required=True, metavar="MODEL DATA | DIR DIR ...")
@settings_options(CompareSettings)
@config_option
def compare(targets: tuple[str, ...], config: str | None, **options: Any) -> None:
    """Audit MODEL on DATA with each --search, or set finished runs side by side.

    \b
    brittle compare MODEL DATA --search random --search square-l2 --out DIR
    brittle compare DIR DIR ...    the first run is what the others are held against
    """
    with clear_errors():
        if options["searches"]:
            found = _compare_searches(targets, CompareSettings.read(config) if config else {}, options)
        else:
            found = brittle.compare_runs(targets, options["out"])
        folder = Path(options["out"] or found.runs[0].path.resolve().parent)
        console.print(brittle.comparison_table(found.contenders))
        for warning in found.warnings:
            console.print(f"not comparable: {warning}", markup=False, soft_wrap=True)
        console.print(f"Page: {folder / 'compare.html'}", soft_wrap=True)


def _compare_searches(
    targets: tuple[str, ...], values: dict[str, Any], options: dict[str, Any]
) -> "brittle.Comparison":
    """Play every search, a bar for each."""
    if len(targets) != 2:
        raise brittle.UsageError(f"expected MODEL and DATA before --search, got {' '.join(targets)}")
    settings = settings_of(CompareSettings, values, {**options, "model": targets[0], "data": targets[1]})
    with live_progress(console) as watch:
        return brittle.compare(watch=watch, **settings)

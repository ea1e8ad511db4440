"""brittle compare: searches on the same samples, or finished runs, side by side."""

from pathlib import Path
from typing import Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console
from brittle.cli.live import live_progress
from brittle.cli.options import GroupedCommand, config_option, option, settings_of, settings_options
from brittle.tasks.audit.settings import CompareSettings
from brittle.tasks.explain.settings import CompareExplanationsSettings


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.argument("targets", nargs=-1, required=True, metavar="MODEL DATA | DIR DIR ...")
@settings_options(CompareSettings, explanations=CompareExplanationsSettings)
@option("--explain", "search", "", "Explain DATA on every MODEL, instead of auditing.", is_flag=True)
@config_option
def compare(targets: tuple[str, ...], config: str | None, explain: bool, **options: Any) -> None:
    """Audit MODEL on DATA with each --search, or set finished runs side by side.

    \b
    brittle compare MODEL DATA --search random --search square-l2 --out DIR
    brittle compare MODEL DATA --explainer survey --explainer rise
    brittle compare MODEL MODEL DATA --explain    the same samples on several models
    brittle compare DIR DIR ...    the first run is what the others are held against
    """
    with clear_errors():
        if explain or options["explainers"] or _are_explanations(targets):
            _show_explanations(_compare_explanations(targets, config, explain, options))
            return
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


def _are_explanations(targets: tuple[str, ...]) -> bool:
    """Whether the first of several folders is a run of brittle explain."""
    first = Path(targets[0])
    return (first / "run.json").is_file() and brittle.Run.open(first).manifest.verb == "explain"


def _compare_explanations(
    targets: tuple[str, ...], config: str | None, explain: bool, options: dict[str, Any]
) -> "brittle.ExplanationComparison":
    """Explain with every explainer, or on every model; or take finished runs."""
    if not explain and not options["explainers"]:
        return brittle.compare_explanation_runs(targets, options["out"])
    if len(targets) < 2 or (len(targets) > 2 and not explain):
        raise brittle.UsageError(f"expected MODEL and DATA before --explainer, got {' '.join(targets)}")
    *models, data = targets
    values = CompareExplanationsSettings.read(config) if config else {}
    settings = settings_of(CompareExplanationsSettings, values, {**options, "model": models[0], "data": data})
    with live_progress(console) as watch:
        return brittle.compare_explanations(
            models=tuple(models) if len(models) > 1 else (), watch=watch, **settings
        )


def _show_explanations(found: "brittle.ExplanationComparison") -> None:
    console.print(brittle.explanation_comparison_table(found))
    for warning in found.warnings:
        console.print(f"not comparable: {warning}", markup=False, soft_wrap=True)
    console.print(f"Page: {found.folder / 'compare.html'}", soft_wrap=True)

"""brittle explain: what each decision rests on."""

from typing import Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console
from brittle.cli.live import live_progress
from brittle.cli.options import (
    GroupedCommand,
    config_option,
    option,
    set_option,
    settings_of,
    settings_options,
)
from brittle.tasks.explain.settings import ExplainSettings


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.argument("model", required=False)
@click.argument("data", required=False)
@settings_options(ExplainSettings)
@set_option
@option("--agent", "search", "FILE", "A trained agent explains: a file of brittle train --kind explainer.")
@config_option
def explain(config: str | None, **options: Any) -> None:
    """Explain what decisions of MODEL on DATA rest on: heat maps, and how little suffices or flips.

    \b
    MODEL, DATA  as for audit; without any, the built-in model and photos.
                 `brittle explain ecg` marks the region of interest on ECG paper.
    """
    with clear_errors():
        values = ExplainSettings.read(config) if config else {}
        settings = settings_of(ExplainSettings, values, options)
        with live_progress(console) as watch:
            run = brittle.explain(watch=watch, **settings)
        summary = brittle.explanation_summary(run)
        console.print(brittle.explanation_table(summary))
        console.print(f"Report: {run.path / 'report.html'}", soft_wrap=True)
        if summary.samples and summary.failed == summary.samples:
            first = next(run.explanations())
            raise brittle.DataError(
                f"no sample could be explained; the first, {first.sample}: {first.message}"
            )

"""brittle audit: how little distortion flips each decision."""

from typing import Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console
from brittle.cli.live import live_progress
from brittle.cli.options import data_options, game_options, model_options, running_options, settings_of


@click.command(epilog=EXIT_CODES)
@click.argument("model", required=False)
@click.argument("data", required=False)
@click.option(
    "--search", metavar="NAME", help="How flips are looked for; see brittle list. [agent on images]"
)
@click.option("--set", "pairs", metavar="NAME=VALUE", multiple=True, help="A setting of the search.")
@click.option(
    "--agent", metavar="FILE", help="A trained agent plays: a file of brittle train, cells or ripple."
)
@click.option("--warm-up", type=int, metavar="N", help="Rows on which the agent learns first. [0]")
@click.option("--preset", metavar="NAME", help="Distortions, cell and search of a published table; see list.")
@game_options
@data_options
@model_options
@running_options
@click.option("--out", metavar="DIR", help="Run folder; the same command continues it. [runs/...]")
def audit(config: str | None, preset: str | None, **options: Any) -> None:
    """Audit MODEL on DATA.

    \b
    MODEL  model.onnx | package.module:function | http(s)://address |
           efficientnet-lite0 (default) | ecg (heartbeats)
    DATA   folder of class folders | folder with labels.csv | arrays.npz (x, y) |
           image files without labels | photos (default: 20 labelled photos) |
           WFDB records | csv tables of signals | ecg5000 (default for ecg)
    """
    with clear_errors():
        values = brittle.AuditSettings.read(config) if config else {}
        values |= brittle.preset(preset, options["sampling_rate"] or 300.0) if preset else {}
        with live_progress(console) as watch:
            run = brittle.audit(watch=watch, **settings_of(values, options))
        console.print(brittle.summary_table(brittle.summary_of(run)))
        console.print(f"Report: {run.path / 'report.html'}", soft_wrap=True)
        _refuse_empty(run)


def _refuse_empty(run: "brittle.Run") -> None:
    """An audit in which nothing could be played is an error for scripts."""
    summary = run.summary()
    if summary["samples"] and summary["failed"] == summary["samples"]:
        first = next(run.results())
        raise brittle.DataError(f"no sample could be played; the first, {first.sample}: {first.message}")

"""brittle harden: the same model, harder to flip, and the proof of it."""

import sys
from typing import Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console
from brittle.cli.live import live_hardening
from brittle.cli.options import (
    OF_ENDPOINTS,
    GroupedCommand,
    config_option,
    settings_of,
    settings_options,
)
from brittle.tasks.harden.settings import HardenSettings

NOT_HARDENED = 1


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.argument("model", required=False)
@click.argument("data", required=False)
@settings_options(HardenSettings, without=OF_ENDPOINTS)
@config_option
def harden(config: str | None, **options: Any) -> None:
    """Learn weights of MODEL whose decisions are farther from a flip; attack it before and after.

    \b
    MODEL  model.onnx | package.module:function that makes a torch.nn.Module |
           ecg (default) | video | efficientnet-lite0
    DATA   labelled samples, as brittle audit takes them

    The folder holds hardened.onnx, its weights and card, harden.html, and a run of every audit.
    Exit 1: no weights keep enough clean accuracy, and the original's came back.
    """
    with clear_errors():
        values = HardenSettings.read(config) if config else {}
        settings = settings_of(HardenSettings, values, options)
        with live_hardening(console) as watch:
            found = brittle.harden(watch=watch, **settings)
        console.print(brittle.hardening_table(found.report))
        console.print(found.report.verdict.words, soft_wrap=True)
        console.print(f"Model: {found.model}", soft_wrap=True)
        console.print(f"Page: {found.page}", soft_wrap=True)
        if not found.kept:
            sys.exit(NOT_HARDENED)

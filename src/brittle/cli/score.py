"""brittle score and export: what a model makes of a hard set, and the set in the formats of others."""

import sys
from pathlib import Path
from typing import Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console, show_verdicts
from brittle.cli.live import live_rows
from brittle.cli.options import GroupedCommand, option, settings_of, settings_options
from brittle.core.errors import RED
from brittle.tasks.score.settings import ScoreSettings


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.argument("targets", nargs=-1, required=True, metavar="MODEL DIR")
@settings_options(ScoreSettings)
@option("--board", "running", "", "Write the page of DIR again, and ask nothing.", is_flag=True)
def score(targets: tuple[str, ...], board: bool, **options: Any) -> None:
    """Score MODEL on the hard set DIR: an entry in DIR/scores/, and DIR/board.html.

    \b
    brittle score MODEL DIR        MODEL as brittle audit takes it
    brittle score --board DIR      the page alone, from the entries

    Exit 9: the entry is written, but a gate is red.
    """
    with clear_errors():
        if board:
            _write_board(targets, options["reference"])
            return
        if len(targets) != 2:
            raise brittle.UsageError(f"expected MODEL and DIR, got {' '.join(targets)}")
        settings = settings_of(ScoreSettings, {}, options)
        with live_rows(console) as watch:
            found = brittle.score(*targets, watch=watch, **settings)
        console.print(brittle.score_table(found.entry))
        _say_left_out(found.left_out)
        console.print(f"Entry: {found.file}", soft_wrap=True)
        console.print(f"Board: {found.board}", soft_wrap=True)
        show_verdicts(found.verdicts)
        if not all(verdict.green for verdict in found.verdicts):
            sys.exit(RED)


def _write_board(targets: tuple[str, ...], reference: str | None) -> None:
    if len(targets) != 1:
        raise brittle.UsageError(f"expected DIR alone beside --board, got {' '.join(targets)}")
    _say_left_out(brittle.write_board(targets[0], reference))
    console.print(f"Board: {Path(targets[0]) / 'board.html'}", soft_wrap=True)


def _say_left_out(lines: Any) -> None:
    for line in lines:
        console.print(f"left out: {line}", style="bold yellow", soft_wrap=True)


@click.command(epilog=EXIT_CODES)
@click.argument("folder", metavar="DIR")
@click.option("--to", required=True, metavar="FORMAT", help="See brittle list: imagenet-c, webdataset ...")
@click.option("--out", required=True, metavar="DIR", help="A new folder.")
def export(folder: str, to: str, out: str) -> None:
    """Write the hard set DIR in another format; the same set gives the same bytes."""
    with clear_errors():
        console.print(f"Export: {brittle.export(folder, to=to, out=out)}", soft_wrap=True)

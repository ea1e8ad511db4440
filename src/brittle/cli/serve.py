"""brittle serve: the page where people watch audits."""

import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from brittle.cli.console import EXIT_CODES, clear_errors


@click.command(epilog=EXIT_CODES)
@click.argument("runs", metavar="[RUNS]", default="runs")
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=8421,
    show_default=True,
    help="Port of 127.0.0.1; 0 for a free one.",
)
@click.option("--open", "browser", is_flag=True, help="Open the link in the browser.")
@click.option("--models", metavar="MODEL", multiple=True, help="May be asked from the page; repeatable.")
@click.option("--data", metavar="DATA", multiple=True, help="May be asked about from the page; repeatable.")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Runs from the page at the same time.",
)
@click.option("--read-only", is_flag=True, help="Nothing may be started, stopped or continued.")
def serve(runs: str, browser: bool, **settings: Any) -> None:
    """Serve a page of all runs below the folder RUNS, with audits live.

    Audits and explanations may be started of --models on --data; where neither is named, of the
    built-in ones.

    It is served to this machine alone, to who opens the link that is printed. The link is good once.
    """
    with clear_errors(), suppress(KeyboardInterrupt):
        page: Any = import_module("brittle.server.serve")
        page.serve(runs, browser=browser, on_link=_say, **settings)


def _say(link: str) -> None:
    """The whole link on one line, at once, also into a file or a pipe."""
    click.echo(f"Open {link}")
    click.echo("Ctrl-C ends the page; audits go on.", err=True)
    sys.stdout.flush()

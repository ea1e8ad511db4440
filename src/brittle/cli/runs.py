"""brittle report, merge, list and schema: what is there already."""

import json
from itertools import groupby

import click
from rich.table import Table

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console


@click.command(epilog=EXIT_CODES)
@click.argument("run", metavar="DIR")
def report(run: str) -> None:
    """Write report.html and the tables of the run DIR again, from the run alone."""
    with clear_errors():
        console.print(f"Report: {brittle.rewrite_report(run)}", soft_wrap=True)


@click.command(epilog=EXIT_CODES)
@click.argument("runs", metavar="DIR...", nargs=-1)
@click.option("--out", metavar="DIR", required=True, help="A new folder for the whole run.")
def merge(runs: tuple[str, ...], out: str) -> None:
    """Unite the runs of all shards, of the same command with --shard 1/N to N/N, into the whole run."""
    with clear_errors():
        run = brittle.merge(runs, out)
        console.print(f"Report: {run.path / 'report.html'}", soft_wrap=True)


@click.command("list")
def list_members() -> None:
    """Distortions, searches, explainers, model backends, data readers and domains, with one line each."""
    with clear_errors():
        for kind, entries in groupby(brittle.catalogue(), key=lambda entry: entry.kind):
            heading = kind + ("es" if kind.endswith("ch") else "s")
            table = Table(title=heading, title_justify="left", show_header=False, box=None)
            for entry in entries:
                table.add_row(f"  {entry.name}", entry.line)
            console.print(table)


@click.command()
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """The JSON schema of a file of a run, or of settings; without NAME, the names that there are."""
    with clear_errors():
        if name is None:
            for known in brittle.schema_names():
                click.echo(known)
        else:
            click.echo(json.dumps(brittle.schema(name), indent=1, ensure_ascii=False))

"""brittle report, merge, list and schema: what is there already."""

import json
from itertools import groupby

import click
from rich.table import Table

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console


@click.command(epilog=EXIT_CODES)
@click.argument("run", metavar="DIR")
@click.argument("model", required=False)
@click.argument("data", required=False)
@click.option("--for", "reader", type=click.Choice(["regulator"]), help="Write the document for this reader.")
@click.option("--purpose", metavar="TEXT", default="", help="Of the system, for the cover.")
@click.option("--explanations", metavar="DIR", help="A run of brittle explain on the same model.")
@click.option("--hardening", metavar="DIR", help="A folder of brittle harden.")
@click.option("--no-verify", is_flag=True, help="Ask the model nothing: the document says so.")
@click.option("--trust", is_flag=True, help="Verify with whatever the run names, code and addresses too.")
@click.option("--pdf", is_flag=True, help="Print it too, by a Chromium that is installed.")
def report(
    run: str,
    model: str | None,
    data: str | None,
    reader: str | None,
    purpose: str,
    explanations: str | None,
    hardening: str | None,
    no_verify: bool,
    trust: bool,
    pdf: bool,
) -> None:
    """Write report.html and the tables of the run DIR again, from the run alone.

    With --for regulator: DIR/regulator.html, a document that prints. The run is verified for it, for which
    MODEL and DATA may be given as for brittle verify.
    """
    with clear_errors():
        if reader is None:
            if model or purpose or explanations or hardening or no_verify or trust or pdf:
                raise brittle.UsageError("expected --for regulator beside what a document is made of")
            console.print(f"Report: {brittle.rewrite_report(run)}", soft_wrap=True)
            return
        written = brittle.write_document(
            run,
            explanations=explanations,
            hardening=hardening,
            purpose=purpose,
            check=not no_verify,
            printed=pdf,
            model=model,
            data=data,
            trust=trust,
        )
        console.print(f"Document: {written}", soft_wrap=True)


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

"""The command line: options in, one Python call, tables and exit codes out. No logic."""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from io import TextIOWrapper

import click

import brittle
from brittle.cli.console import EXIT_CODES
from brittle.core.errors import INTERRUPTED

# Matrices here are small: NumPy's threads would only take cores from the model, and change last digits.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

COMMANDS = {
    "audit": ("brittle.cli.audit:audit", "Audit MODEL on DATA."),
    "explain": ("brittle.cli.explain:explain", "Explain what decisions of MODEL on DATA rest on."),
    "serve": ("brittle.cli.serve:serve", "Serve a page of all runs, with audits live."),
    "bundle": ("brittle.cli.bundle:bundle", "Write the page of all runs as files."),
    "report": ("brittle.cli.runs:report", "Write the report of a run again."),
    "merge": ("brittle.cli.runs:merge", "Unite the runs of shards into one."),
    "verify": ("brittle.cli.verify:verify", "Check all that a run says, and ask MODEL again."),
    "seal": ("brittle.cli.seal:seal", "Digests of all files of a run, written or checked."),
    "log": ("brittle.cli.log:log", "Log a finished audit to MLflow."),
    "train": ("brittle.cli.train:train", "Learn offline what searches use."),
    "harden": ("brittle.cli.harden:harden", "Learn weights of MODEL that are harder to flip."),
    "benchmark": ("brittle.cli.benchmark:benchmark", "Make pictures of DATA that models err on."),
    "score": ("brittle.cli.score:score", "Score MODEL on a hard set, and write the board."),
    "export": ("brittle.cli.score:export", "Write a hard set in the formats of others."),
    "compare": ("brittle.cli.compare:compare", "Audit with several searches, or set runs side by side."),
    "list": (
        "brittle.cli.runs:list_members",
        "Distortions, searches, explainers, backends, data readers, domains, presets.",
    ),
    "schema": ("brittle.cli.runs:schema", "JSON schema of a file of a run, or of settings."),
}
"""Where each command is, and its line in the help."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they run, so that its own help is quick."""

    def __init__(self, *, lines: Mapping[str, tuple[str, str]], **attributes: object) -> None:
        super().__init__(**attributes)  # type: ignore[arg-type]
        self.lines = lines

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are stated."""
        return list(self.lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        if cmd_name not in self.lines:
            return None
        module, _, name = self.lines[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Their lines, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.lines.items()])


@click.group(
    cls=LazyGroup, lines=COMMANDS, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(brittle.__version__)
def cli() -> None:
    """How little natural distortion flips your classifier's decisions, and at what cost in queries."""


def main() -> None:
    """Entry point of the command `brittle`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what a terminal cannot show is escaped, not an error
            stream.reconfigure(errors="backslashreplace")
    try:
        cli()
    except SystemExit as end:
        if end.code != INTERRUPTED:
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)  # a model may be answering in a thread, for as long as it likes

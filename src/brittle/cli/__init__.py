"""The command line: options in, one Python call, tables and exit codes out. No logic."""

import sys
from pathlib import Path

import click

import brittle
from brittle.cli.audit import audit
from brittle.cli.compare import compare
from brittle.cli.console import EXIT_CODES
from brittle.cli.runs import list_members, report, verify
from brittle.cli.train import train


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(brittle.__version__)
def cli() -> None:
    """How little natural distortion flips your classifier's decisions, and at what cost in queries."""


for command in (audit, report, verify, train, compare, list_members):
    cli.add_command(command)


def main() -> None:
    """Entry point of the command `brittle`."""
    sys.path.append(str(Path.cwd()))  # package.module:function of the user's own folder
    cli()

"""brittle seal: digests of all files of a run."""

import sys

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console, printable
from brittle.report import wording

BROKEN = 1


@click.command(epilog=EXIT_CODES)
@click.argument("folder", metavar="DIR")
@click.option("--check", is_flag=True, help="Compare the files with the seal.")
@click.option("--expect", metavar="SHA256", help="Digest of the seal, as you kept it; checks too.")
def seal(folder: str, check: bool, expect: str | None) -> None:
    """Write the SHA-256 of every file of DIR, a run or a hard set, into DIR/seal.sha256, or check them.

    Keep the digest that is printed elsewhere: who changes a file can write the seal again.
    `sha256sum -c seal.sha256` in DIR checks the files too, but not whether any were added.

    Exit 0: sealed, or all files are as they were. 1: some are not.
    """
    with clear_errors():
        if not check and expect is None:
            made = brittle.seal(folder)
            console.print(f"Sealed: {wording.number(made.files)} files, {made.path}", soft_wrap=True)
            console.print(f"Digest: {made.sha256}", soft_wrap=True)
            return
        found = brittle.check_seal(folder, expect)
        for what in ("changed", "missing", "added"):
            for file in getattr(found, what):
                console.print(printable(f"{what}: {file}"), soft_wrap=True)
        if not found.is_expected:
            console.print(f"another seal than {expect}: {found.seal.sha256}", soft_wrap=True)
        verdict = "is as it was sealed" if found.holds else "is not as it was sealed"
        console.print(
            printable(f"{folder} {verdict} ({wording.number(found.seal.files)} files)"), soft_wrap=True
        )
        sys.exit(0 if found.holds else BROKEN)

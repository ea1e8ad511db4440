"""What a forger does to a run, and what verify says of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import brittle
from brittle.cli import cli

Row = dict[str, Any]


def command(*arguments: object) -> Result:
    """brittle verify on the command line."""
    return CliRunner().invoke(cli, ["verify", *map(str, arguments)], catch_exceptions=False)


def messages(folder: Path, *given: Any, **options: Any) -> list[str]:
    """What does not hold."""
    return [str(check) for check in brittle.verify(folder, *given, **options).broken]


def rows_of(folder: Path) -> list[Row]:
    """The lines of results.jsonl."""
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def write_rows(folder: Path, rows: list[Row]) -> None:
    """Put other lines in their place."""
    (folder / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def change_manifest(folder: Path, change: Callable[[Row], object]) -> None:
    """Change run.json."""
    manifest = json.loads((folder / "run.json").read_text())
    change(manifest)
    (folder / "run.json").write_text(json.dumps(manifest))


def flipped(rows: list[Row]) -> Row:
    """One whose first and closest flip differ."""
    return next(row for row in rows if row["first"] and row["first"] != row["closest"])


def of_status(rows: list[Row], status: str) -> Row:
    """The first one that ended so."""
    return next(row for row in rows if row["status"] == status)


def swap_files(run: Path, name: str) -> None:
    """Swap a stored input with that of the next flipped sample."""
    one, other = [row for row in rows_of(run) if row["first"]][:2]
    files = [run / row["first"]["file"].replace("first", name) for row in (one, other)]
    data = [file.read_bytes() for file in files]
    files[0].write_bytes(data[1])
    files[1].write_bytes(data[0])

"""Flat records as a csv file."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from brittle.store.files import ESCAPED, whole_file


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Flat records as a csv file. Raises DiskError."""
    with whole_file(path) as raw, TextIOWrapper(raw, "utf-8", ESCAPED, newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)

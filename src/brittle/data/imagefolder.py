"""A folder of images or clips with metadata, as Hugging Face's imagefolder and videofolder have it.

metadata.csv or metadata.jsonl has the columns file_name and label, and lies beside the files, or one in the
folder of each split. A folder may be a stranger's: no file outside it is read, through links either.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from brittle.core.errors import DataError
from brittle.core.paths import inside, is_file
from brittle.data.classes import Naming, naming
from brittle.data.dataset import Dataset, Source, Wanted, path_of, refuse_twice
from brittle.data.files import MediaFile, is_hidden
from brittle.data.media import media_of
from brittle.data.options import DataOptions

TABLES, INNER, FILE = ("metadata.csv", "metadata.jsonl"), "data", "file_name"
LABELS = ("label", "labels", "fine_label")
"""Columns of labels; the first that is there counts."""
MOST = 1 << 28  # bytes of a table
MOST_SPLITS = 6  # that an error names


class ImageFolder:
    """A folder with metadata.csv or .jsonl (columns file_name, label): an imagefolder of Hugging Face."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether there is such a table with labels, and no other labels are named."""
        path = path_of(source)
        return path is not None and options.labels is None and any(map(_has_labels, _tables(path)))

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open it. Samples are called by their file_name, in the order of the rows. Raises DataError."""
        path = Path(path_of(source) or "")
        tables = [table for table in _tables(path) if _has_labels(table)]
        if len(tables) > 1:
            names = ", ".join(table.parent.name for table in tables[:MOST_SPLITS])
            raise DataError(f"'{path}' holds {len(tables)} splits, {names}; name the folder of one")
        table = tables[0]
        rows = list(_rows(table))
        refuse_twice((row.file for row in rows), table)
        labels = naming((row.label for row in rows if row.label is not None), wanted, f"'{table}'")
        files = [_file(row, table, labels) for row in rows]
        if not any(is_file(file.path) for file in files):
            raise DataError(
                f"'{table}': expected the files that it names beside it, but none of {len(files)} is there"
            )
        media = media_of((file.path for file in files), wanted)
        return media.open_set(path.resolve().name, files, wanted, options, labels.classes)


@dataclass(frozen=True)
class Row:
    """One sample. label: as a text, None where there is none."""

    file: str
    label: str | None


def _tables(path: Path) -> list[Path]:
    """The table of a folder, or those of its splits, here or in its subfolder data."""
    for folder in (path, path / INNER):
        if not folder.is_dir():
            continue
        below = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not is_hidden(entry))
        found = [table for entry in (folder, *below) if (table := _table(entry))]
        for table in found:
            _inside(path, str(table.relative_to(path)), f"'{path}' holds")
        if found:
            return found[:1] if found[0].parent == folder else found
    return []


def _table(folder: Path) -> Path | None:
    return next((folder / name for name in TABLES if is_file(folder / name)), None)


def _has_labels(table: Path) -> bool:
    """Whether its first row has a file and a label. Raises DataError."""
    columns = next(_records(table), {})
    return FILE in columns and any(name in columns for name in LABELS)


def _rows(table: Path) -> Iterator[Row]:
    """Rows that name a file. Raises DataError."""
    label = ""
    for number, record in enumerate(_records(table), 1):
        label = label or next(name for name in LABELS if name in record)
        file, value = record.get(FILE), record.get(label)
        if not isinstance(file, str) or not file or isinstance(value, list | dict):
            raise DataError(f"row {number} of '{table}': expected a file_name and one label")
        blank = value is None or value in ("", -1, "-1")
        yield Row(PurePosixPath(file).as_posix(), None if blank else str(value))


def _records(table: Path) -> Iterator[dict[str, Any]]:
    """The rows of a table by column, of a .csv as texts. Raises DataError."""
    try:
        if table.stat().st_size > MOST:
            raise DataError(f"expected a table of at most {MOST >> 20} MiB, got '{table}'; split it")
        with table.open(encoding="utf-8-sig", newline="") as text:
            if table.suffix == ".csv":
                yield from csv.DictReader(text)
                return
            for line in filter(str.strip, text):
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("a line is no record")
                yield record
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise DataError(f"'{table}': cannot be read as a table in UTF-8: {error}") from error


def _file(row: Row, table: Path, labels: Naming) -> MediaFile:
    """Where a row's file lies. Raises DataError outside of the folder of its table."""
    path, text = _inside(table.parent, row.file, f"'{table}' names"), row.label
    known = (None, "") if text is None else (labels.index.get(text), labels.unknown.get(text, ""))
    return MediaFile(row.file, path, *known)


def _inside(folder: Path, file: str, whose: str) -> Path:
    """A file of a folder, there or not. Raises DataError where it, or a link, leads out of it."""
    path = inside(folder, file)
    if path is None:
        raise DataError(f"{whose} {file[:200]!r}: expected a file inside its folder; put it there")
    return path

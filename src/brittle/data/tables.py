"""Signals in csv files: one column a lead, one file a record."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import DataError
from brittle.data.dataset import Dataset, Source, Wanted, path_of
from brittle.data.media import find_media
from brittle.data.options import DataOptions
from brittle.data.records import find_table, read_marks, record_set

LISTS = ("labels.csv", "beats.csv")
TIMES = ("time", "t", "seconds")


class Tables:
    """Signals in .csv files, one a record: a column a lead in mV, and one called time (s), or a rate."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether there is a csv whose first row under the names is numbers, and no image."""
        path = path_of(source)
        if path is None or not any(_is_table(file) for file in _files(path)[:1]):
            return False
        return path.is_file() or not any(True for _ in find_media(path))

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open them. labels.csv: columns record (a file without .csv) and label, sample for beats."""
        path = Path(path_of(source) or "")
        found = _files(path)
        files = {file.stem: file for file in found}
        opened = partial(read_table, rate=options.sampling_rate)
        table = find_table(found[0].parent, options)
        beside = path.is_file() and options.labels is None  # a table of others than the one that is named
        marks = read_marks(table) if table and not beside else []
        return record_set(path.resolve().stem, marks, files, wanted, options, opened, f"'{table}'")


@dataclass(frozen=True, eq=False)
class TableRecord:
    """A csv that was read. values: (leads, samples)."""

    path: Path
    rate: float
    leads: tuple[str, ...]
    values: NDArray[np.float64]

    @property
    def samples(self) -> int:
        """How many rows there are."""
        return int(self.values.shape[1])

    @property
    def files(self) -> Sequence[Path]:
        """The csv."""
        return (self.path,)

    def read(self, start: int, stop: int, leads: Sequence[str]) -> NDArray[np.float64]:
        """Rows of these leads."""
        return self.values[[self.leads.index(lead) for lead in leads], start:stop]


def read_table(path: Path, rate: float | None) -> TableRecord:
    """Read a csv. rate: samples per second of a file without a column of times. Raises DataError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = [row for row in csv.reader(text) if row]
        names = [name.strip() for name in rows[0]]
        values = np.array([[float(cell or "nan") for cell in row] for row in rows[1:]], np.float64).T
        if values.ndim != 2 or len(values) != len(names):
            raise ValueError(f"{len(names)} names, but not as many numbers in every row")
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, IndexError) as error:
        raise DataError(
            f"{path}: expected a row of lead names and rows of numbers, but it cannot be read: {error}"
        ) from error
    times = [k for k, name in enumerate(names) if name.lower() in TIMES]
    if times:
        rate = _rate(path, values[times[0]])
    if rate is None:
        raise DataError(f"{path}: its sampling rate is not known; add a column time (s) or --sampling-rate")
    kept = [k for k in range(len(names)) if k not in times]
    return TableRecord(path, rate, tuple(names[k] for k in kept), values[kept])


def _rate(path: Path, times: NDArray[np.float64]) -> float:
    steps = np.diff(times)
    step = float(np.median(steps)) if len(steps) else 0.0
    if not step > 0 or np.abs(steps - step).max() > 0.5 * step:
        raise DataError(
            f"{path}: expected a column time that grows evenly, in seconds; got steps of {step:g}"
        )
    return round(float((len(times) - 1) / (times[-1] - times[0])), 3)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.glob("*.csv") if file.name not in LISTS)
    return [path] if path.suffix.lower() == ".csv" and path.is_file() else []


def _is_table(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = [row for row, _ in zip(csv.reader(text), range(2), strict=False)]
        return len(rows) == 2 and bool([float(cell or "nan") for cell in rows[1]])
    except (OSError, UnicodeDecodeError, csv.Error, ValueError):
        return False

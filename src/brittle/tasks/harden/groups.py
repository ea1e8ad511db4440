"""What samples share, so that the split keeps them on one side: a patient, a record, a scene."""

import csv
from collections.abc import Mapping
from pathlib import Path, PurePath

import numpy as np

from brittle.core.errors import DataError, UsageError
from brittle.data import DataOptions, Dataset
from brittle.data.signals import SignalSet

RECORD = "record"


def groups_of(source: str, options: DataOptions, dataset: Dataset, column: str) -> Mapping[str, str]:
    """The group of every sample: an array of the .npz, a column of labels.csv, or the record of signals.

    Raises UsageError for data of another kind, DataError where the column is not there.
    """
    if isinstance(dataset, SignalSet):
        if column != RECORD:
            raise UsageError(f"expected --group {RECORD} for records of signals, got '{column}'")
        return {name: window.path.stem for name, window in dataset.windows.items()}
    path = Path(source).expanduser()
    if path.suffix.lower() == ".npz" and path.is_file():
        return dict(zip(dataset.ids, _array(path, column), strict=False))
    table = options.labels or (path if path.suffix.lower() == ".csv" else path / "labels.csv")
    if table.is_file():
        return _column(table, column)
    raise UsageError(f"expected an .npz, a labels.csv or WFDB records to go with --group, got '{source}'")


def _array(path: Path, name: str) -> list[str]:
    """The array of a name, as texts; one for each sample."""
    with np.load(path, allow_pickle=False) as arrays:
        if name not in arrays.files:
            raise DataError(f"'{path}': expected an array '{name}' of groups, got {', '.join(arrays.files)}")
        found, rows = arrays[name], len(arrays["x"])
    if found.shape != (rows,):
        raise DataError(f"'{path}': expected one group for each of {rows} samples, got {name} {found.shape}")
    return [str(value) for value in found.tolist()]


def _column(table: Path, name: str) -> Mapping[str, str]:
    with table.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text)
        columns = tuple(reader.fieldnames or ())
        if name not in columns:
            raise DataError(f"'{table}': expected a column '{name}' of groups, got {', '.join(columns)}")
        return {PurePath((row["file"] or "").strip()).as_posix(): row[name] or "" for row in reader}

"""What samples share, so that the split keeps them on one side: a patient, a record, a scene."""

import csv
from collections.abc import Mapping
from pathlib import Path, PurePath

import numpy as np

from brittle.core.errors import DataError, UsageError
from brittle.data import DataOptions, Dataset
from brittle.data.files import MediaSet
from brittle.data.records import find_table
from brittle.data.signals import SignalSet

RECORD, FOLDER = "record", "folder"


def groups_of(source: str, options: DataOptions, dataset: Dataset, column: str) -> Mapping[str, str]:
    """The group of every sample that has one.

    An array of the .npz; a column of the csv with the labels, of files or of records of signals; the record
    of signals; of class folders the sub-folder that a file is in.
    Raises UsageError for data of another kind, DataError where the column is not there.
    """
    path = Path(source).expanduser()
    if isinstance(dataset, SignalSet):
        return _of_signals(path, options, dataset, column)
    if path.suffix.lower() == ".npz" and path.is_file():
        return dict(zip(dataset.ids, _array(path, column), strict=False))
    table = options.labels or (path if path.suffix.lower() == ".csv" else path / "labels.csv")
    if isinstance(dataset, MediaSet) and table.is_file():
        by_file = {PurePath(row["file"].strip()).as_posix(): row[column] for row in _rows(table, column)}
        return {id: by_file.get(id, by_file.get(_file(id, dataset), id)) for id in dataset.ids}
    if isinstance(dataset, MediaSet) and path.is_dir() and column == FOLDER:
        return _subfolders(source, dataset)
    raise UsageError(
        "expected an .npz, a csv with the labels or records of signals to go with --group, or class folders "
        f"with --group {FOLDER}, got '{source}'"
    )


def _of_signals(path: Path, options: DataOptions, dataset: SignalSet, column: str) -> Mapping[str, str]:
    """The record, or a column of the csv that has a row for each record or each beat of one."""
    records = {id: window.path.stem for id, window in dataset.windows.items()}
    if column == RECORD:
        return records
    table = find_table(path if path.is_dir() else path.parent, options)
    if table is None:
        raise UsageError(f"expected --group {RECORD} for records without a csv of labels, got '{column}'")
    found = {_mark(row): row[column] for row in _rows(table, column)}
    return {id: found.get(id, found.get(record, id)) for id, record in records.items()}


def _mark(row: Mapping[str, str]) -> str:
    """What a row is about: a record, or a beat of one as its sample is called."""
    record = row["record"].strip()
    return f"{record}-{int(row['sample'])}" if "sample" in row else record


def _subfolders(source: str, dataset: MediaSet) -> Mapping[str, str]:
    """The folder below that of the class, which may be below several classes; files beside it have none."""
    parts = {id: PurePath(id).parts for id in dataset.ids}
    found = {id: folders[1] for id, folders in parts.items() if len(folders) > 2}
    if not found:
        raise UsageError(
            f"expected folders of patients or scenes in the class folders of '{source}' to go with "
            f"--group {FOLDER}, got none; leave --group out, or give a labels.csv with a column of groups"
        )
    return found


def _file(id: str, dataset: MediaSet) -> str:
    """The file of a sample, as the csv has it: several windows of a clip have one."""
    file = dataset.files[id]
    return id.removesuffix(f"-{file.part + 1}of{file.parts}")


def _array(path: Path, name: str) -> list[str]:
    """The array of a name, as texts; one for each sample."""
    with np.load(path, allow_pickle=False) as arrays:
        if name not in arrays.files:
            raise DataError(f"'{path}': expected an array '{name}' of groups, got {', '.join(arrays.files)}")
        found, rows = arrays[name], len(arrays["x"])
    if found.shape != (rows,):
        raise DataError(f"'{path}': expected one group for each of {rows} samples, got {name} {found.shape}")
    return [str(value) for value in found.tolist()]


def _rows(table: Path, column: str) -> list[dict[str, str]]:
    """The rows of a csv that was read as labels before."""
    with table.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text, restval="")
        columns = tuple(reader.fieldnames or ())
        if column not in columns:
            raise DataError(f"'{table}': expected a column '{column}' of groups, got {', '.join(columns)}")
        return list(reader)

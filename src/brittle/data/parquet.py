"""Parquet of images as Hugging Face has it: a row a sample, the file of its image inside, and its label."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any

from brittle.core.errors import DataError, MissingExtraError
from brittle.core.identity import hash_contents, hash_rows
from brittle.core.sample import InputSpec, Sample
from brittle.data.classes import Naming, check_label, naming
from brittle.data.dataset import Dataset, Source, Wanted, evenly, path_of
from brittle.data.files import is_hidden
from brittle.data.images import image_spec, read_codes, upright_size
from brittle.data.options import DataOptions

SUFFIX, INNER = ".parquet", "data"
SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}")
"""The name of one of several files of a split."""
LABELS = ("label", "labels", "fine_label")
"""Columns of labels, the first that is there, where several are classes."""
MOST_SPLITS = 6  # that an error names


class Parquet:
    """A .parquet file of images, or a folder with those of one split, here or in its subfolder data."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether there is such a file, and no other labels are named."""
        path = path_of(source)
        return path is not None and options.labels is None and bool(_files(path))

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open it. Samples are called by split and row. Raises DataError, MissingExtraError."""
        path = Path(path_of(source) or "")
        files = _files(path)
        splits = sorted({_split(file) for file in files})
        if len(splits) > 1:
            raise DataError(
                f"'{path}' holds {len(splits)} splits, {', '.join(splits[:MOST_SPLITS])}; name one file, or "
                "a folder with the files of one split"
            )
        parts = [_part(file) for file in files]
        columns = parts[0].columns
        if any(part.columns != columns for part in parts):
            raise DataError(f"the files of '{path}' do not have the same columns and classes")
        return _opened(splits[0], parts, columns, wanted, options)


@dataclass(frozen=True)
class Columns:
    """Where images and labels stand. names: of the classes, where the schema has them."""

    image: str
    label: str | None
    names: tuple[str, ...] | None


@dataclass(frozen=True)
class Part:
    """One file. groups: rows of each of its row groups."""

    path: Path
    columns: Columns
    groups: tuple[int, ...]

    def rows(self) -> Iterator[tuple[Path, int, int]]:
        """File, row group and place in it, of every row."""
        for group, count in enumerate(self.groups):
            yield from ((self.path, group, place) for place in range(count))


@dataclass(frozen=True)
class Row:
    """One sample: where it stands, and its label as a text, where there is one."""

    path: Path
    group: int
    place: int
    label: str | None


@dataclass(frozen=True, eq=False)
class ParquetSet:
    """Rows as a Dataset, read a row group at a time."""

    name: str
    spec: InputSpec
    rows: Mapping[str, Row]
    labels: Naming
    outputs: int | None
    resize: bool
    images: Callable[[Path, int], Sequence[Any]] = field(repr=False)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the labels, where the data know them."""
        return self.labels.classes

    @property
    def ids(self) -> tuple[str, ...]:
        """The samples in their order."""
        return tuple(self.rows)

    @cached_property
    def sha256(self) -> str:
        """Of ids, labels and contents of all files. Raises DataError for one that is too large."""
        files = {row.path: hash_contents(row.path) for row in self.rows.values()}
        return hash_rows((id, row.label, files[row.path]) for id, row in self.rows.items())

    def open(self, id: str) -> Sample:
        """Read one sample. Raises DataError."""
        if id not in self.rows:
            raise DataError(f"no sample '{id}' in {self.name}")
        row, called = self.rows[id], Path(f"{self.rows[id].path}, {id}")
        label = None if row.label is None else self.labels.index.get(row.label)
        if row.label is not None and label is None:
            raise DataError(f"{called}: {self.labels.unknown[row.label]}")
        check_label(label, self.outputs, str(called))
        data = _bytes(self.images(row.path, row.group)[row.place], called)
        codes = read_codes(called, self.spec.shape, self.resize, data)
        return Sample(id, self.spec.decode(codes), label, self.spec)


def _opened(
    split: str, parts: Sequence[Part], columns: Columns, wanted: Wanted, options: DataOptions
) -> ParquetSet:
    """The rows of a split that a limit leaves. Raises DataError."""
    found = [(path, group, place) for part in parts for path, group, place in part.rows()]
    by_name = bool(set(columns.names or ()) & set(wanted.classes or ()))
    texts = [text for part in parts for text in _labels(part.path, columns, by_name)]
    rows = [Row(*where, text) for where, text in zip(found, texts, strict=True)]
    if not rows:
        raise DataError(f"{parts[0].path} has no rows")
    digits = max(6, len(str(len(rows))))
    named = {f"{split}-{number:0{digits}d}": row for number, row in enumerate(rows)}
    chosen = dict(evenly(named.items(), options.limit))
    images = _Groups(columns.image)
    labels = naming((text for text in texts if text is not None), wanted, f"'{parts[0].path}'")
    if columns.names and not by_name:  # numbers are places in this list, whatever the model calls its classes
        labels = replace(labels, classes=columns.names)

    def first() -> tuple[int, int]:
        id, row = next(iter(chosen.items()))
        called = Path(f"{row.path}, {id}")
        try:
            return upright_size(called, _bytes(images(row.path, row.group)[row.place], called))
        except OSError as error:
            raise DataError(f"{called}: cannot be read as an image: {error}") from error

    spec, resize = image_spec(split, wanted, options, first)
    return ParquetSet(split, spec, chosen, labels, wanted.outputs, resize, images)


class _Groups:
    """Images of row groups; the last one that was asked for is kept."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._kept: tuple[tuple[Path, int], Sequence[Any]] | None = None

    def __call__(self, path: Path, group: int) -> Sequence[Any]:
        if self._kept is None or self._kept[0] != (path, group):
            read = partial(_parquet().ParquetFile, path)
            try:
                table = read().read_row_group(group, columns=[self._column])
            except Exception as error:  # pyarrow raises many kinds
                raise _damaged(path, error) from error
            self._kept = ((path, group), table.column(self._column))
        return self._kept[1]


def _part(path: Path) -> Part:
    """One file, of which the schema is read. Raises DataError, MissingExtraError."""
    try:
        file = _parquet().ParquetFile(path)
        groups = tuple(file.metadata.row_group(k).num_rows for k in range(file.num_row_groups))
        schema = file.schema_arrow
    except MissingExtraError:
        raise
    except Exception as error:  # pyarrow raises many kinds
        raise _damaged(path, error) from error
    return Part(path, _columns(schema, path), groups)


def _columns(schema: Any, path: Path) -> Columns:
    """The columns of images and labels. Raises DataError."""
    types = {entry.name: entry.type for entry in schema}
    images = [name for name, kind in types.items() if str(kind).startswith("struct<bytes: binary")]
    images += [name for name, kind in types.items() if str(kind) in ("binary", "large_binary")]
    if len(images) != 1:
        raise DataError(
            f"expected one column of images (a struct of bytes and path) in {path}, got "
            f"{', '.join(images) or 'none'} of {', '.join(types)}"
        )
    features = _features(schema)
    classes = [name for name in types if features.get(name, {}).get("_type") == "ClassLabel"]
    known = [name for name in LABELS if name in types]
    label = classes[0] if len(classes) == 1 else next(iter(known), None)
    names = features.get(label or "", {}).get("names")
    listed = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return Columns(images[0], label, tuple(map(str, names or ())) if listed else None)


def _features(schema: Any) -> Mapping[str, Mapping[str, Any]]:
    """How Hugging Face's datasets read the columns; empty where that is not said."""
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {name: about for name, about in found.items() if isinstance(about, dict)}
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _labels(path: Path, columns: Columns, by_name: bool) -> list[str | None]:
    """The label of every row as a text: its name where that is wanted, or its number. Raises DataError."""
    file = _parquet().ParquetFile(path)
    if columns.label is None:
        return [None] * file.metadata.num_rows
    try:
        values = file.read(columns=[columns.label]).column(columns.label).to_pylist()
    except Exception as error:  # pyarrow raises many kinds
        raise _damaged(path, error) from error
    names = columns.names if by_name and columns.names else ()
    return [
        None
        if value is None or value == -1
        else names[value]
        if isinstance(value, int) and 0 <= value < len(names)
        else str(value)
        for value in values
    ]


def _bytes(value: Any, called: Path) -> bytes:
    """The file of an image. Raises DataError where it lies elsewhere: nothing that a file names is opened."""
    found = value.as_py()
    data = found.get("bytes") if isinstance(found, dict) else found
    if not isinstance(data, bytes):
        raise DataError(f"{called}: its image is not in the parquet file; save the data set with its images")
    return data


def _files(path: Path) -> list[Path]:
    """The parquet files that a path stands for, by name."""
    if path.is_file():
        return [path] if path.suffix.lower() == SUFFIX else []
    for folder in (path, path / INNER):
        if folder.is_dir():
            found = [f for f in folder.iterdir() if f.suffix.lower() == SUFFIX and not is_hidden(f)]
            if found:
                return sorted(found)
    return []


def _split(file: Path) -> str:
    match = SHARD.fullmatch(file.stem)
    return match[1] if match else file.stem


def _parquet() -> ModuleType:
    try:
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("parquet as data", "parquet") from error
    return parquet  # type: ignore[no-any-return]


def _damaged(path: Path, error: Exception) -> DataError:
    if isinstance(error, MissingExtraError | DataError):
        raise error
    return DataError(f"{path}: cannot be read as parquet: {' '.join(str(error).split())[:200]}")

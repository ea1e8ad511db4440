"""Image files and clips as samples: where they lie, and the Dataset that they make."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from brittle.core.errors import DataError
from brittle.core.identity import hash_contents, hash_rows
from brittle.core.sample import InputSpec, Sample
from brittle.data.classes import check_label

MOST_PIXELS = 89_000_000
"""Greater images and frames are refused as decompression bombs (Pillow warns from about here on)."""


@dataclass(frozen=True)
class MediaFile:
    """Where one sample lies and what it shows; problem says why it cannot be used, if that is known.

    part, parts: which of so many parts of a clip it is, from 0.
    """

    id: str
    path: Path
    label: int | None = None
    problem: str = ""
    part: int = 0
    parts: int = 1


@dataclass(frozen=True, eq=False)
class MediaSet:
    """Files as a Dataset. read: the sample of one of them, once file and label are found to be good."""

    name: str
    spec: InputSpec
    classes: tuple[str, ...] | None
    files: dict[str, MediaFile]
    outputs: int | None
    read: Callable[[MediaFile, InputSpec], Sample]

    @property
    def ids(self) -> tuple[str, ...]:
        """The samples in their order."""
        return tuple(self.files)

    @cached_property
    def sha256(self) -> str:
        """Of ids, labels and contents of all files. Raises DataError for one that is too large."""
        return hash_rows(
            (file.id, file.label, file.problem, hash_contents(file.path)) for file in self.files.values()
        )

    def open(self, id: str) -> Sample:
        """Read one sample. Raises DataError."""
        if id not in self.files:
            raise DataError(f"no sample '{id}' in {self.name}")
        file = self.files[id]
        if file.problem:
            raise DataError(f"{file.path}: {file.problem}")
        check_label(file.label, self.outputs, str(file.path))
        return self.read(file, self.spec)


def is_hidden(path: Path) -> bool:
    """Whether a file or folder is one that users do not see."""
    return path.name.startswith(".") or path.name == "__MACOSX"


def is_called(path: Path, suffixes: frozenset[str]) -> bool:
    """Whether a path is a file with one of these suffixes, and not hidden."""
    return path.suffix.lower() in suffixes and not is_hidden(path) and path.is_file()


def find_files(folder: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    """Every file with one of these suffixes below a folder, hidden ones left out, in no particular order."""
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_hidden(Path(name))]
        yield from (path for name in names if is_called(path := Path(here, name), suffixes))


def times(shape: tuple[int | None, ...]) -> str:
    """A shape as users write it."""
    return " x ".join(map(str, shape))

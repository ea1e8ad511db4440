"""What every reader opens: samples in a fixed order, read one at a time."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray

from brittle.core.errors import DataError
from brittle.core.sample import InputSpec, Sample
from brittle.data.options import DataOptions

Arrays = tuple[NDArray[Any], NDArray[Any] | None]
Source = str | Path | Arrays
T = TypeVar("T")


def evenly(samples: Iterable[T], limit: int | None) -> list[T]:
    """What a limit leaves of samples: all, or `limit` of them at even distances."""
    every = list(samples)
    kept = len(every) if limit is None else min(limit, len(every))
    return [every[i * len(every) // kept] for i in range(kept)]


def refuse_twice(names: Iterable[str], table: Path) -> None:
    """Raise DataError where a table names a sample in several rows."""
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise DataError(f"'{table}': '{name}' stands in {times} rows; keep one")


class Dataset(Protocol):
    """Samples of one spec.

    classes: names of the labels in their order, where the data knows them.
    ids:     unique and stable, in the order of the audit.
    sha256:  of ids, labels and the contents of all files, or of the arrays, wherever they lie; files are read
             for it when it is first asked for.
    """

    @property
    def name(self) -> str: ...
    @property
    def spec(self) -> InputSpec: ...
    @property
    def classes(self) -> tuple[str, ...] | None: ...
    @property
    def ids(self) -> Sequence[str]: ...
    @property
    def sha256(self) -> str: ...

    def open(self, id: str) -> Sample:
        """Read one sample. Raises DataError, one line that names it, if it cannot be used."""


@dataclass(frozen=True)
class Wanted:
    """What the model takes and answers, as far as it is known.

    shape: channel first, None where a side is free. classes: names. outputs: how many classes.
    """

    shape: tuple[int | None, ...] | None = None
    classes: tuple[str, ...] | None = None
    outputs: int | None = None

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether the model takes inputs of this shape."""
        if self.shape is None:
            return True
        return len(shape) == len(self.shape) and all(
            side in (None, given) for side, given in zip(self.shape, shape, strict=True)
        )

    def __str__(self) -> str:
        sides = self.shape or ()
        return " x ".join("any" if side is None else str(side) for side in sides) or "any shape"


class Reader(Protocol):
    """A way to read samples from a kind of source; registered as a class without arguments."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether this reader is the one for the source; looks, but opens no sample."""

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open a source that fits. Raises DataError if the samples do not fit the model."""


def path_of(source: Source) -> Path | None:
    """The path that a source is, or None for arrays. Raises DataError for the home of nobody."""
    try:
        return Path(source).expanduser() if isinstance(source, str | Path) else None
    except RuntimeError as error:
        raise DataError(f"there is no home folder as '{source}' has it; write the whole path") from error

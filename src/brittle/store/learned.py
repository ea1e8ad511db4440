"""What a training leaves on disk: learned weights with their card, the curve, and a checkpoint until it ends.

Weights and checkpoints are safetensors, which is read without running anything.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from brittle.core.errors import UsageError
from brittle.store.files import write_whole

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ABOUT = "brittle"  # one entry of metadata only: safetensors keeps no order of several
# raised on what is damaged or foreign, numbers of a kind that NumPy lacks among it
DAMAGED = (SafetensorError, ValueError, KeyError, TypeError, AttributeError, MemoryError, RecursionError)

Arrays = Mapping[str, NDArray[Any]]
Row = TypeVar("Row", bound="DataclassInstance")


@dataclass(frozen=True)
class Learned:
    """What a file of learned weights holds.

    about: its metadata, plain data; "format" says what the arrays are, "none" if the file does not.
    name:  file name and the first digits of its SHA-256.
    """

    arrays: Arrays
    about: Mapping[str, Any]
    name: str


def read_learned(path: Path, what: str, again: str) -> Learned:
    """The weights of a file. Raises UsageError with one line if it is missing, damaged or something else.

    what: "tile", "agent"; again: how such a file is made.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read the {what} file '{path}': {reason}") from error
    try:
        text = _about(data)
        about = json.loads(text) if text.startswith("{") else {"format": text}
        return Learned(load(data), about, f"{path.stem} {sha256(data).hexdigest()[:8]}")
    except DAMAGED as error:
        raise UsageError(f"'{path}' is damaged or no safetensors file; {again}") from error


def write_learned(path: Path, arrays: Arrays, about: Mapping[str, Any], card: Mapping[str, Any]) -> None:
    """Write a file of weights, its card beside it (.json). Same values, same bytes. Raises DiskError.

    about: as in Learned; a format alone is written as it is, more as JSON.
    """
    data = _bytes(arrays, about["format"] if len(about) == 1 else json.dumps(about))
    write_whole(path, data)
    beside = {**card, "sha256": sha256(data).hexdigest()}
    write_whole(path.with_suffix(".json"), json.dumps(beside, indent=1, ensure_ascii=False) + "\n")


def write_curve(path: Path, curve: Sequence["DataclassInstance"], floats: str = ".4f") -> None:
    """Write a curve of at least one entry as CSV, a line each; floats: their format. Raises DiskError."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(f.name for f in fields(curve[0]))
    for row in curve:
        writer.writerow(format(v, floats) if isinstance(v, float) else v for v in astuple(row))
    write_whole(path, text.getvalue())


@dataclass(frozen=True)
class Kept(Generic[Row]):
    """Where a training stands. arrays: weights, the optimiser's and more, by name; state: plain data."""

    arrays: Arrays
    curve: tuple[Row, ...]
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint(Generic[Row]):
    """The file of an unfinished training; one that was asked something else is not continued.

    question: all that the training depends on, plain data. row: the class of an entry of the curve.
    """

    path: Path
    question: Mapping[str, Any]
    row: Callable[..., Row]

    def write(self, kept: Kept[Row]) -> None:
        """Keep where it stands, whole or not at all. Raises DiskError."""
        about = {"question": dict(self.question), "curve": [astuple(row) for row in kept.curve], **kept.state}
        write_whole(self.path, _bytes(kept.arrays, json.dumps(about)))

    def read(self) -> Kept[Row] | None:
        """What was kept, if it is of the same question; None if it is not, or there is nothing to read."""
        try:
            data = self.path.read_bytes()
            state = json.loads(_about(data))
            if state.pop("question") != json.loads(json.dumps(dict(self.question))):
                return None
            curve = tuple(self.row(*values) for values in state.pop("curve"))
            arrays = {name: array.copy() for name, array in load(data).items()}  # these can be written to
            return Kept(arrays, curve, state)
        except (OSError, *DAMAGED):
            return None

    def delete(self) -> None:
        """It is not needed any more."""
        self.path.unlink(missing_ok=True)


def _bytes(arrays: Arrays, about: str) -> bytes:
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    data: bytes = save(whole, {ABOUT: about})
    return data


def _about(data: bytes) -> str:
    """The metadata of a safetensors file; its own reader gives the arrays only."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return header.get("__metadata__", {}).get(ABOUT) or "none"

"""What a run keeps of an explained sample: its line in results.jsonl, and its map."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from brittle.core.errors import RunError
from brittle.core.explanation import Explanation
from brittle.core.sample import Array
from brittle.settings import one_line
from brittle.store.archive import file_name
from brittle.store.kept import Kept
from brittle.store.records import FORMAT, damaged, loaded

PLACE = "explanations"
MOST_BYTES_AN_ELEMENT, ROOM = 24, 2**20
"""Of a stored map: three arrays of at most 8 bytes an element, and everything else."""
ARRAYS = ("map", "sd", "mask", "shares", "insertion", "deletion", "seed", "rows")


@dataclass(frozen=True)
class ExplanationLine(Explanation):
    """One line of results.jsonl of an explanation: what is known about one sample."""

    format: Literal[1] = FORMAT


LINE = TypeAdapter(ExplanationLine)


def explanation_text(found: Explanation) -> str:
    """The line of results.jsonl for one explanation, without its end."""
    return json.dumps({"format": FORMAT, **found.to_dict()}, separators=(",", ":"), ensure_ascii=False)


def read_explanation(text: str, where: str) -> Explanation:
    """The explanation of a line of results.jsonl. Raises RunError, which names `where`."""
    try:
        return LINE.validate_python(loaded(text, where, parse_constant=_no_number))
    except ValidationError as error:
        raise RunError(damaged(where, one_line(error))) from error


def _no_number(text: str) -> float:
    """What JSON does not have, but is read unless it is refused: NaN and infinities."""
    raise ValueError(f"{text} is no number")


class MapArchive:
    """Files explanations/SAMPLE.npz of a run folder. Implements core.explain_run.Maps."""

    def __init__(self, files: Kept) -> None:
        self.files = files

    def write(self, sample: str, arrays: Mapping[str, NDArray[Any]]) -> str:
        """Store the arrays of one sample; the same arrays, the same bytes. Raises DiskError."""
        file = f"{PLACE}/{file_name(sample)}.npz"
        out = io.BytesIO()
        np.savez_compressed(out, allow_pickle=False, **arrays)
        self.files.write(file, out.getvalue())
        return file


@dataclass(frozen=True)
class StoredMap:
    """The arrays of an explained sample.

    values: the map, (*sides). sd: of it, NaN where the explainer states none. mask: what suffices, (*sides).
    shares: at which the curves insertion and deletion were taken; all three of one length.
    """

    values: Array
    sd: Array
    mask: NDArray[np.bool_]
    shares: NDArray[np.float64]
    insertion: NDArray[np.float64]
    deletion: NDArray[np.float64]
    seed: int
    rows: int


def read_map(data: bytes, sides: tuple[int, ...], where: str) -> StoredMap:
    """The arrays of a stored map, checked. Raises RunError, which names `where`."""
    most = MOST_BYTES_AN_ELEMENT * prod(sides) + ROOM
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if size > most:
            raise ValueError(f"expected at most {most} bytes, unpacked, got {size}")
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            found = {name: file[name] for name in ARRAYS}
    except Exception as error:  # damaged archives make zipfile, zlib and NumPy raise nearly anything
        raise RunError(damaged(where, str(error))) from error
    points = found["shares"].shape
    expected = {"map": sides, "sd": sides, "mask": sides, "insertion": points, "deletion": points}
    for name, shape in {**expected, "seed": (), "rows": ()}.items():
        if found[name].shape != shape or found[name].dtype.kind not in "fbiu":
            raise RunError(damaged(where, f"{name} is {found[name].dtype} {found[name].shape}, not {shape}"))
    if not np.isfinite(found["map"]).all() or len(points) != 1:
        raise RunError(damaged(where, "the map is not finite, or the curves are no curves"))
    return StoredMap(
        values=found["map"].astype(np.float32),
        sd=found["sd"].astype(np.float32),
        mask=found["mask"].astype(bool),
        shares=found["shares"].astype(np.float64),
        insertion=found["insertion"].astype(np.float64),
        deletion=found["deletion"].astype(np.float64),
        seed=int(found["seed"]),
        rows=int(found["rows"]),
    )

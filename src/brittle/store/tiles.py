"""Learned tiles as files: their values, and the axes that they repeat along."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.errors import UsageError
from brittle.core.sample import Array, InputSpec
from brittle.store.learned import read_learned, write_learned

FORMAT = "brittle-tile-1"
AGAIN = "make one with brittle train --kind tile"


@dataclass(frozen=True)
class Tiles:
    """Textures that mislead classifiers when repeated over an input.

    values: (count, channels, *sides). axes: the spatial axes of the inputs they were learned for.
    name:   file name and the first digits of its SHA-256.
    """

    values: Array
    axes: tuple[str, ...]
    name: str = ""

    def for_spec(self, spec: InputSpec) -> Array:
        """Those that fit inputs of this kind, (count, channels, *sides); none if axes or channels differ.

        For grey inputs they are averaged over the channels.
        """
        none = np.empty((0, *self.values.shape[1:]), np.float32)
        if tuple(spec.axes[i] for i in spec.spatial) != self.axes:
            return none
        channels = int(np.prod([n for i, n in enumerate(spec.shape) if i not in spec.spatial]))
        if channels == self.values.shape[1]:
            return self.values
        return self.values.mean(axis=1, keepdims=True) if channels == 1 else none


def read_tiles(path: str | Path) -> Tiles:
    """The tiles of a file. Raises UsageError with one line if it is missing, damaged or something else."""
    learned = read_learned(Path(path), "tile", AGAIN)
    values = learned.arrays.get("tiles")
    format_, *axes = str(learned.about.get("format")).split() or [""]
    if format_ != FORMAT or values is None or values.ndim != 2 + len(axes) or not axes:
        raise UsageError(f"'{path}' holds no tiles of brittle; {AGAIN}")
    values = values.astype(np.float32)
    if not np.isfinite(values).all() or not values.any():
        raise UsageError(f"the tiles in '{path}' are empty, NaN or infinite; make them again")
    return Tiles(values, tuple(axes), learned.name)


def write_tiles(path: str | Path, values: Array, axes: tuple[str, ...], card: Mapping[str, Any]) -> None:
    """Write a tile file, its card beside it (.json). Same values, same bytes. Raises DiskError."""
    about = {"format": " ".join([FORMAT, *axes])}
    write_learned(Path(path), {"tiles": values.astype(np.float16)}, about, card)

"""Learned tiles as files: safetensors with the values, and a JSON card that says where they come from."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from brittle.core.errors import DiskError, UsageError
from brittle.core.sample import Array, InputSpec

ABOUT, FORMAT = (
    "brittle",
    "brittle-tile-1",
)  # one entry of metadata only: safetensors keeps no order of several


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
        """Those that inputs of this kind can wear, (count, channels, *sides); none if the axes differ.

        Grey inputs wear the mean over the channels.
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
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the tile file '{path}': {error.strerror}") from error
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        about = header.get("__metadata__", {})
        arrays = load(data)
    except (SafetensorError, ValueError, AttributeError, MemoryError) as error:
        raise UsageError(
            f"'{path}' is damaged or no safetensors file; make one with brittle train --kind tile"
        ) from error
    values = arrays.get("tiles")
    format_, *axes = str(about.get(ABOUT) or "unknown").split()
    if format_ != FORMAT or values is None or values.ndim != 2 + len(axes) or not axes:
        raise UsageError(f"'{path}' holds no tiles of brittle; make one with brittle train --kind tile")
    values = values.astype(np.float32)
    if not np.isfinite(values).all() or not values.any():
        raise UsageError(f"the tiles in '{path}' are empty, NaN or infinite; make them again")
    return Tiles(values, tuple(axes), f"{path.stem} {sha256(data).hexdigest()[:8]}")


def write_tiles(path: str | Path, values: Array, axes: tuple[str, ...], card: dict[str, Any]) -> None:
    """Write a tile file, its card beside it (.json). Same values, same bytes. Raises DiskError."""
    path = Path(path)
    data = save({"tiles": values.astype(np.float16)}, {ABOUT: " ".join([FORMAT, *axes])})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        text = json.dumps({**card, "sha256": sha256(data).hexdigest()}, indent=1, ensure_ascii=False)
        path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise DiskError(f"cannot write '{path}': {error.strerror}") from error

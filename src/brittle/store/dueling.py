"""The weights of a Dueling DQN as a file: safetensors, and a JSON card that says where they come from."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from brittle.core.errors import DiskError, UsageError
from brittle.core.sample import Array

ABOUT, FORMAT = "brittle", "brittle-dueling-1"
AGAIN = "make one with brittle train --kind rlab"
LAYERS = ("trunk.0", "trunk.1", "value", "amount.0", "amount.1", "colour.0", "colour.1")


@dataclass(frozen=True)
class DuelingWeights:
    """layers: by the names in LAYERS, (weight (out, in), bias (out,)) in float32.

    name: of the file, and the first digits of its SHA-256.
    """

    layers: dict[str, tuple[Array, Array]]
    name: str = ""


def read_dueling(path: str | Path, world: int, amount: int, colour: int) -> DuelingWeights:
    """The weights of a file for views of these widths. Raises UsageError with one line."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the agent file '{path}': {error.strerror}") from error
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        about = header.get("__metadata__", {}).get(ABOUT)
        arrays = load(data)
    except (SafetensorError, ValueError, AttributeError, MemoryError) as error:
        raise UsageError(f"'{path}' is damaged or no safetensors file; {AGAIN}") from error
    if about != FORMAT or set(arrays) != {f"{n}.{part}" for n in LAYERS for part in ("weight", "bias")}:
        raise UsageError(f"'{path}' holds no agent of rlab; {AGAIN}")
    layers = {
        n: (arrays[f"{n}.weight"].astype(np.float32), arrays[f"{n}.bias"].astype(np.float32)) for n in LAYERS
    }
    if not all(np.isfinite(part).all() for layer in layers.values() for part in layer):
        raise UsageError(f"the agent in '{path}' is NaN or infinite; {AGAIN}")
    if not _fits(layers, world, amount, colour):
        raise UsageError(f"the agent in '{path}' sees another view than this version's; {AGAIN}")
    return DuelingWeights(layers, f"{path.stem} {sha256(data).hexdigest()[:8]}")


def _fits(layers: dict[str, tuple[Array, Array]], world: int, amount: int, colour: int) -> bool:
    hidden = len(layers["trunk.1"][1])
    seen = {"trunk.0": world, "value": hidden, "amount.0": hidden + amount, "colour.0": hidden + colour}
    seen |= {f"{n}.1": len(layers[f"{n}.0"][1]) for n in ("trunk", "amount", "colour")}
    ends = {"value": 1, "amount.1": 1, "colour.1": 1}
    return all(
        w.ndim == 2 and w.shape == (len(b), seen[name]) and ends.get(name, len(b)) == len(b)
        for name, (w, b) in layers.items()
    )


def write_dueling(path: str | Path, layers: dict[str, tuple[Array, Array]], card: dict[str, Any]) -> None:
    """Write a file of weights, its card beside it (.json). Same values, same bytes. Raises DiskError."""
    path = Path(path)
    arrays = {}
    for name, (weight, bias) in layers.items():
        arrays[f"{name}.weight"] = np.ascontiguousarray(weight, np.float32)
        arrays[f"{name}.bias"] = np.ascontiguousarray(bias, np.float32)
    data = save(arrays, {ABOUT: FORMAT})
    text = json.dumps({**card, "sha256": sha256(data).hexdigest()}, indent=1, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise DiskError(f"cannot write '{path}': {error.strerror}") from error

"""The weights of a Dueling DQN as a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.errors import UsageError
from brittle.core.sample import Array
from brittle.store.learned import read_learned, write_learned

FORMAT = "brittle-dueling-1"
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
    learned = read_learned(Path(path), "agent", AGAIN)
    arrays = learned.arrays
    expected = {f"{name}.{part}" for name in LAYERS for part in ("weight", "bias")}
    if learned.about.get("format") != FORMAT or set(arrays) != expected:
        raise UsageError(f"'{path}' holds no agent of rlab; {AGAIN}")
    layers = {
        n: (arrays[f"{n}.weight"].astype(np.float32), arrays[f"{n}.bias"].astype(np.float32)) for n in LAYERS
    }
    if not all(np.isfinite(part).all() for layer in layers.values() for part in layer):
        raise UsageError(f"the agent in '{path}' is NaN or infinite; {AGAIN}")
    if not _fits(layers, world, amount, colour):
        raise UsageError(f"the agent in '{path}' sees another view than this version's; {AGAIN}")
    return DuelingWeights(layers, learned.name)


def _fits(layers: dict[str, tuple[Array, Array]], world: int, amount: int, colour: int) -> bool:
    hidden = len(layers["trunk.1"][1])
    seen = {"trunk.0": world, "value": hidden, "amount.0": hidden + amount, "colour.0": hidden + colour}
    seen |= {f"{n}.1": len(layers[f"{n}.0"][1]) for n in ("trunk", "amount", "colour")}
    ends = {"value": 1, "amount.1": 1, "colour.1": 1}
    return all(
        w.ndim == 2 and w.shape == (len(b), seen[name]) and ends.get(name, len(b)) == len(b)
        for name, (w, b) in layers.items()
    )


def write_dueling(path: str | Path, layers: dict[str, tuple[Array, Array]], card: Mapping[str, Any]) -> None:
    """Write a file of weights, its card beside it (.json). Same values, same bytes. Raises DiskError."""
    arrays = {}
    for name, (weight, bias) in layers.items():
        arrays[f"{name}.weight"] = weight.astype(np.float32)
        arrays[f"{name}.bias"] = bias.astype(np.float32)
    write_learned(Path(path), arrays, {"format": FORMAT}, card)

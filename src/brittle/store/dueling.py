"""The weights of a dueling Q-network as a file."""

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
DENSE = ("trunk.0", "trunk.1", "value", "amount.0", "amount.1", "layer.0", "layer.1")
# what the format calls the branch of palette layers
NAMES_IN_FILE = {"layer.0": "colour.0", "layer.1": "colour.1"}

Dense = Mapping[str, tuple[Array, Array]]


@dataclass(frozen=True)
class DuelingWeights:
    """dense: the dense layers by the names in DENSE, each (weight (out, in), bias (out,)), float32.

    name: of the file, and the first digits of its SHA-256.
    """

    dense: Dense
    name: str = ""


def read_dueling(path: str | Path, world: int, amount: int, layer: int) -> DuelingWeights:
    """The weights of a file for views with so many features. Raises UsageError with one line."""
    learned = read_learned(Path(path), "agent", AGAIN)
    arrays = learned.arrays
    expected = {tensor for name in DENSE for tensor in _tensors(name)}
    if learned.about.get("format") != FORMAT or set(arrays) != expected:
        raise UsageError(f"'{path}' holds no agent of rlab; {AGAIN}")
    dense = {}
    for name in DENSE:
        weight, bias = (arrays[tensor].astype(np.float32) for tensor in _tensors(name))
        dense[name] = weight, bias
    if not all(np.isfinite(part).all() for pair in dense.values() for part in pair):
        raise UsageError(f"the agent in '{path}' is NaN or infinite; {AGAIN}")
    if not _fits(dense, world, amount, layer):
        raise UsageError(f"the agent in '{path}' sees another view than this version's; {AGAIN}")
    return DuelingWeights(dense, learned.name)


def _fits(dense: Dense, world: int, amount: int, layer: int) -> bool:
    """Whether all shapes agree, with each other and with views of so many features."""
    hidden = len(dense["trunk.1"][1])
    inputs = {"trunk.0": world, "value": hidden, "amount.0": hidden + amount, "layer.0": hidden + layer}
    inputs |= {f"{n}.1": len(dense[f"{n}.0"][1]) for n in ("trunk", "amount", "layer")}
    outputs = {"value": 1, "amount.1": 1, "layer.1": 1}
    return all(
        w.ndim == 2 and w.shape == (len(b), inputs[name]) and outputs.get(name, len(b)) == len(b)
        for name, (w, b) in dense.items()
    )


def write_dueling(path: str | Path, dense: Dense, card: Mapping[str, Any]) -> None:
    """Write a file of weights, its card beside it (.json). Same values, same bytes. Raises DiskError."""
    arrays = {}
    for name, pair in dense.items():
        for tensor, part in zip(_tensors(name), pair, strict=True):
            arrays[tensor] = part.astype(np.float32)
    write_learned(Path(path), arrays, {"format": FORMAT}, card)


def _tensors(name: str) -> tuple[str, str]:
    """The names of a dense layer's weight and bias in a file."""
    stored = NAMES_IN_FILE.get(name, name)
    return f"{stored}.weight", f"{stored}.bias"

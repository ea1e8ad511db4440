"""Layers as optimise.learned_acquisition reads them, in torch, with what an interrupted training needs."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from brittle.core.seeds import generator
from brittle.store.learned import Arrays

MOMENTS = ("exp_avg", "exp_avg_sq")


def fresh_layers(name: str, sizes: Sequence[int], seed: int, last: float = 1.0) -> dict[str, Any]:
    """Layers NAME0, NAME0_bias and so on; last: a factor on the weights of the last one."""
    layers = {}
    for number, (wide, narrow) in enumerate(pairwise(sizes)):
        factor = last if number == len(sizes) - 2 else 1.0
        values = factor * generator(seed, name, number).normal(size=(wide, narrow)) / np.sqrt(wide)
        layers[f"{name}{number}"] = tensor(values)
        layers[f"{name}{number}_bias"] = tensor(np.zeros(narrow))
    return layers


def tensor(values: Any) -> Any:
    """A weight that learns."""
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)


def through(layers: Mapping[str, Any], name: str, x: Any) -> Any:
    """The layers of this name, tanh between them, as optimise.learned_acquisition.mlp."""
    number = 0
    while f"{name}{number}" in layers:
        x = (x if number == 0 else torch.tanh(x)) @ layers[f"{name}{number}"] + layers[f"{name}{number}_bias"]
        number += 1
    return x


def arrays_of(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Weights in NumPy."""
    return {name: weight.detach().numpy().copy() for name, weight in weights.items()}


def kept_of(weights: Mapping[str, Any], optimiser: Any) -> dict[str, Any]:
    """Weights and the moments of Adam, by name."""
    kept = arrays_of(weights)
    for name, weight in weights.items():
        state = optimiser.state[weight]
        kept |= {f"{moment}.{name}": state[moment].numpy().copy() for moment in MOMENTS}
        kept[f"step.{name}"] = np.array(float(state["step"]))
    return kept


def restore(weights: Mapping[str, Any], optimiser: Any, kept: Arrays) -> None:
    """Weights and moments as kept_of gave them."""
    for name, weight in weights.items():
        weight.data.copy_(torch.from_numpy(kept[name]))
        moments = {moment: torch.from_numpy(kept[f"{moment}.{name}"]) for moment in MOMENTS}
        optimiser.state[weight] = {"step": torch.tensor(float(kept[f"step.{name}"])), **moments}

"""A tiny world to explain: a model of two classes that looks at the centre of its input."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from brittle.core.sample import Array

CENTRE = np.zeros((8, 8), np.float32)
CENTRE[2:6, 2:6] = 1


@dataclass
class CentreModel:
    """Counts the rows it is shown, a batch an entry."""

    input_shape: tuple[int, ...] = (1, 8, 8)
    batches: list[int] = field(default_factory=list)

    def __call__(self, x: Array) -> Array:
        self.batches.append(len(x))
        there = 16 * ((x[:, 0] * CENTRE).sum(axis=(1, 2)) / 16 - 0.8)
        return np.asarray(np.stack([-there, there], axis=1) / 2, np.float32)


def centre_data(count: int = 6) -> tuple[Any, Any]:
    """Inputs that are bright in the centre, of class 1."""
    x = np.random.default_rng(0).integers(0, 256, (count, 1, 8, 8), np.uint8)
    x[:, :, 2:6, 2:6] = 255
    return x, np.ones(count, int)

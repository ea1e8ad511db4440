"""Stationary kernels of variance 1."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def squared_distances(a: Numbers, b: Numbers) -> Numbers:
    """Between rows, (len(a), len(b)); exactly 0 between a row and itself."""
    if a is b:
        products = a @ a.T
        norms = np.diagonal(products)
        return np.asarray(np.maximum(norms[:, None] + norms - 2 * products, 0))
    norms_a, norms_b = np.square(a).sum(axis=1), np.square(b).sum(axis=1)
    return np.asarray(np.maximum(norms_a[:, None] + norms_b - 2 * (a @ b.T), 0))


def rbf(squared: Numbers) -> tuple[Numbers, Numbers]:
    """The squared exponential kernel, and its derivative by the squared distance."""
    kernel = np.exp(-squared / 2)
    return kernel, -kernel / 2


def matern(squared: Numbers) -> tuple[Numbers, Numbers]:
    """The Matern 5/2 kernel, and its derivative by the squared distance."""
    root = np.sqrt(5 * squared)
    falling = np.exp(-root)
    return (1 + root + root**2 / 3) * falling, -5 / 6 * (1 + root) * falling


KERNELS: Mapping[str, Callable[[Numbers], tuple[Numbers, Numbers]]] = MappingProxyType(
    {"rbf": rbf, "matern": matern}
)

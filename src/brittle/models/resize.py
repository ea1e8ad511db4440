"""Images at the size that a model takes: bilinear and antialiased, one product of matrices a side."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.models.backend import Ask, Backend

IMAGE_AXES = 3


def resized(backend: Backend, size: tuple[int, int]) -> Backend:
    """The same model, asked with images of another size, (channels, *size): each is resized on its way.

    A model that takes this size, or any, is returned as it is.
    """
    shape = backend.shape
    if shape is None or len(shape) != IMAGE_AXES or None in shape[1:] or shape[1:] == size:
        return backend
    own = (int(shape[1] or 0), int(shape[2] or 0))
    fitted = backend.fitted((int(shape[0] or 3), *own))
    concurrent = fitted.concurrent

    return replace(
        fitted,
        ask=_resizing(fitted.ask, own),
        shape=(shape[0], *size),
        fit=None,
        concurrent=(lambda: _resizing(concurrent(), own)) if concurrent else None,
    )


def _resizing(ask: Ask, size: tuple[int, int]) -> Ask:
    """An ask that is shown images at this size."""

    def resizing(x: Array) -> NDArray[Any]:
        return ask(resize(x, size))

    return resizing


def resize(x: Array, size: tuple[int, int]) -> Array:
    """Images (n, channels, height, width) at another size, a row as by itself whatever the batch."""
    rows, columns = (matrix(old, new) for old, new in zip(x.shape[2:], size, strict=True))
    return np.ascontiguousarray(rows @ x @ columns.T)


@lru_cache(maxsize=64)
def matrix(old: int, new: int) -> Array:
    """What brings `old` elements to `new`, (new, old): each a weighted mean of those about its place.

    Weights fall linearly to 0 over the greater of both distances between elements, and sum to 1: the triangle
    filter of Pillow's BILINEAR and of torch's interpolate(mode="bilinear", antialias=True).
    """
    scale = old / new
    width = max(scale, 1.0)
    centres = (np.arange(new) + 0.5) * scale - 0.5
    weights = np.maximum(0, 1 - np.abs(np.arange(old) - centres[:, None]) / width)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)

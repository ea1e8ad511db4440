"""What a map is worth: the curves of the probability as its greatest elements are kept, or taken away."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.core.veil import KEPT, Masks

MEASURES = tuple(float((k / 8) ** 1.3) for k in range(1, 8))
"""Shares at which a curve is taken: denser where most of it happens."""


def ranks(values: NDArray[np.floating]) -> Array:
    """A map as ranks, 0 (least) to 1; equal values in the order of their places, the first the greatest."""
    order = _order(values)
    out = np.empty(values.size, np.float32)
    out[order] = np.linspace(1, 0, values.size, dtype=np.float32) if values.size > 1 else 1
    return out.reshape(values.shape)


def top_masks(values: NDArray[np.floating], shares: Sequence[float]) -> Masks:
    """Masks that keep the greatest elements of a map, one a share: (len(shares), *sides)."""
    order = _order(values)
    masks = np.zeros((len(shares), values.size), np.uint8)
    for mask, share in zip(masks, shares, strict=True):
        mask[order[: _count(share, values.size)]] = KEPT
    return masks.reshape(len(shares), *values.shape)


def rest_masks(values: NDArray[np.floating], shares: Sequence[float]) -> Masks:
    """Masks that take the greatest elements of a map away, one a share: (len(shares), *sides)."""
    return KEPT - top_masks(values, shares)


def curve_masks(values: NDArray[np.floating], shares: Sequence[float]) -> Masks:
    """The masks of both curves of a map: those that keep, then those that take, (2 len(shares), *sides)."""
    kept = top_masks(values, shares)
    return np.concatenate([kept, KEPT - kept])


def area(
    shares: Sequence[float], curve: Sequence[float] | NDArray[np.floating], start: float, end: float
) -> float:
    """The area under a curve taken at these shares, that begins at share 0 and ends at 1. Trapezoids."""
    return float(np.trapezoid([start, *curve, end], [0.0, *shares, 1.0]))


def curve_areas(
    shares: Sequence[float], p: NDArray[np.floating], filled: float, clean: float
) -> tuple[float, float]:
    """Insertion and deletion of a map. p: the probabilities that its curve_masks give, (2 len(shares),)."""
    kept, taken = np.reshape(p, (2, -1))
    return area(shares, kept, filled, clean), area(shares, taken, clean, filled)


def _order(values: NDArray[np.floating]) -> NDArray[np.intp]:
    """Places of a map's elements, the greatest first, equal ones in the order of their places.

    Each value and its place make one whole number, whose sort is several times as fast as a stable one.
    """
    bits = (np.float32(0) - np.asarray(values, np.float32).reshape(-1)).view(np.uint32)
    ascending = bits ^ np.where(bits >> 31, np.uint32(0xFFFFFFFF), np.uint32(1 << 31))  # as the floats are
    keys = ascending.astype(np.uint64) << np.uint64(32) | np.arange(bits.size, dtype=np.uint64)
    return np.asarray((np.sort(keys) & np.uint64(0xFFFFFFFF)).astype(np.intp))


def _count(share: float, size: int) -> int:
    """Elements of a share: at least one of anything above none."""
    return min(size, max(int(share > 0), round(share * size)))

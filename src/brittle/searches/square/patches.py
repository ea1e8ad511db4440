"""What the L2 attack adds: two bumps of opposite sign, side by side."""

from functools import lru_cache

import numpy as np

from brittle.core.sample import Array


def patch(sides: tuple[int, ...], rng: np.random.Generator) -> Array:
    """A patch of norm 1: a bump in one half, its negative in the other, split along an axis at random.

    Andriushchenko et al., 2020, section 3.3. An element of its own has no halves: it is 1.
    """
    axes = [axis for axis, side in enumerate(sides) if side > 1]
    if not axes:
        return np.ones(sides, np.float32)
    axis = axes[int(rng.integers(len(axes)))]
    half = sides[axis] // 2
    halves = [bump((*sides[:axis], n, *sides[axis + 1 :])) for n in (half, sides[axis] - half)]
    return np.asarray(np.concatenate([halves[0], -halves[1]], axis) / np.float32(np.sqrt(2)))


@lru_cache(maxsize=128)
def bump(sides: tuple[int, ...]) -> Array:
    """Nested boxes about the middle, the k-th from within adding 1 / k^2; of norm 1, and read-only."""
    sum_of_boxes = np.zeros(sides)
    for k in range(max(sides) // 2 + 1):
        box = tuple(slice(max(0, n // 2 - k), n // 2 + k + 1) for n in sides)
        sum_of_boxes[box] += 1 / (k + 1) ** 2
    out = np.asarray(sum_of_boxes / np.sqrt(np.square(sum_of_boxes).sum()), np.float32)
    out.flags.writeable = False
    return out

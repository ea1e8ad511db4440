"""Where Square changes an input: how large a window is, and where it lies."""

from bisect import bisect_left
from collections.abc import Sequence
from math import prod

import numpy as np

from brittle.core.sample import Array
from brittle.searches.square.tuning import TUNING

Box = tuple[slice, ...]  # of a field: every channel, and a part of each spatial axis


def share_at(turn: int, p_init: float, schedule: int) -> float:
    """The share of all elements that a window has at this turn (0 the first): p_init, halved nine times.

    Andriushchenko et al., 2020, section 3.1. schedule: turns in which it shrinks; it stays the least after.
    """
    return float(p_init / 2 ** bisect_left(TUNING.halve_after, turn * 10_000 // schedule))


def side_of(sides: Sequence[int], share: float) -> int:
    """The side, in elements, of a window of this share: of a square, a segment or a cube."""
    return round(float((share * prod(sides)) ** (1 / len(sides))))


def window_at_random(sides: Sequence[int], side: int, rng: np.random.Generator) -> Box:
    """A window somewhere. It is shorter than each axis, and as in the authors' code never at its very end."""
    lengths = [max(1, min(side, n - 1)) for n in sides]
    starts = [int(rng.integers(max(1, n - length))) for n, length in zip(sides, lengths, strict=True)]
    return (slice(None), *(slice(a, a + length) for a, length in zip(starts, lengths, strict=True)))


def signs(channels: int, axes: int, rng: np.random.Generator) -> Array:
    """A random sign for each channel, (channels, 1, ...) with as many ones as there are spatial axes."""
    return rng.choice(np.array([-1, 1], np.float32), (channels, *[1] * axes))

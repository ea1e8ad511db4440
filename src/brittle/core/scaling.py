"""The same change at any distance: a direction, scaled until it fills a level."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, Sample

Direction = NDArray[np.float64]
"""What is added to an input of the same shape: in its codes where it is quantised, else in its own units."""
NEAR, LEAST = 0.99, 0.98
"""Share of a level that is tried for, and the least that counts as reached where rounding leaves no more."""
AIM = 0.995
TRIES = 60
LARGEST_GROWTH, LARGEST = 1e4, 1e12
"""Factor on the scale from one try to the next, and the scale at which a level counts as out of reach."""


@dataclass(frozen=True)
class Change:
    """What is done to a sample, at any distance. recipe: plain data that the direction is made from again."""

    direction: Direction
    recipe: dict[str, Any]


@dataclass(frozen=True)
class Reached:
    """An input along a direction. scale: the factor on it; share: of the level that it fills."""

    x: Array
    scale: float
    share: float


def along(sample: Sample, direction: Direction, scale: float) -> Array:
    """The sample plus a scaled direction, clipped and rounded as a file holds it.

    Every element moves one way and never back as the scale grows: inputs are nested. It is computed in
    float64, so that the same recipe makes the same bytes on other machines.
    """
    spec = sample.spec
    if spec.bits is None:
        moved = sample.x + scale * direction
        return np.asarray(np.clip(moved, *spec.bounds), np.float32)
    codes = spec.encode(sample.x) + scale * direction
    top = 2**spec.bits - 1
    return spec.decode(np.clip(np.rint(codes, out=codes), 0, top, out=codes).astype(spec.code_type))


def unit(direction: Direction) -> Direction:
    """A direction scaled to norm 1; all zero stays so."""
    return np.asarray(direction / max(float(np.sqrt(np.square(direction).sum())), 1e-30))


def in_codes(sample: Sample, direction: Direction) -> Direction:
    """A direction in the input's own units as one in its codes."""
    return direction / sample.spec.code if sample.spec.code else direction


def fill(sample: Sample, direction: Direction, share: Callable[[Array], float]) -> Reached | None:
    """The input along a direction that fills a level to NEAR at least and never overfills it.

    share: of the level that an input fills, rising with the scale. By false position within the bracket
    found, halved where that is slow. None where the level is not reached to LEAST: the bounds are nearer, or
    rounding leaps over it.
    """
    below, above = Reached(sample.x, 0.0, 0.0), None
    scale = 1.0
    for tries in range(TRIES):
        x = along(sample, direction, scale)
        reached = Reached(x, scale, share(x))
        if reached.share > 1:
            above = reached
        elif reached.share >= below.share:
            below = reached
        if below.share >= NEAR:
            break
        if above is None:
            scale *= min(LARGEST_GROWTH, max(1.5, AIM / max(reached.share, 1e-12)))
            if scale > LARGEST:
                break
        elif below.scale == 0:
            scale *= min(0.9, AIM / reached.share)
        else:
            way = (AIM - below.share) / (above.share - below.share)
            part = 0.5 if tries > TRIES // 3 else min(0.9, max(0.1, way))
            scale = below.scale + (above.scale - below.scale) * part
    return below if below.share > LEAST else None

"""Waves with winding crests over the whole input, the same for all samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.benchmarking.tuning import TUNING
from brittle.core.errors import RunError
from brittle.core.field import Field, as_input
from brittle.core.sample import InputSpec, Sample
from brittle.core.scaling import Direction, in_codes, unit

DIGITS = 6
"""Decimals of a wave's numbers, so that a recipe is short and says all."""
BEND = "bend cycles"


@dataclass(frozen=True, eq=False)
class WavePatterns:
    """Plane waves, the phase of each modulated by a slower one; recipe {"pattern": index}.

    Implements Patterns. rows: a wave each, of the numbers that columns() names.

    Sources: Fourier bases transfer between networks, Yin et al., "A Fourier Perspective on Model Robustness",
    NeurIPS 2019, and Tsuzuku and Sato, "On the Structural Sensitivity of Deep Convolutional Networks to the
    Directions of Fourier Basis Functions", CVPR 2019.
    """

    rows: NDArray[np.float64]
    spec: InputSpec
    name: str = "wave"
    way: str = "wave"

    @classmethod
    def drawn(cls, count: int, spec: InputSpec, rng: np.random.Generator) -> "WavePatterns":
        """Waves at random, see Field.random_waves, mostly of lightness; their numbers rounded."""
        field = Field(spec)
        waves, slow = field.random_waves(count, rng), field.random_waves(count, rng)
        colour = 1 + TUNING.chroma * rng.normal(size=waves.colour.shape)
        colour /= np.linalg.norm(colour, axis=1, keepdims=True)
        bends = field.band[0] * rng.uniform(*TUNING.bend_cycles, count)
        slope = rng.uniform(*TUNING.bend_slope, count)
        plain = (waves.cycles, waves.direction, waves.phase, colour)
        rows = np.column_stack([*plain, bends, slow.direction, slow.phase, slope])
        return cls(np.asarray(np.round(rows, DIGITS), np.float64), spec)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], spec: InputSpec) -> "WavePatterns":
        """The inverse of to_dict. Raises RunError."""
        try:
            rows = np.array(data["waves"], np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"the waves of the set are damaged: {error}") from error
        names = columns(spec)
        sound = rows.ndim == 2 and rows.shape[1] == len(names) and np.isfinite(rows).all()
        if not sound or not (rows[:, names.index(BEND)] > 0).all():
            raise RunError(
                f"the waves of the set are damaged: expected rows of {len(names)} finite numbers, {BEND} "
                "above 0"
            )
        return cls(rows, spec)

    def to_dict(self) -> dict[str, Any]:
        """A row a wave, and the names of its numbers."""
        return {"columns": columns(self.spec), "waves": self.rows.tolist()}

    def __len__(self) -> int:
        return len(self.rows)

    def pick(self, which: Sequence[int]) -> "WavePatterns":
        """These waves, in this order."""
        return WavePatterns(self.rows[list(which)], self.spec)

    def plain(self, index: int) -> dict[str, Any]:
        """The wave by its index."""
        return {"pattern": index}

    def candidates(self, count: int, rng: np.random.Generator) -> list[dict[str, Any]]:
        """The first of them, which are the best."""
        return [self.plain(i) for i in range(min(count, len(self)))]

    def direction(self, sample: Sample, recipe: Mapping[str, Any]) -> Direction:
        """The wave, of norm 1 in the input's own units."""
        index = pattern_index(recipe, len(self))
        return in_codes(sample, _cached(self, index))


def columns(spec: InputSpec) -> list[str]:
    """The numbers of a wave: cycles along the longest side, radians, a factor for each channel.

    The bend is the wave that its phase follows; slope: of the crests, at most.
    """
    axes = [spec.axes[i] for i in spec.spatial]
    colours = [f"colour {k}" for k in range(Field(spec).channels)]
    carrier = ["cycles", *(f"direction {axis}" for axis in axes), "phase", *colours]
    return [*carrier, BEND, *(f"bend direction {axis}" for axis in axes), "bend phase", "bend slope"]


@lru_cache(maxsize=32)
def _cached(patterns: WavePatterns, index: int) -> Direction:
    return wave(patterns.rows[index], patterns.spec)


def wave(row: NDArray[np.float64], spec: InputSpec) -> Direction:
    """One wave as a direction of norm 1, of the input's shape, in float64."""
    field = Field(spec)
    axes = len(field.sides)
    end = len(row) - axes - 3
    cycles, phase, colour = row[0], row[1 + axes], row[2 + axes : end]
    bends, bend_phase, slope = row[end], row[-2], row[-1]
    bend = np.sin(2 * np.pi * _turns(field, bends, row[end + 1 : -2]) + bend_phase)
    turns = _turns(field, cycles, row[1 : 1 + axes]) + slope * cycles / (2 * np.pi * bends) * bend
    whole: Any = as_input(colour.reshape(-1, *[1] * axes) * np.cos(2 * np.pi * turns + phase), spec)
    return unit(whole)


def _turns(field: Field, cycles: float, direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often a wave has turned at every element, (*sides)."""
    turns: NDArray[np.float64] = np.zeros(field.sides)
    rate = cycles / field.longest
    for axis, (part, side) in enumerate(zip(direction, field.sides, strict=True)):
        shape = [1] * len(field.sides)
        shape[axis] = side
        turns = turns + rate * part * np.arange(side).reshape(shape)
    return turns


def pattern_index(recipe: Mapping[str, Any], count: int) -> int:
    """The index of a recipe's pattern. Raises RunError where there is no such pattern."""
    index = recipe.get("pattern")
    if not isinstance(index, int) or not 0 <= index < count:
        raise RunError(f"a recipe names the pattern {index!r}, expected one of 0 to {count - 1}")
    return index

"""Plane waves over the whole input, the same for all samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import RunError
from brittle.core.field import Field, Waves, as_input
from brittle.core.sample import InputSpec, Sample
from brittle.core.scaling import Direction, in_codes, unit

DIGITS = 6
"""Decimals of a wave's numbers, so that a recipe is short and says all."""


@dataclass(frozen=True, eq=False)
class WavePatterns:
    """Waves as core.field has them, recipe {"pattern": index}. Implements Patterns.

    Sources: Fourier bases transfer between networks, Yin et al., "A Fourier Perspective on Model Robustness",
    NeurIPS 2019, and Tsuzuku and Sato, "On the Structural Sensitivity of Deep Convolutional Networks to the
    Directions of Fourier Basis Functions", CVPR 2019.
    """

    waves: Waves
    spec: InputSpec
    name: str = "wave"
    way: str = "wave"

    @classmethod
    def drawn(cls, count: int, spec: InputSpec, rng: np.random.Generator) -> "WavePatterns":
        """Waves at random, see Field.random_waves, their numbers rounded."""
        waves = Field(spec).random_waves(count, rng)
        parts = (waves.cycles, waves.direction, waves.phase, waves.colour)
        return cls(Waves(*(np.round(part, DIGITS) for part in parts)), spec)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], spec: InputSpec) -> "WavePatterns":
        """The inverse of to_dict. Raises RunError."""
        field = Field(spec)
        axes = len(field.sides)
        try:
            rows = np.array(data["waves"], np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"the waves of the set are damaged: {error}") from error
        wide = 2 + axes + field.channels
        if rows.ndim != 2 or rows.shape[1] != wide or not np.isfinite(rows).all():
            raise RunError(f"the waves of the set are damaged: expected rows of {wide} finite numbers")
        return cls(Waves(rows[:, 0], rows[:, 1 : 1 + axes], rows[:, 1 + axes], rows[:, 2 + axes :]), spec)

    def to_dict(self) -> dict[str, Any]:
        """A row a wave: cycles along the longest side, direction, phase, colour."""
        axes = [self.spec.axes[i] for i in self.spec.spatial]
        w = self.waves
        rows = np.column_stack([w.cycles, w.direction, w.phase, w.colour])
        colours = [f"colour {k}" for k in range(w.colour.shape[1])]
        columns = ["cycles", *(f"direction {axis}" for axis in axes), "phase", *colours]
        return {"columns": columns, "waves": rows.tolist()}

    def __len__(self) -> int:
        return len(self.waves)

    def pick(self, which: Sequence[int]) -> "WavePatterns":
        """These waves, in this order."""
        return WavePatterns(self.waves.pick(list(which)), self.spec)

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


@lru_cache(maxsize=32)
def _cached(patterns: WavePatterns, index: int) -> Direction:
    return wave(patterns.waves, index, patterns.spec)


def wave(waves: Waves, index: int, spec: InputSpec) -> Direction:
    """One wave as a direction of norm 1, of the input's shape: what Field.wave makes, in float64."""
    field = Field(spec)
    turns: NDArray[np.float64] = np.zeros(field.sides)
    rate = waves.cycles[index] / field.longest
    for axis, (part, side) in enumerate(zip(waves.direction[index], field.sides, strict=True)):
        shape = [1] * len(field.sides)
        shape[axis] = side
        turns = turns + rate * part * np.arange(side).reshape(shape)
    carrier = np.cos(2 * np.pi * turns + waves.phase[index])
    colour = waves.colour[index].reshape(-1, *[1] * len(field.sides))
    whole: Any = as_input(np.asarray(colour * carrier), spec)
    return unit(whole)


def pattern_index(recipe: Mapping[str, Any], count: int) -> int:
    """The index of a recipe's pattern. Raises RunError where there is no such pattern."""
    index = recipe.get("pattern")
    if not isinstance(index, int) or not 0 <= index < count:
        raise RunError(f"a recipe names the pattern {index!r}, expected one of 0 to {count - 1}")
    return index

"""A continuous family of distortions: one level, and free parameters that say which of that level."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.optimise.kinds import Kind

Free = Mapping[str, Any]  # a value for each free parameter, by its name


@dataclass(frozen=True)
class Level:
    """Levels between two ends, in a unit of their own; the stronger end may be the lesser number.

    A strength goes from 0, the weakest, to 1. steps: what is even between equal steps of it: "factors" (of an
    amplitude, a length), "decibels" (of a signal-to-noise ratio), or "whole" numbers (of a quality).
    """

    weakest: float
    strongest: float
    unit: str
    steps: Literal["factors", "decibels", "whole"] = "factors"

    def at(self, strength: float) -> float:
        """The level of a strength."""
        if self.steps == "factors":
            return float(self.weakest * (self.strongest / self.weakest) ** strength)
        level = self.weakest + (self.strongest - self.weakest) * strength
        return float(round(level) if self.steps == "whole" else level)

    def strength(self, level: float) -> float:
        """The strength of a level; the inverse of `at`."""
        if self.steps == "factors":
            return float(np.log(level / self.weakest) / np.log(self.strongest / self.weakest))
        return float((level - self.weakest) / (self.strongest - self.weakest))

    @property
    def least_step(self) -> float:
        """Between two levels next to each other, as a strength; 0 where there is none."""
        return 1 / abs(self.strongest - self.weakest) if self.steps == "whole" else 0.0

    def amplitude(self, strength: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
        """About how large a change of this strength is, as a share of the largest, above 0."""
        if self.steps == "factors":
            return (self.strongest / self.weakest) ** (strength - 1)
        if self.steps == "decibels":
            return 10 ** (abs(self.strongest - self.weakest) * (strength - 1) / 20)
        return np.maximum(strength, self.least_step)


class Family(ABC):
    """Distortions of one kind: a pure function of the whole input, its level and its free parameters.

    needs: axes it cannot do without, as a Distortion has them.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    level: ClassVar[Level]

    def fits(self, spec: InputSpec) -> bool:
        """Whether inputs of this kind can wear it."""
        return set(self.needs) <= set(spec.axes)

    @abstractmethod
    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """What is free beside the level, for inputs of this kind; one parameter at least."""

    @abstractmethod
    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A distorted copy of x: same shape, within spec.bounds, the same for the same arguments."""

"""Square within an L-infinity distance: where it starts, and what it tries next."""

import numpy as np

from brittle.core.field import Field, as_input
from brittle.core.sample import Array, Sample
from brittle.searches.square.tuning import TUNING
from brittle.searches.square.windows import Box, side_of, signs, window_at_random


class LinfSquares:
    """Changes of one sample by an L-infinity radius; algorithm 2 of Andriushchenko et al., 2020.

    A change is a field, (channels, *sides), in the input's units: the radius up or down at every element.
    """

    def __init__(self, sample: Sample, radius: float) -> None:
        self._field, self._spec = Field(sample.spec), sample.spec
        self._x, self.radius = self._field.of(sample.x), radius

    def start(self, rng: np.random.Generator) -> Array:
        """Stripes: a sign for each channel and place along the last axis (vertical ones, of an image)."""
        sides = self._field.sides
        shape = (self._field.channels, *[1] * (len(sides) - 1), sides[-1])
        return self._clipped(rng.choice(np.array([-1, 1], np.float32), shape), (slice(None),))

    def step(self, change: Array, share: float, rng: np.random.Generator) -> Array:
        """One window with a new sign for each channel, not the signs that it has."""
        sides = self._field.sides
        box = window_at_random(sides, max(1, side_of(sides, share)), rng)
        changed = change.copy()
        for _ in range(TUNING.draws):
            changed[box] = self._clipped(signs(len(change), len(sides), rng), box)
            if not np.array_equal(changed[box], change[box]):
                break
        return changed

    def shown(self, change: Array) -> Array:
        """The input with a change."""
        return as_input(self._x + change, self._spec)

    def _clipped(self, sign: Array, box: Box) -> Array:
        """What the radius by these signs changes in a box, within the input's bounds."""
        x = self._x[box]
        return np.asarray(np.clip(x + sign * np.float32(self.radius), *self._spec.bounds) - x)

"""Square within an L2 distance: where it starts, and what it tries next."""

from math import prod

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Field, norm
from brittle.core.sample import Array, Codes, Sample
from brittle.core.sphere import L2Sphere
from brittle.searches.square.patches import patch
from brittle.searches.square.tuning import TUNING
from brittle.searches.square.windows import side_of, signs, window_at_random

TINY = 1e-10  # added to what is divided by, as in the authors' code


class L2Squares:
    """Changes of one sample within an L2 radius; algorithm 3 of Andriushchenko et al., 2020.

    A change is a field, (channels, *sides), in the input's units: as the authors have it, not rounded.
    """

    def __init__(self, sample: Sample, radius: float) -> None:
        self._field, self._spec, self.radius = Field(sample.spec), sample.spec, radius
        self._x = self._field.of(sample.x)
        self._sphere = L2Sphere(sample)

    def start(self, rng: np.random.Generator) -> Array:
        """Patches side by side over the whole input, five along each axis, at the radius."""
        sides = self._field.sides
        side = max(2, int(prod(sides) ** (1 / len(sides)) / TUNING.first_patches + 1e-9))
        lengths = tuple(min(side, n) for n in sides)
        counts = [n // length for n, length in zip(sides, lengths, strict=True)]
        begin = [(n - k * length) // 2 for n, k, length in zip(sides, counts, lengths, strict=True)]
        change = np.zeros_like(self._x)
        for place in np.ndindex(*counts):
            at = [b + i * length for b, i, length in zip(begin, place, lengths, strict=True)]
            box = tuple(slice(a, a + length) for a, length in zip(at, lengths, strict=True))
            change[(slice(None), *box)] = patch(lengths, rng) * self._signs(rng)
        return self._at_radius(change)

    def step(self, change: Array, share: float, rng: np.random.Generator) -> Array:
        """Clear one window, and give what it had, with what is left of the radius, to a patch in another."""
        sides = self._field.sides
        side = max(TUNING.least_side, side_of(sides, share)) | 1
        grown, cleared = (window_at_random(sides, side, rng) for _ in range(2))
        both = np.zeros(sides, bool)
        both[grown[1:]] = both[cleared[1:]] = True
        left = max(0.0, self.radius**2 - norm(change) ** 2) / len(change)
        new = patch(change[grown].shape[1:], rng) * self._signs(rng)
        new += change[grown] / (TINY + _norms(change[grown]))
        new *= np.sqrt(left + _norms(change, both) ** 2) / (TINY + _norms(new))
        changed = change.copy()
        changed[cleared] = 0
        changed[grown] = new
        return self._at_radius(changed)

    def shown(self, change: Array) -> Codes:
        """The input with a change, rounded as a file holds it and not farther away for that."""
        return self._sphere.at(change, norm(change), 1.0).codes

    def _at_radius(self, change: Array) -> Array:
        """A change scaled to the radius, and clipped to the input's bounds, which may bring it nearer."""
        scaled = change * np.float32(self.radius / max(norm(change), TINY))
        return np.asarray(np.clip(self._x + scaled, *self._spec.bounds) - self._x)

    def _signs(self, rng: np.random.Generator) -> Array:
        return signs(self._field.channels, len(self._field.sides), rng)


def _norms(change: Array, where: NDArray[np.bool_] | None = None) -> Array:
    """The norm of each channel, (channels, 1, ...); where: of these elements only."""
    squares = np.square(change if where is None else change[:, where])
    of_each = np.sqrt(squares.reshape(len(change), -1).sum(axis=1))
    return np.asarray(of_each.reshape(-1, *[1] * (change.ndim - 1)))

"""What stays the same during one game of ripple: sample, terms, and the input cut into coarse places."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Field, usual_l2
from brittle.core.play import coarse_places
from brittle.core.sample import Array, Sample
from brittle.core.search import Terms


@dataclass(frozen=True)
class GameSetup:
    """One game.

    terms: what ends it. clean: the untouched input's margin, nats. waves: whole-input waves to try before the
    hill climb. tiles: learned tiles that fit the sample, (count, channels, *sides), or none.
    """

    sample: Sample
    terms: Terms
    clean: float
    tiles: Array
    waves: int

    @cached_property
    def fields(self) -> Field:
        """Makes fields of the sample's shape."""
        return Field(self.sample.spec)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Counts of coarse places along each spatial axis."""
        return coarse_places(self.fields.sides)

    @cached_property
    def first_radius(self) -> float:
        """L2 distance of the first candidates: the limit, or the usual length where there is none."""
        return self.terms.max_l2 or usual_l2(self.sample.spec)

    def power(self, field: Array) -> NDArray[np.float64]:
        """The share of each place in the sum of squares of a field of norm 1, (places,)."""
        squares = np.einsum("c...,c...->...", field, field)
        return np.asarray(_mean_per_place(squares, self.places) * (squares.size / prod(self.places)))

    @cached_property
    def texture(self) -> NDArray[np.float64]:
        """The untouched input at each place, (places, 4), scaled for a network.

        Its mean, standard deviation and mean absolute slope, and the place's distance from the middle.
        """
        spec = self.sample.spec
        x = (self.sample.x - spec.bounds[0]) / spec.span
        grey = self.fields.of(x).mean(axis=0)
        slopes = sum(
            np.abs(np.diff(grey, axis=a, append=np.take(grey, [-1], axis=a))) for a in range(grey.ndim)
        )
        mean, square = _mean_per_place(grey, self.places), _mean_per_place(grey**2, self.places)
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
        middles = [(np.arange(n) + 0.5) / n * 2 - 1 for n in self.places]
        distance = np.sqrt(sum(m**2 for m in np.meshgrid(*middles, indexing="ij"))).reshape(-1)
        slope = _mean_per_place(np.asarray(slopes), self.places)
        return np.stack([2 * mean - 1, 4 * deviation, 10 * slope, distance - 1], axis=1)


def _mean_per_place(x: NDArray[Any], counts: Sequence[int]) -> NDArray[np.float64]:
    """Mean of x, (*sides), over each coarse place, (places,)."""
    for axis, count in enumerate(counts):
        starts = np.arange(count) * x.shape[axis] // count
        lengths = np.diff([*starts, x.shape[axis]])
        shape = [1] * x.ndim
        shape[axis] = count
        x = np.add.reduceat(x, starts, axis=axis) / lengths.reshape(shape)
    return np.asarray(x, np.float64).reshape(-1)

"""Maps that a survey can measure: made of soundings, or of maps that were measured before."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter1d

from brittle.core.curves import ranks
from brittle.core.play import Move, place_box
from brittle.core.sample import Array
from brittle.explainers.masks import Counts, Floats, along_axes, between_cells
from brittle.explainers.survey.odds import CANDIDATE, LOOK, OPERATORS, OUTLINED
from brittle.explainers.survey.outline import outlined
from brittle.explainers.survey.soundings import Soundings
from brittle.explainers.survey.state import Measured, State
from brittle.explainers.survey.tuning import TUNING


@dataclass(frozen=True)
class Candidates:
    """Makes maps of ranks, (*sides).

    places: counts of coarse places along each axis. measures: shares of measured curves.
    """

    places: Counts
    sides: Counts
    measures: tuple[float, ...]

    def make(self, state: State, move: Move, rng: np.random.Generator) -> Array:
        """The map that a move measures."""
        name = OPERATORS[move.operator]
        if move.operator in (LOOK, OUTLINED):
            looked = self.looked(state)
            return looked if move.operator == LOOK else outlined(looked, state.outlines)
        if move.operator < CANDIDATE.stop:
            return self.map_of(getattr(state.soundings, name), state.soundings.counts)
        elite = state.measured[: TUNING.elite]
        if name == "blend":
            other = elite[1 + int(rng.integers(len(elite) - 1))]
            weight = rng.uniform(*TUNING.blend)
            return ranks((1 - weight) * elite[0].map + weight * other.map)
        if name == "splice":
            likely = _splices(elite, self.measures)
            number = TUNING.splices * move.size + int(rng.integers(TUNING.splices))
            first, second, k = likely[min(number, len(likely) - 1)]
            return spliced(elite[first].map, elite[second].map, sum(self.measures[k - 1 : k + 1]) / 2)
        height = TUNING.bump if name == "raise" else -TUNING.bump
        return ranks(elite[0].map + height * self._bump(move))

    def looked(self, state: State) -> Array:
        """The map that is looked at, and that outlines are drawn into."""
        return self.map_of(state.soundings.odds, state.soundings.counts)

    def map_of(self, cells: Floats, counts: Counts, beyond: str = "nearest") -> Array:
        """The smooth map that values of cells give. beyond: the border, as scipy.ndimage names it."""
        weights = [_smooth(side, n, beyond) for side, n in zip(self.sides, counts, strict=True)]
        return ranks(along_axes(cells.reshape(1, *counts), weights)[0])

    def additive(self, soundings: Soundings) -> tuple[Array, Array]:
        """The weights of a regression of the probability on all soundings, cell by cell, and their sd."""
        field = soundings.additive
        places = [np.arange(side) * n // side for side, n in zip(self.sides, field.counts, strict=True)]
        mean, sd = (
            cells.reshape(field.counts)[np.ix_(*places)].astype(np.float32)
            for cells in (field.mean, field.sd)
        )
        return mean, sd

    def _bump(self, move: Move) -> Floats:
        """A Gaussian about a place, 1 in its middle, (*sides)."""
        square: Floats = np.zeros(self.sides)
        box = place_box(move.place, self.places, self.sides)
        for grid, side, (a, b) in zip(np.indices(self.sides), self.sides, box, strict=True):
            square += ((grid + 0.5 - (a + b) / 2) / (TUNING.bump_widths[move.size] * side)) ** 2
        return np.asarray(np.exp(-0.5 * square))


@lru_cache(maxsize=32)
def _smooth(side: int, cells: int, beyond: str) -> Floats:
    """Weights of interpolation from cells to elements, smoothed by a Gaussian: (side, cells)."""
    sigma = TUNING.smooth * side / cells
    return np.asarray(gaussian_filter1d(between_cells(side, cells), sigma, axis=0, mode=beyond))


def spliced(first: Array, second: Array, share: float) -> Array:
    """The first map's greatest elements, up to a share, then the others in the order of the second."""
    return ranks(np.where(first > 1 - share, 2 + first, second))


def _splices(elite: tuple[Measured, ...], measures: tuple[float, ...]) -> list[tuple[int, int, int]]:
    """Splices of two measured maps, likeliest best first: (first, second, measures that follow the first).

    A splice is expected to have the first one's curves up to where it is cut, the second's from there on.
    """
    ends = np.array([0.0, *measures, 1.0])
    widths = (ends[2:] - ends[:-2]) / 2  # under trapezoids
    totals = np.cumsum([(m.kept - m.taken) * widths for m in elite], axis=1)
    numbers = range(len(elite))
    splices = [(a, b, k) for a in numbers for b in numbers if a != b for k in range(1, len(measures))]
    return sorted(splices, key=lambda s: totals[s[1], s[2] - 1] - totals[s[0], s[2] - 1] - totals[s[1], -1])

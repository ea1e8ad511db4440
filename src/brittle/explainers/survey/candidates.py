"""Maps that a survey can measure: made of soundings, or of maps that were measured before."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from brittle.core.curves import ranks
from brittle.core.play import Move, place_box
from brittle.core.sample import Array
from brittle.explainers.masks import Counts, Floats, upsampled
from brittle.explainers.regression import fit, log_odds
from brittle.explainers.survey.odds import CANDIDATE, KEEP, LOOK, OPERATORS, OUTLINED, SCATTER, TAKE
from brittle.explainers.survey.outline import outlined
from brittle.explainers.survey.state import Measured, State
from brittle.explainers.survey.tuning import TUNING

PARTS = {
    "together": ("kept", "taken", "mean", "weights", "log-odds"),
    "scattered": ("mean", "weights", "log-odds"),
    "windows": ("kept", "taken"),
}
NOTHING = 1e-12  # variance of answers that do not depend on what is shown


@dataclass(frozen=True)
class Candidates:
    """Makes maps of ranks, (*sides).

    counts: cells along each axis. places: the same of coarse places. measures: shares of measured curves.
    """

    counts: Counts
    places: Counts
    sides: Counts
    measures: tuple[float, ...]

    def make(self, state: State, move: Move, rng: np.random.Generator) -> Array:
        """The map that a move measures."""
        name = OPERATORS[move.operator]
        if move.operator in (LOOK, OUTLINED):
            looked = self.map_of(state, "odds")
            return looked if move.operator == LOOK else outlined(looked, state.outlines)
        if move.operator < CANDIDATE.stop:
            return self.map_of(state, name)
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

    def map_of(self, state: State, name: str) -> Array:
        """The smooth map of this kind, made of soundings."""
        field = upsampled(self._cells(state, name).reshape(self.counts), self.sides)
        sigma = [TUNING.smooth * side / n for side, n in zip(self.sides, self.counts, strict=True)]
        return ranks(gaussian_filter(field, sigma, mode="nearest"))

    def _cells(self, state: State, name: str) -> Floats:
        """The values of the cells in a map of this kind, (cells,)."""
        if name in PARTS:
            return np.asarray(sum(_standard(self._cells(state, part)) for part in PARTS[name]))
        if name == "kept":
            return _kept_mean(*state.sounding(KEEP))
        if name == "taken":
            shares, p = state.sounding(TAKE)
            return -_kept_mean(1 - shares, p)
        everything = name == "odds" or not (state.by == SCATTER).any()
        shares, p = (state.shares, state.p) if everything else state.sounding(SCATTER)
        if name == "mean":
            return _kept_mean(shares, p)
        response = p if name == "weights" else log_odds(p)
        return fit(shares.astype(np.float64), response, self.counts).mean

    def adds_up(self, state: State) -> bool:
        """Whether a regression of the probability foretells soundings that it has not seen."""
        shares, p = state.shares.astype(np.float64), state.p
        fold, errors = np.arange(len(p)) % TUNING.folds, np.zeros(len(p))
        if len(p) < 2 * TUNING.folds or p.var() < NOTHING:
            return False
        for out in range(TUNING.folds):
            new, old = fold == out, fold != out
            weights = fit(shares[old], p[old], self.counts).mean
            errors[new] = p[new] - p[old].mean() - (shares[new] - shares[old].mean(axis=0)) @ weights
        return float((errors**2).mean()) <= (1 - TUNING.adds_up) * float(p.var())

    def additive(self, state: State) -> tuple[Array, Array]:
        """The weights of a regression of the probability on all soundings, cell by cell, and their sd."""
        posterior = fit(state.shares.astype(np.float64), state.p, self.counts)
        places = [np.arange(side) * n // side for side, n in zip(self.sides, self.counts, strict=True)]
        mean, sd = (
            field.reshape(self.counts)[np.ix_(*places)].astype(np.float32)
            for field in (posterior.mean, posterior.sd)
        )
        return mean, sd

    def _bump(self, move: Move) -> Floats:
        """A Gaussian about a place, 1 in its middle, (*sides)."""
        square: Floats = np.zeros(self.sides)
        box = place_box(move.place, self.places, self.sides)
        for grid, side, (a, b) in zip(np.indices(self.sides), self.sides, box, strict=True):
            square += ((grid + 0.5 - (a + b) / 2) / (TUNING.bump_widths[move.size] * side)) ** 2
        return np.asarray(np.exp(-0.5 * square))


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


def _kept_mean(shares: Array, p: Floats) -> Floats:
    """Of each cell, the mean probability of what kept it, (cells,)."""
    total = shares.sum(axis=0, dtype=np.float64)
    return np.asarray(p @ shares / np.maximum(total, 1e-9))


def _standard(cells: Floats) -> Floats:
    """Less their mean, over their standard deviation."""
    return np.asarray((cells - cells.mean()) / max(float(cells.std()), 1e-12))

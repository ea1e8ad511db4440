"""What soundings showed and what was answered, and the values of cells that this gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.core.veil import Masks
from brittle.explainers.masks import Counts, Floats, averaged
from brittle.explainers.regression import Posterior, fit, fit_likeliest, log_odds
from brittle.explainers.survey.tuning import TUNING

SOUNDINGS = ("keep", "take", "scatter")
KEEP, TAKE, SCATTER = range(len(SOUNDINGS))
NOTHING = 1e-12  # variance of answers that do not depend on what is shown


@dataclass(frozen=True)
class Soundings:
    """Masks with the answers to them. All values of cells are (cells,), and worked out once.

    grids: what each mask kept of each cell, (n, cells), by the counts of each grid. p: the answers, (n,). by:
    the kinds of the masks, (n,).
    """

    grids: Mapping[Counts, Array]
    p: Floats
    by: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.p)

    def with_more(self, masks: Masks, p: Floats, kind: int) -> "Soundings":
        """These and others of one kind. masks: (k, *sides)."""
        return Soundings(
            {
                counts: np.concatenate([shares, averaged(masks, counts).astype(np.float32)])
                for counts, shares in self.grids.items()
            },
            np.concatenate([self.p, p]),
            np.concatenate([self.by, np.full(len(p), kind)]),
        )

    @property
    def counts(self) -> Counts:
        """Cells along each axis of the grid on which the answers are likeliest: values are of these cells."""
        return self._likeliest.counts

    @property
    def shares(self) -> Array:
        """What each mask kept of each of these cells, (n, cells)."""
        return self.grids[self.counts]

    @cached_property
    def kept(self) -> Floats:
        """The mean probability of windows about a cell that were kept alone."""
        return _kept_mean(*self._of(KEEP))

    @cached_property
    def taken(self) -> Floats:
        """How low the mean probability was where windows about a cell were taken away."""
        shares, p = self._of(TAKE)
        return -_kept_mean(1 - shares, p)

    @cached_property
    def mean(self) -> Floats:
        """The mean probability of the random masks that kept a cell."""
        return _kept_mean(*self._scattered)

    @cached_property
    def weights(self) -> Floats:
        """How much a cell adds to the probability, by random masks."""
        shares, p = self._scattered
        return self._fit(shares, p).mean

    @cached_property
    def log_odds(self) -> Floats:
        """How much a cell adds to the log-odds, by random masks."""
        shares, p = self._scattered
        return self._fit(shares, log_odds(p)).mean

    @cached_property
    def odds(self) -> Floats:
        """How much a cell adds to the log-odds, by all soundings."""
        return self._likeliest.mean

    @property
    def windows(self) -> Floats:
        """Both values that windows give."""
        return _together(self.kept, self.taken)

    @property
    def scattered(self) -> Floats:
        """All values that random masks give."""
        return _together(self.mean, self.weights, self.log_odds)

    @property
    def together(self) -> Floats:
        """All of both."""
        return _together(self.kept, self.taken, self.mean, self.weights, self.log_odds)

    @cached_property
    def additive(self) -> Posterior:
        """How much each cell adds to the probability, by all soundings."""
        return self._fit(self.shares, self.p)

    def adds_up(self) -> bool:
        """Whether a regression of the probability foretells soundings that it has not seen."""
        shares, p = self.shares.astype(np.float64), self.p
        if len(p) < 2 * TUNING.folds or p.var() < NOTHING:
            return False
        most, wrong = (1 - TUNING.adds_up) * float(p.var()) * len(p), 0.0
        for fold in range(TUNING.folds):
            new = np.arange(len(p)) % TUNING.folds == fold
            weights = fit(shares[~new], p[~new], self.counts).mean
            foretold = p[~new].mean() + (shares[new] - shares[~new].mean(axis=0)) @ weights
            wrong += float(((p[new] - foretold) ** 2).sum())
            if wrong > most:
                return False
        return True

    @cached_property
    def _likeliest(self) -> Posterior:
        """How much each cell adds to the log-odds, by all soundings, on the grid where they are likeliest."""
        return fit_likeliest(self.grids, log_odds(self.p))

    def _of(self, kind: int) -> tuple[Array, Floats]:
        """Shares and answers of one kind."""
        which = self.by == kind
        return self.shares[which], self.p[which]

    @property
    def _scattered(self) -> tuple[Array, Floats]:
        """Those of random masks, of all where there are none."""
        return self._of(SCATTER) if (self.by == SCATTER).any() else (self.shares, self.p)

    def _fit(self, shares: Array, y: Floats) -> Posterior:
        return fit(shares.astype(np.float64), y, self.counts)


def _kept_mean(shares: Array, p: Floats) -> Floats:
    """Of each cell, the mean probability of what kept it, (cells,)."""
    total = shares.sum(axis=0, dtype=np.float64)
    return np.asarray(p @ shares / np.maximum(total, 1e-9))


def _together(*values: Floats) -> Floats:
    """The sum of several values of cells, each less its mean and over its standard deviation."""
    return np.asarray(sum((cells - cells.mean()) / max(float(cells.std()), 1e-12) for cells in values))

"""What each group of layers does in each place: Bayesian linear regression on the answers so far.

    drop of the margin = sum over groups and places of effect x amplitude + noise

The amplitude is the L2 that the cells of this group in this place add, each by itself. The effects have a
Gaussian prior of mean 0, whose covariance between groups and between places makes a handful of answers say
something about all effects (Rasmussen & Williams, "Gaussian Processes for Machine Learning", 2006, section
2.1). Posterior draws are made from prior samples by Matheron's rule (Wilson et al., ICML 2020).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brittle.searches.patchwork.tuning import TUNING

Floats = NDArray[np.float64]
Table = NDArray[np.float32]


@dataclass(frozen=True)
class Prior:
    """The Gaussian prior of effects: mean 0, covariance the Kronecker product of groups and places.

    groups: covariance between groups of layers, (groups, groups); places: between places, (places, places).
    groups_root, places_root: their Cholesky factors.
    """

    groups: Floats
    places: Floats
    groups_root: Floats
    places_root: Floats

    def covariance(self, design: Floats) -> Floats:
        """Covariance of every effect with the drop of one assignment. design and result (groups, places)."""
        return np.asarray(self.groups @ design @ self.places)

    def variance(self, design: Floats) -> float:
        """Variance of the drop of one assignment, without noise. design (groups, places)."""
        return float(np.sum(design * self.covariance(design)))

    def sample(self, rng: np.random.Generator) -> Floats:
        """A prior sample of the effects, (groups, places)."""
        standard = rng.standard_normal((len(self.groups), len(self.places)))
        return np.asarray(self.groups_root @ standard @ self.places_root.T)


def prior_of(groups: int, places: tuple[int, ...]) -> Prior:
    """The prior of effects for so many groups of layers, on a raster of places.

    Groups have one common correlation. Places have a constant, a squared exponential and a nugget covariance.
    """
    at = np.indices(places).reshape(len(places), -1).T
    distance = np.square(at[:, None] - at).sum(axis=-1)
    constant, nugget = TUNING.place_correlation, TUNING.place_nugget
    between_places = (
        constant
        + (1 - constant - nugget) * np.exp(-0.5 * distance / TUNING.length_scale**2)
        + nugget * (distance == 0)
    )
    between_groups = TUNING.group_correlation + (1 - TUNING.group_correlation) * np.eye(groups)
    jitter = 1e-6 * np.eye(len(between_places))
    return Prior(
        groups=between_groups,
        places=between_places,
        groups_root=np.asarray(np.linalg.cholesky(between_groups)),
        places_root=np.asarray(np.linalg.cholesky(between_places + jitter)),
    )


class Rows:
    """A table that only grows: a new row is written behind those that earlier states still read."""

    def __init__(self, width: int) -> None:
        self._buffer = np.empty((16, width), np.float32)
        self._written = 0

    def first(self, count: int) -> Table:
        """The first so many rows, (count, width)."""
        return self._buffer[:count]

    def appended(self, count: int, row: Floats) -> "Rows":
        """A table of the first `count` rows and then this one, (width,)."""
        if count == self._written < len(self._buffer):
            rows = self
        else:
            rows = Rows(self._buffer.shape[1])
            rows._buffer = np.empty((max(16, 2 * count), self._buffer.shape[1]), np.float32)
            rows._buffer[:count] = self._buffer[:count]
        rows._buffer[count] = row
        rows._written = count + 1
        return rows


@dataclass(frozen=True)
class Effects:
    """The effects of layers after n answers: a Gaussian posterior.

    prior:       the prior of the effects, in units of `scale`.
    design:      the design matrix, one flat row of amplitudes an answer, (n, groups x places).
    covariances: prior covariance of every effect with the drop of each answer, (n, groups x places).
    precision:   inverse covariance of the drops, noise included, (n, n).
    drops:       by how much each answer's margin is below the clean one, nats, (n,).
    """

    prior: Prior
    design: Rows
    covariances: Rows
    precision: Floats
    drops: Floats

    def with_answer(self, design: Floats, drop: float) -> "Effects":
        """The posterior after one more answer. design: its amplitudes, (groups, places); drop: nats."""
        if len(self.drops) >= TUNING.memory:
            return self._recent().with_answer(design, drop)
        count, row, covariance = (
            len(self.drops),
            design.reshape(-1),
            self.prior.covariance(design).reshape(-1),
        )
        cross = self.covariances.first(count) @ row.astype(np.float32)  # covariance with the earlier drops
        weights = self.precision @ cross
        variance = float(row @ covariance) + TUNING.noise_variance - float(cross @ weights)  # predictive
        column = np.append(-weights, 1.0)
        precision = column[:, None] * (column / max(variance, 1e-9))  # inverse of a matrix grown by one row
        precision[:count, :count] += self.precision
        return Effects(
            prior=self.prior,
            design=self.design.appended(count, row),
            covariances=self.covariances.appended(count, covariance),
            precision=precision,
            drops=np.append(self.drops, drop),
        )

    def _recent(self) -> "Effects":
        """The posterior after the newer half only: old answers say little about here, and work is bounded."""
        recent = no_answers(self.prior)
        shape = (len(self.prior.groups), -1)
        design = self.design.first(len(self.drops)).astype(np.float64)
        for row, drop in list(zip(design, self.drops, strict=True))[TUNING.memory // 2 :]:
            recent = recent.with_answer(row.reshape(shape), float(drop))
        return recent

    @cached_property
    def scale(self) -> float:
        """Standard deviation of the drop of a typical whole layer, by maximum likelihood, nats."""
        count = len(self.drops)
        fit = float(self.drops @ self.precision @ self.drops)
        return float(np.sqrt(max(fit, 1e-12) / count)) if count else 1.0

    @cached_property
    def posterior_mean(self) -> Floats:
        """Expected effects, nats per unit of amplitude, (groups, places)."""
        return self._mean_given(self.drops)

    def posterior_draw(self, rng: np.random.Generator) -> Floats:
        """Effects drawn from the posterior, nats per unit of amplitude, (groups, places).

        A prior sample, corrected by the posterior mean of the residuals that it leaves.
        """
        count, scale, sample = len(self.drops), self.scale, self.prior.sample(rng)
        sampled_drops = self.design.first(count) @ sample.reshape(-1).astype(np.float32)
        sampled_drops += np.sqrt(TUNING.noise_variance) * rng.standard_normal(count)
        residuals = self.drops - scale * sampled_drops
        return np.asarray(scale * sample + self._mean_given(residuals))

    def _mean_given(self, drops: Floats) -> Floats:
        """Posterior mean of the effects if the answers had had these drops, (n,) -> (groups, places)."""
        weights = (self.precision @ drops).astype(np.float32)
        mean = weights @ self.covariances.first(len(drops))
        return mean.astype(np.float64).reshape(len(self.prior.groups), -1)


def no_answers(prior: Prior) -> Effects:
    """The prior as a posterior after no answers."""
    size = len(prior.groups) * len(prior.places)
    return Effects(
        prior=prior, design=Rows(size), covariances=Rows(size), precision=np.empty((0, 0)), drops=np.empty(0)
    )

"""What each distortion does in each place, learned from every answer: a linear model of the margin's fall.

fall = sum over cells of effect[distortion, place] x amplitude, amplitude being the L2 that the cell adds by
itself. The effects have a Gaussian prior that ties kinds and neighbouring places together, so that a handful
of answers says something about all of them (Bayesian linear regression; Rasmussen & Williams, "Gaussian
Processes for Machine Learning", 2006, section 2.1; draws by Matheron's rule, Wilson et al., ICML 2020).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Table = NDArray[np.float32]
KIND_SHARED, PLACE_SHARED = 0.4, 0.2  # of the variance, common to all kinds and to all places
ALONE = 0.3  # of the variance, each place for itself
NEIGHBOURS = 1.5  # how far places resemble each other, in places
MEMORY = 256  # answers that are remembered
UNEXPLAINED = 0.1  # variance of an answer that no effect explains, whole layers having about 1


@dataclass(frozen=True)
class Prior:
    """Covariance of effects between kinds (kinds, kinds) and places (places, places), and its roots."""

    kinds: Floats
    places: Floats
    kinds_root: Floats
    places_root: Floats

    def spread(self, amounts: Floats) -> Floats:
        """Covariance of effects with the fall of these amounts, (kinds, places) both."""
        return np.asarray(self.kinds @ amounts @ self.places)

    def variance(self, amounts: Floats) -> float:
        """Of the fall of these amounts."""
        return float(np.sum(amounts * self.spread(amounts)))

    def draw(self, rng: np.random.Generator) -> Floats:
        """Effects as they might be, (kinds, places)."""
        rough = rng.standard_normal((len(self.kinds), len(self.places)))
        return np.asarray(self.kinds_root @ rough @ self.places_root.T)


def prior_of(kinds: int, places: tuple[int, ...]) -> Prior:
    """The prior for so many kinds, on a raster of places."""
    at = np.indices(places).reshape(len(places), -1).T
    distance = np.square(at[:, None] - at).sum(axis=-1)
    near = (
        PLACE_SHARED
        + (1 - PLACE_SHARED - ALONE) * np.exp(-0.5 * distance / NEIGHBOURS**2)
        + ALONE * (distance == 0)
    )
    alike = KIND_SHARED + (1 - KIND_SHARED) * np.eye(kinds)
    jitter = 1e-6 * np.eye(len(near))
    roots = [np.asarray(np.linalg.cholesky(part)) for part in (alike, near + jitter)]
    return Prior(alike, near, *roots)


class Rows:
    """Rows of numbers that only grow: a new one is written behind those that others still read."""

    def __init__(self, width: int) -> None:
        self._buffer = np.empty((16, width), np.float32)
        self._written = 0

    def first(self, count: int) -> Table:
        """The first so many rows, (count, width)."""
        return self._buffer[:count]

    def after(self, count: int, row: Floats) -> "Rows":
        """What holds the first `count` rows and then this one."""
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
    """What n answers taught. amounts: (n, kinds x places); spreads: the same through the prior;
    inverse: of the answers' covariance, (n, n); falls: nats, (n,).
    """

    prior: Prior
    amounts: Rows
    spreads: Rows
    inverse: Floats
    falls: Floats

    def after(self, amounts: Floats, fall: float) -> "Effects":
        """With one more answer; amounts (kinds, places)."""
        if len(self.falls) >= MEMORY:
            return self._recent().after(amounts, fall)
        count, flat, spread = len(self.falls), amounts.reshape(-1), self.prior.spread(amounts).reshape(-1)
        towards = self.spreads.first(count) @ flat.astype(np.float32)
        lean = self.inverse @ towards
        surprise = max(float(flat @ spread) + UNEXPLAINED - float(towards @ lean), 1e-9)
        corner = np.append(-lean, 1.0)
        inverse = corner[:, None] * (corner / surprise)
        inverse[:count, :count] += self.inverse
        return Effects(
            self.prior,
            self.amounts.after(count, flat),
            self.spreads.after(count, spread),
            inverse,
            np.append(self.falls, fall),
        )

    def _recent(self) -> "Effects":
        """Only the newer half: answers from afar say little about here, and the work stays bounded."""
        recent = no_effects(self.prior)
        shape = (len(self.prior.kinds), -1)
        amounts = self.amounts.first(len(self.falls)).astype(np.float64)
        for row, fall in list(zip(amounts, self.falls, strict=True))[MEMORY // 2 :]:
            recent = recent.after(row.reshape(shape), float(fall))
        return recent

    @cached_property
    def scale(self) -> float:
        """Standard deviation of the fall of a usual whole layer, nats."""
        count = len(self.falls)
        fit = float(self.falls @ self.inverse @ self.falls)
        return float(np.sqrt(max(fit, 1e-12) / count)) if count else 1.0

    @cached_property
    def mean(self) -> Floats:
        """Expected effects, (kinds, places)."""
        return self._through(self.falls)

    def draw(self, rng: np.random.Generator) -> Floats:
        """Effects as they might be after these answers, (kinds, places)."""
        count, scale, fancy = len(self.falls), self.scale, self.prior.draw(rng)
        said = self.amounts.first(count) @ fancy.reshape(-1).astype(np.float32)
        said += np.sqrt(UNEXPLAINED) * rng.standard_normal(count)
        return np.asarray(scale * fancy + self._through(self.falls - scale * said))

    def _through(self, falls: Floats) -> Floats:
        lean = (self.inverse @ falls).astype(np.float32)
        mean = lean @ self.spreads.first(len(falls))
        return mean.astype(np.float64).reshape(len(self.prior.kinds), -1)


def no_effects(prior: Prior) -> Effects:
    """Nothing learned yet."""
    size = len(prior.kinds) * len(prior.places)
    return Effects(prior, Rows(size), Rows(size), np.empty((0, 0)), np.empty(0))

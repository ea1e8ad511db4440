"""Gaussian process regression, exactly: what a prior expects once the history is known.

Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, algorithm 2.1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.optimise.history import History
from brittle.optimise.prior import Features, Given, Prior

Values = NDArray[np.float64]
LEAST_VARIANCE = 1e-12  # of a posterior, in standard units


@dataclass(frozen=True, eq=False)
class Posterior:
    """A prior conditioned on a history; all in the prior's standard units.

    standard: (n,), the values. inverse_root: (n, n), inverse of the Cholesky factor of their covariance.
    weights: (n,), of the covariance with each value in the mean.
    """

    given: Given
    history: History
    standard: Values
    inverse_root: Values
    weights: Values

    @property
    def best(self) -> float:
        """The least value; of an empty history 0, what a standard function is on average."""
        return float(self.standard.min()) if len(self.standard) else 0.0

    def __call__(self, x: Features) -> tuple[Values, Values]:
        """Mean and standard deviation of the function at these points, each (n,)."""
        cross = self.given.covariance(x, self.history.x)
        explained = np.square(cross @ self.inverse_root.T).sum(axis=1)
        variance = np.maximum(self.given.variance(x) - explained, LEAST_VARIANCE)
        return self.given.mean(x) + cross @ self.weights, np.sqrt(variance)

    def covariance(self, x: Features) -> Values:
        """Covariance of the function between these points, (n, n)."""
        cross = self.given.covariance(x, self.history.x) @ self.inverse_root.T
        return np.asarray(self.given.covariance(x, x) - cross @ cross.T)

    def draws(self, x: Features, count: int, rng: np.random.Generator) -> Values:
        """Joint draws of the function at these points, (count, n)."""
        mean, _ = self(x)
        return np.asarray(mean + rng.normal(size=(count, len(x))) @ root_of(self.covariance(x)).T)

    def predict(self, x: Features) -> tuple[Values, Values]:
        """Mean and standard deviation in the units of y, each (n,)."""
        mean, deviation = self(x)
        return self.given.shift + self.given.scale * mean, self.given.scale * deviation


def posterior(prior: Prior, history: History) -> Posterior:
    """What the prior expects after this history, which may be empty."""
    given = prior.given(history)
    standard = (history.y - given.shift) / given.scale
    n = len(history)
    covariance = given.covariance(history.x, history.x) + given.noise * np.eye(n)
    inverse = np.asarray(np.linalg.solve(root_of(covariance), np.eye(n)), np.float64)
    weights = inverse.T @ (inverse @ (standard - given.mean(history.x)))
    return Posterior(given, history, standard, inverse, weights)


def root_of(covariance: Values) -> Values:
    """The lower Cholesky factor; where rounding made it indefinite, of the covariance plus a little noise."""
    size = max(float(np.trace(covariance)) / max(len(covariance), 1), 1e-12)
    for jitter in (0.0, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2):
        try:
            return np.asarray(
                np.linalg.cholesky(covariance + jitter * size * np.eye(len(covariance))), np.float64
            )
        except np.linalg.LinAlgError:
            continue
    raise ValueError("expected a covariance, got a matrix that is far from positive semi-definite")

"""A prior made by hand: a stationary kernel with a lengthscale for each parameter, fitted to the history.

It is what BoTorch takes where nothing else is said: values standardised, a constant mean, a squared
exponential kernel, lengthscales that are expected to grow with the root of the number of parameters
(Hvarfner, Hellsten and Nardi, "Vanilla Bayesian Optimization Performs Great in High Dimensions", ICML 2024,
section 5), and the greatest posterior density of lengthscales and noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError, did_you_mean
from brittle.optimise.gp import root_of
from brittle.optimise.history import History
from brittle.optimise.kernels import KERNELS, squared_distances
from brittle.optimise.prior import Features

Values = NDArray[np.float64]

LENGTH_MEAN, LENGTH_DEVIATION = np.sqrt(2), np.sqrt(3)  # of ln(lengthscale), one parameter
NOISE_MEAN, NOISE_DEVIATION = -4.0, 1.0  # of ln(noise variance), standard units
LENGTH_LIMITS = np.log([0.025, 1e3])
NOISE_LIMITS = np.log([1e-4, 1.0])


@dataclass(frozen=True, eq=False)
class HandPrior:
    """Implements optimise.prior.Prior.

    groups: (f,), the number of the parameter that each feature is of: Space.groups. kernel: "rbf", "matern".
    lengthscales: (parameters,), of features; fitted to the history where None. noise: variance, the same.
    """

    groups: Sequence[int] | NDArray[np.intp]
    kernel: str = "rbf"
    lengthscales: Values | None = None
    noise: float | None = None

    def __post_init__(self) -> None:
        if self.kernel not in KERNELS:
            raise UsageError(f"there is no kernel '{self.kernel}'; {did_you_mean(self.kernel, KERNELS)}")

    def given(self, history: History) -> "HandGiven":
        """What it says of functions after this history."""
        shift = float(history.y.mean()) if len(history) else 0.0
        scale = float(history.y.std(ddof=1)) if len(history) > 1 else 1.0
        scale = scale if scale > 1e-8 * max(abs(shift), 1e-30) else 1.0
        groups = np.asarray(self.groups, np.intp)
        standard = (history.y - shift) / scale
        if self.lengthscales is None or self.noise is None:
            lengths, noise = fit(history.x, standard, groups, self.kernel)
        else:
            lengths, noise = self.lengthscales, self.noise
        mean = 0.0
        if len(history):
            scaled = history.x / lengths[groups]
            covariance = KERNELS[self.kernel](squared_distances(scaled, scaled))[0]
            mean = _constant(covariance + noise * np.eye(len(history)), standard)
        return HandGiven(shift, scale, noise, mean, lengths[groups], self.kernel)


@dataclass(frozen=True, eq=False)
class HandGiven:
    """Implements optimise.prior.Given. constant: the mean, standard units; lengthscales: (f,)."""

    shift: float
    scale: float
    noise: float
    constant: float
    lengthscales: Values
    kernel: str

    def mean(self, x: Features) -> Values:
        """What is expected at these points, (n,): the same everywhere."""
        return np.full(len(x), self.constant)

    def variance(self, x: Features) -> Values:
        """Variance of the function at these points, (n,): 1."""
        return np.ones(len(x))

    def covariance(self, a: Features, b: Features) -> Values:
        """Covariance of the function between points, (len(a), len(b))."""
        scaled = a / self.lengthscales
        other = scaled if b is a else b / self.lengthscales
        return KERNELS[self.kernel](squared_distances(scaled, other))[0]


def fit(x: Features, standard: Values, groups: NDArray[np.intp], kernel: str) -> tuple[Values, float]:
    """Lengthscales (parameters,) and noise variance of the greatest posterior density.

    By L-BFGS from two starts; without two values, the mode of the prior.
    """
    count = int(groups.max()) + 1
    middle = LENGTH_MEAN + np.log(count) / 2
    mode, noise = middle - LENGTH_DEVIATION**2, NOISE_MEAN - NOISE_DEVIATION**2
    starts = [np.append(np.full(count, length), noise) for length in (mode, middle)]
    if len(standard) < 2:
        return np.exp(starts[0][:-1]), float(np.exp(noise))
    from scipy.optimize import minimize  # noqa: PLC0415  # an audit that fits nothing starts without it

    limits = [tuple(LENGTH_LIMITS)] * count + [tuple(NOISE_LIMITS)]
    arguments = (x, standard, groups, kernel, middle)
    found = [minimize(_loss, s, arguments, "L-BFGS-B", jac=True, bounds=limits) for s in starts]
    best = min(found, key=lambda result: float(result.fun)).x
    return np.exp(best[:-1]), float(np.exp(best[-1]))


def _loss(
    logs: Values, x: Features, standard: Values, groups: NDArray[np.intp], kernel: str, middle: float
) -> tuple[float, Values]:
    """Negative log posterior density of lengthscales and noise, and its gradient by their logarithms.

    The mean is at its best value for them. Densities are of the quantities, as in BoTorch, not of logarithms.
    """
    n = len(standard)
    scaled = x * np.exp(-logs[:-1])[groups]
    covariance, slope = KERNELS[kernel](squared_distances(scaled, scaled))
    root = root_of(covariance + np.exp(logs[-1]) * np.eye(n))
    half = np.linalg.solve(root, np.eye(n))
    inverse = half.T @ half
    residual = standard - (inverse @ standard).sum() / inverse.sum()
    weights = inverse @ residual
    loss = residual @ weights / 2 + np.log(np.diagonal(root)).sum()
    outer = (inverse - weights[:, None] * weights) / 2  # derivative of the loss by the covariance
    by_squares = outer * slope
    by_feature = 2 * (by_squares.sum(axis=1) @ scaled**2 - (scaled * (by_squares @ scaled)).sum(axis=0))
    by_length = -2 * np.bincount(groups, by_feature, len(logs) - 1)
    gradient = np.append(by_length, np.trace(outer) * np.exp(logs[-1]))
    means = np.append(np.full(len(logs) - 1, middle), NOISE_MEAN)
    deviations = np.append(np.full(len(logs) - 1, LENGTH_DEVIATION), NOISE_DEVIATION)
    apart = (logs - means) / deviations
    return float(loss + (apart**2 / 2 + logs).sum()), gradient + apart / deviations + 1


def _constant(covariance: Values, standard: Values) -> float:
    """The constant mean of the greatest likelihood."""
    solved = np.linalg.solve(covariance, np.stack([standard, np.ones(len(standard))], axis=1))
    return float(solved[:, 0].sum() / solved[:, 1].sum())

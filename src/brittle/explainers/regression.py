"""Smooth Bayesian linear regression: how much each cell adds to an answer, from soft masks and answers.

The weights of the cells are a Gaussian field, w ~ N(0, s K), K Matern 3/2 over the distance between cells.
Length and noise are those under which the answers are likeliest: for each length the eigenvalues of the
design, then a closed form for each ratio of noise to signal (Rasmussen and Williams, "Gaussian Processes for
Machine Learning", 2006, chapter 5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LENGTHS = (1.6, 2.5, 4.0)  # of the field, in cells; maps from shorter ones are rough, and score worse
NOISES = np.logspace(-4, 2, 13)  # ratios of noise to signal that are tried
LEAST_ODDS = 1e-3  # probabilities are clipped to this and 1 minus this before log-odds are taken
JITTER = 1e-8  # on the kernel's diagonal, so that its root exists
LEAST_SPREAD = 1e-9  # answers that vary less are constant


@dataclass(frozen=True)
class Posterior:
    """What is known of the weights of cells.

    mean: (cells,), in units of y per whole cell kept. root: of the kernel, (cells, cells). directions: what
    the masks have measured, orthonormal, (cells, m), with shrinks, (m,): by how much the deviation along each
    fell. signal: prior standard deviation of a weight. evidence: log marginal likelihood but for a constant.
    counts: cells along each axis.
    """

    mean: Floats
    root: Floats
    directions: Floats
    shrinks: Floats
    signal: float
    length: float
    evidence: float
    counts: tuple[int, ...]

    @cached_property
    def sd(self) -> Floats:
        """Standard deviation of each weight, (cells,)."""
        known = (self.root @ self.directions) ** 2 @ (1 - self.shrinks**2)
        variance = np.maximum((self.root**2).sum(axis=1) - known, 0)
        return np.asarray(self.signal * np.sqrt(variance))

    def draw(self, rng: np.random.Generator) -> Floats:
        """Weights drawn from the posterior, (cells,)."""
        z = rng.standard_normal(len(self.mean))
        z -= self.directions @ ((1 - self.shrinks) * (self.directions.T @ z))
        return self.mean + self.signal * (self.root @ z)


def fit(masks: Floats, y: Floats, counts: tuple[int, ...], lengths: Sequence[float] = LENGTHS) -> Posterior:
    """The posterior of the weights of cells, under the likeliest of these lengths and of NOISES.

    masks: (n, cells), how much of each cell was kept, 0 to 1. y: (n,). counts: cells along each axis. Columns
    and y are centred. A constant y gives weights of 0 and a deviation of 0.
    """
    x, y = masks - masks.mean(axis=0), y - y.mean()
    if np.abs(y).max() < LEAST_SPREAD:
        y = np.zeros_like(y)
    return max((_fit(x, y, counts, length) for length in lengths), key=_evidence)


def fit_likeliest(
    masks: Mapping[tuple[int, ...], NDArray[np.floating]], y: Floats, lengths: Sequence[float] = LENGTHS
) -> Posterior:
    """The posterior on the grid, of several, under which the answers are likeliest.

    masks: for the counts of each grid, how much of each of its cells was kept, as `fit` takes it.
    """
    kept = {counts: shares.astype(np.float64) for counts, shares in masks.items()}
    return max((fit(shares, y, counts, lengths) for counts, shares in kept.items()), key=_evidence)


def _evidence(posterior: Posterior) -> float:
    return posterior.evidence


def _fit(x: Floats, y: Floats, counts: tuple[int, ...], length: float) -> Posterior:
    """The posterior under one length."""
    root = kernel_root(counts, length)
    features = x @ root
    values, directions, parts = _spectrum(features, y)
    freedom = max(1, len(y) - 1)
    noises = NOISES[:, None] * max(float((features**2).sum()) / freedom, 1e-12)
    rest = max(float(y @ y - parts @ parts), 0.0)
    variances = ((parts**2 / (values + noises)).sum(axis=1) + rest / noises[:, 0]) / freedom
    logs = np.log(values + noises).sum(axis=1) + (freedom - len(values)) * np.log(noises[:, 0])
    evidences = -(freedom * np.log(np.maximum(variances, 1e-300)) + logs) / 2
    best = int(np.argmax(evidences))
    noise, signal = noises[best, 0], float(np.sqrt(variances[best]))
    mean = root @ (directions @ (np.sqrt(values) / (values + noise) * parts))
    shrinks = np.sqrt(noise / (values + noise))
    return Posterior(mean, root, directions, shrinks, signal, length, float(evidences[best]), counts)


def _spectrum(features: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """The m squared singular values above 0, right vectors, (cells, m), and y along the left ones, (m,)."""
    if len(features) <= features.shape[1]:
        values, left = np.linalg.eigh(features @ features.T)
        above = values > 1e-10 * max(values[-1], 1e-30)
        values, left = values[above], left[:, above]
        return values, features.T @ (left / np.sqrt(values)), left.T @ y
    values, right = np.linalg.eigh(features.T @ features)
    above = values > 1e-10 * max(values[-1], 1e-30)
    values, right = values[above], right[:, above]
    return values, right, right.T @ (features.T @ y) / np.sqrt(values)


@lru_cache(maxsize=32)
def kernel_root(counts: tuple[int, ...], length: float) -> Floats:
    """A root of the Matern 3/2 kernel of unit variance over cells, (cells, cells). length: in cells."""
    places = np.indices(counts).reshape(len(counts), -1).T.astype(np.float64)
    squares = sum((p[:, None] - p[None]) ** 2 for p in places.T)
    distance = np.sqrt(3 * np.asarray(squares)) / length
    kernel = (1 + distance) * np.exp(-distance)
    root: Floats = np.linalg.cholesky(kernel + JITTER * np.eye(len(kernel)))
    root.flags.writeable = False
    return root


def probability(p: Floats) -> Floats:
    """The probability itself."""
    return p


def log_odds(p: Floats) -> Floats:
    """Log-odds of the probability, clipped to LEAST_ODDS and 1 - LEAST_ODDS."""
    p = np.clip(p, LEAST_ODDS, 1 - LEAST_ODDS)
    return np.asarray(np.log(p / (1 - p)))

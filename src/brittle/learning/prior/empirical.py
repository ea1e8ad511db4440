"""Count the mean and the covariance of many functions at anchor points: the prior of optimise.empirical."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from brittle.core.seeds import generator
from brittle.learning.prior.network import Batch
from brittle.learning.prior.source import Source
from brittle.optimise.empirical import EmpiricalPrior
from brittle.optimise.gp import posterior
from brittle.optimise.history import History
from brittle.optimise.transformer import Usual

STANDARD = Usual(0.0, 1.0, 1e12)
RANK = 16  # factors of the covariance
LENGTHS, OWN, NOISE = (0.35, 0.7, 1.4, 2.8), (0.1, 0.4), (0.03, 0.1, 0.3)  # that are tried
CONTEXTS, TASKS, TARGETS = (0, 3, 10, 20), 6, 24  # of the batches that choose among them


def counted(source: Source, seed: int) -> tuple[EmpiricalPrior, float]:
    """The prior, and the mean negative log-likelihood of single targets under it, nats."""
    x, y = source.at_anchors(generator(seed, "prior", "anchors"))
    of = np.array([source.usual.of(values) for values in y])
    standard = (y - of[:, :1]) / of[:, 1:]
    expected = standard.mean(axis=0)
    _, sizes, rows = np.linalg.svd(standard - expected, full_matrices=False)
    factors = (rows[:RANK] * sizes[:RANK, None]).T / np.sqrt(len(y))
    left = float(np.maximum(standard.var(axis=0) - np.square(factors).sum(axis=1), 0).mean())
    batches = [source.batch(generator(seed, "prior", "choice", n), TASKS, n, TARGETS) for n in CONTEXTS]
    spread = np.maximum(x.std(axis=0), 1e-3) * np.sqrt(x.shape[1])
    tried = []
    for length, own, noise in product(LENGTHS, OWN, NOISE):
        prior = EmpiricalPrior(
            x, expected, factors, length * spread, max(left, 0.05), own, noise, usual=source.usual
        )
        tried.append((float(np.mean([loss for batch in batches for loss in _losses(prior, batch)])), prior))
    loss, best = min(tried, key=lambda one: one[0])
    return best, loss


def _losses(prior: EmpiricalPrior, batch: Batch) -> Iterator[NDArray[np.float64]]:
    """Negative log-likelihoods of the targets of each task, (m,), in the units of the batch."""
    keeps = replace(prior, usual=STANDARD)  # the batch is in standard units already
    parts = (part.astype(np.float64) for part in (batch.context_x, batch.context_y, batch.x, batch.y))
    for context_x, context_y, x, y in zip(*parts, strict=True):
        mean, deviation = posterior(keeps, History(context_x, context_y))(x)
        variance = deviation**2 + prior.noise
        yield 0.5 * ((y - mean) ** 2 / variance + np.log(2 * np.pi * variance))

"""How much is expected of evaluating a point next: acquisition functions, made by hand.

All of them say greater for better, where functions are minimised.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError, did_you_mean
from brittle.core.seeds import generator
from brittle.optimise.gp import Posterior
from brittle.optimise.prior import Features

Values = NDArray[np.float64]


class Acquisition(Protocol):
    """Scores of points. refined: whether the best candidates may be moved to where their scores grow."""

    @property
    def refined(self) -> bool: ...

    def scores(self, posterior: Posterior, candidates: Features, left: int) -> Values:
        """Scores of candidates (n, f), (n,). left: evaluations that may still be made, this one included."""
        ...


@runtime_checkable
class Proposing(Protocol):
    """An acquisition that names points of its own beside the candidates that it is given."""

    def proposals(self, posterior: Posterior, left: int, rng: np.random.Generator) -> Features:
        """Features that it would choose, (n, f); those of the nearest points of the space are scored."""
        ...


def log_expected_improvement(mean: Values, deviation: Values, best: float) -> Values:
    """ln E[max(best - y, 0)] for y ~ N(mean, deviation^2), finite wherever both are and deviation > 0.

    Ament et al., "Unexpected Improvements to Expected Improvement for Bayesian Optimization", NeurIPS 2023,
    section 4.1.
    """
    from scipy.special import erfcx, ndtr  # noqa: PLC0415  # an audit without it starts faster

    z = (best - mean) / deviation
    near, far = np.maximum(z, -1.0), np.minimum(z, -1.0)
    density = np.exp(-(near**2) / 2) / np.sqrt(2 * np.pi)
    direct = np.log(density + near * ndtr(near))
    ratio = np.sqrt(np.pi / 2) * erfcx(-far / np.sqrt(2))  # of tail to density, Mills'
    inner = np.where(
        far > -1e4, 1 + far * ratio, 1 / np.maximum(far**2, 1)
    )  # its limit, which rounding hides
    tail = np.log(inner) - far**2 / 2 - np.log(2 * np.pi) / 2
    return np.asarray(np.log(deviation) + np.where(z > -1, direct, tail))


@dataclass(frozen=True)
class LogEI:
    """The logarithm of the expected improvement on the best value so far."""

    refined = True

    def scores(self, posterior: Posterior, candidates: Features, left: int) -> Values:
        """ln EI in standard units, (n,)."""
        return log_expected_improvement(*posterior(candidates), posterior.best)


@dataclass(frozen=True)
class UCB:
    """A lower confidence bound of the function, negated (GP-UCB; Srinivas et al., ICML 2010).

    width: in standard deviations.
    """

    width: float = 2.0
    refined = True

    def scores(self, posterior: Posterior, candidates: Features, left: int) -> Values:
        """Standard units, (n,)."""
        mean, deviation = posterior(candidates)
        return np.asarray(self.width * deviation - mean)


@dataclass(frozen=True)
class Thompson:
    """One joint draw from the posterior, negated (Thompson, Biometrika 1933); seed: of the draws of a run."""

    seed: int = 0
    refined = False

    def scores(self, posterior: Posterior, candidates: Features, left: int) -> Values:
        """Standard units, (n,)."""
        rng = generator(self.seed, "thompson", len(posterior.history))
        return np.asarray(-posterior.draws(candidates, 1, rng)[0])


HAND_MADE = ("ei", "ucb", "thompson")


def hand_made(name: str, seed: int) -> Acquisition:
    """The acquisition of this name. Raises UsageError."""
    if name not in HAND_MADE:
        raise UsageError(f"there is no acquisition '{name}'; {did_you_mean(name, HAND_MADE)}")
    made: dict[str, Acquisition] = {"ei": LogEI(), "ucb": UCB(), "thompson": Thompson(seed)}
    return made[name]

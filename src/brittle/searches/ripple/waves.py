"""Which wave to try next: a Gaussian process over frequency, direction and colour, within one input.

What a wave does to a decision is smooth in these three and nearly independent of the phase, so a few dozen
answers predict the rest. The next wave is chosen by its upper confidence bound (GP-UCB; Srinivas et al.,
"Gaussian Process Optimization in the Bandit Setting", ICML 2010) or by a draw from the posterior (Thompson,
Biometrika 1933). Regression as in Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006,
algorithm 2.1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Field, Waves
from brittle.searches.ripple.tuning import TUNING


@dataclass(frozen=True)
class Observations:
    """n waves that were shown over the whole input, and how far each lowered the margin, (n,) nats."""

    waves: Waves
    falls: NDArray[np.float64]

    def after(self, wave: Waves, fall: float) -> "Observations":
        """With one more wave observed."""
        return Observations(self.waves.join(wave), np.append(self.falls, fall))

    def best(self, count: int) -> NDArray[np.intp]:
        """Indices of those that lowered the margin most, at most count."""
        return np.argsort(-self.falls, kind="stable")[:count]

    @property
    def rms_fall(self) -> float:
        """Root mean square of the falls, nats, never 0. There must be one."""
        return max(float(np.sqrt(np.mean(self.falls**2))), 1e-9)


@dataclass(frozen=True)
class Posterior:
    """Of n waves: expected fall and its standard deviation, each (n,), in units of the RMS fall observed."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]


def no_observations(field: Field) -> Observations:
    """No wave was shown yet."""
    return Observations(field.random_waves(0, np.random.default_rng(0)), np.empty(0))


def kernel(a: Waves, b: Waves) -> NDArray[np.float64]:
    """Covariance of falls, (len(a), len(b)).

    Squared exponential in ln(cycles) and in direction, plus a constant, times the squared cosine between the
    colours; a wave and the one with opposite direction or colour are the same to it.
    """
    frequency = (np.log(a.cycles)[:, None] - np.log(b.cycles)) / TUNING.frequency_length_scale
    angle = 4 * (1 - (a.direction @ b.direction.T) ** 2)  # = |difference of (cos 2 theta, sin 2 theta)|^2
    shape = TUNING.colour_variance + np.exp(-0.5 * (frequency**2 + angle))
    return np.asarray(shape * (a.colour @ b.colour.T) ** 2)


def posterior(observations: Observations, waves: Waves) -> Posterior:
    """What to expect of waves, given the observations."""
    if not len(observations.waves):
        return Posterior(np.full(len(waves), TUNING.prior_mean), np.ones(len(waves)))
    observed = observations.waves
    covariance = kernel(observed, observed) + TUNING.noise_variance * np.eye(len(observed))
    root = np.linalg.cholesky(covariance)
    cross = np.linalg.solve(root, kernel(observed, waves))
    residual = np.linalg.solve(root, observations.falls / observations.rms_fall - TUNING.prior_mean)
    variance = 1 + TUNING.colour_variance - np.square(cross).sum(axis=0)
    return Posterior(TUNING.prior_mean + residual @ cross, np.sqrt(np.maximum(variance, 1e-9)))


def candidates(observations: Observations, field: Field, rng: np.random.Generator) -> Waves:
    """Waves at random, and some near the best observed."""
    waves = field.random_waves(TUNING.random_candidates, rng)
    if not len(observations.waves):
        return waves
    best = np.repeat(observations.best(TUNING.refined_waves), TUNING.candidates_near_each)
    return waves.join(field.waves_near(observations.waves.pick(best), rng, TUNING.near_spread))


def ucb_wave(observations: Observations, field: Field, rng: np.random.Generator) -> Waves:
    """The candidate with the greatest upper confidence bound of its fall: mean + 1 standard deviation."""
    waves = candidates(observations, field, rng)
    expected = posterior(observations, waves)
    return waves.pick([int((expected.mean + expected.deviation).argmax())])


def thompson_wave(observations: Observations, field: Field, rng: np.random.Generator) -> Waves:
    """The best candidate in one draw from the posterior, independent for each (Thompson sampling)."""
    waves = candidates(observations, field, rng)
    expected = posterior(observations, waves)
    drawn = rng.normal(expected.mean, expected.deviation)
    return waves.pick([int(drawn.argmax())])

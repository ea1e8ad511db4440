"""Which wave to try next: a Gaussian process over frequency, direction and colour, within one input.

What a wave does to a decision is smooth in these three and nearly blind to the phase, so a few dozen answers
predict the rest. Gaussian-process bandit with a lower confidence bound: Srinivas et al., "Gaussian Process
Optimization in the Bandit Setting", ICML 2010.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Field, Waves

PRIOR_FALL = 0.5  # a wave lowers the margin by half of the usual size of an effect
UNEXPLAINED = 0.3  # variance that neither frequency, direction nor colour accounts for
COLOUR_ALONE = 0.3  # share of the kernel that holds for any frequency and direction
OCTAVES = 0.8  # length scale in log frequency
RANDOM, NEAR = 300, 20  # candidates: at random, and near each of the three best


@dataclass(frozen=True)
class Heard:
    """Waves that were shown over the whole input, and how far each lowered the margin, nats."""

    waves: Waves
    falls: NDArray[np.float64]

    def after(self, wave: Waves, fall: float) -> "Heard":
        """With one more wave heard."""
        return Heard(self.waves.join(wave), np.append(self.falls, fall))

    def best(self, count: int) -> NDArray[np.intp]:
        """Indices of those that lowered it most."""
        return np.argsort(-self.falls, kind="stable")[:count]


@dataclass(frozen=True)
class Outlook:
    """What the process expects of waves: mean fall and its standard deviation, each (n,)."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]


def silent(field: Field) -> Heard:
    """Nothing heard yet."""
    return Heard(field.random_waves(0, np.random.default_rng(0)), np.empty(0))


def likeness(a: Waves, b: Waves) -> NDArray[np.float64]:
    """Kernel between waves, (len(a), len(b)); a wave and its opposite direction or colour are the same."""
    octaves = (np.log(a.cycles)[:, None] - np.log(b.cycles)) / OCTAVES
    angle = 4 * (1 - (a.direction @ b.direction.T) ** 2)  # = |difference of (cos 2 theta, sin 2 theta)|^2
    return np.asarray((COLOUR_ALONE + np.exp(-0.5 * (octaves**2 + angle))) * (a.colour @ b.colour.T) ** 2)


def outlook(heard: Heard, waves: Waves) -> Outlook:
    """What to expect of waves after those heard, in units of the usual size of an effect."""
    if not len(heard.waves):
        return Outlook(np.full(len(waves), PRIOR_FALL), np.ones(len(waves)))
    usual = max(float(np.sqrt(np.mean(heard.falls**2))), 1e-9)
    known = likeness(heard.waves, heard.waves) + UNEXPLAINED * np.eye(len(heard.waves))
    root = np.linalg.cholesky(known)
    towards = np.linalg.solve(root, likeness(heard.waves, waves))
    surprise = np.linalg.solve(root, heard.falls / usual - PRIOR_FALL)
    variance = 1 + COLOUR_ALONE - np.square(towards).sum(axis=0)
    return Outlook(PRIOR_FALL + surprise @ towards, np.sqrt(np.maximum(variance, 1e-9)))


def candidates(heard: Heard, field: Field, rng: np.random.Generator) -> Waves:
    """Waves at random, and some near the best heard."""
    waves = field.random_waves(RANDOM, rng)
    if not len(heard.waves):
        return waves
    return waves.join(field.waves_near(heard.waves.pick(np.repeat(heard.best(3), NEAR)), rng))


def promising_wave(heard: Heard, field: Field, rng: np.random.Generator) -> Waves:
    """The wave with the greatest optimistic fall: mean + 1 standard deviation."""
    waves = candidates(heard, field, rng)
    expected = outlook(heard, waves)
    return waves.pick([int((expected.mean + expected.deviation).argmax())])


def drawn_wave(heard: Heard, field: Field, rng: np.random.Generator) -> Waves:
    """A wave by Thompson's rule: the best of one random draw of what each may bring."""
    waves = candidates(heard, field, rng)
    expected = outlook(heard, waves)
    drawn = rng.normal(expected.mean, expected.deviation)
    return waves.pick([int(drawn.argmax())])

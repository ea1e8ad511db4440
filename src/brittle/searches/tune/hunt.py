"""Where to look next for the least level that flips: Bayesian optimisation under a constraint.

A point is a level with free parameters. What is to be least is the level, which is known; what must hold is
that the margin there is below 0, which the model has to be asked. So the next point is the one with the
greatest expected improvement of the level times the probability that it flips (Gardner et al., "Bayesian
Optimization with Inequality Constraints", ICML 2014). The Gaussian process is one of how far the margin falls
for each unit of amplitude: at level 0 nothing falls, and no query is spent to learn that.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import InputSpec
from brittle.optimise.candidates import candidates, climbed
from brittle.optimise.gp import Posterior, posterior
from brittle.optimise.hand import HandPrior
from brittle.optimise.history import no_history
from brittle.optimise.kinds import Line
from brittle.optimise.space import Points, Space
from brittle.searches.tune.family import Family, Free
from brittle.searches.tune.tuning import TUNING

STRENGTH = "strength"  # the name of the level among the parameters
DIGITS = 4  # of what is shown, so that what is said of a trial remakes it


@dataclass(frozen=True)
class Trial:
    """A member of a family: its level in the family's unit, the strength of that, and the free parameters."""

    level: float
    strength: float
    free: Free

    def said(self) -> str:
        """The free parameters as text."""
        return " ".join(f"{name}={_said(value)}" for name, value in self.free.items())


class Hunt:
    """Looks for the least level of one family on one sample: ask for a trial, tell its margin.

    clean: the margin of the untouched sample, nats, above 0. aim: trials that are expected; the fewer are
    left, the smaller the improvements that count. least: of the trials that flipped, the one of least level.
    ended: there is nothing more to ask for, as the weakest level flipped.
    """

    def __init__(
        self, family: Family, spec: InputSpec, clean: float, aim: int, rng: np.random.Generator
    ) -> None:
        self.family, self.clean, self.aim, self.rng = family, clean, aim, rng
        self.space = Space({STRENGTH: Line(0, 1), **family.free(spec)})
        self.prior = HandPrior(self.space.groups)
        self.least: Trial | None = None
        self.ended = False
        self._points: Points = np.empty((0, self.space.columns))
        self._margins: NDArray[np.float64] = np.empty(0)
        self._history = no_history(self.space.size)

    def ask(self) -> Trial:
        """What to show next."""
        return self.trial(self._first() if len(self._points) < len(TUNING.first_strengths) else self._next())

    def trial(self, point: NDArray[np.float64]) -> Trial:
        """A point of the space as it is shown, its numbers rounded to a few digits."""
        values = {name: _rounded(value) for name, value in self.space.dict_of(point).items()}
        return self._at(values.pop(STRENGTH), values)

    def weaker(self, trial: Trial, strength: float) -> Trial:
        """The same member of the family at another strength."""
        return self._at(strength, trial.free)

    def _at(self, strength: float, free: Free) -> Trial:
        level = _rounded(self.family.level.at(strength))
        return Trial(level, self.family.level.strength(level), free)

    def tell(self, trial: Trial, margin: float) -> None:
        """The margin of a trial, nats."""
        if margin < 0 and (self.least is None or trial.strength < self.least.strength):
            self.least = trial
            self.ended = trial.strength <= self.family.level.least_step / 2
        point = self.space.point_of({STRENGTH: min(max(trial.strength, 0.0), 1.0), **trial.free})
        self._points = np.concatenate([self._points, point[None]])
        self._margins = np.append(self._margins, margin)
        fall = (max(margin, -TUNING.deepest * self.clean) - self.clean) / self._amplitude(point[:1])[0]
        self._history = self._history.after(self.space.features(point[None])[0], fall)

    def _first(self) -> NDArray[np.float64]:
        """A point at random, at one of the first strengths; weaker than the least that flipped."""
        point = self.space.random(1, self.rng)[0]
        point[0] = TUNING.first_strengths[len(self._points)]
        if self.least is not None:
            point[0] = min(point[0], self.rng.uniform(*TUNING.first_shares) * self.least.strength)
        return np.asarray(point)

    def _next(self) -> NDArray[np.float64]:
        """The point of the greatest expected improvement, of many considered."""
        model = posterior(self.prior, self._history)
        points = candidates(self.space, self._best(), TUNING.candidates, self.rng)
        if self.least is not None:
            points[: len(points) // 2, 0] *= self.least.strength
        return np.asarray(climbed(self.space, points, lambda p: self._scores(model, p), self.rng)[0])

    def _best(self) -> Points:
        """Points in order: those that flipped, weak ones first, then the others by their margins."""
        flipped = self._margins < 0
        return self._points[np.lexsort([np.where(flipped, self._points[:, 0], self._margins), ~flipped])]

    def _scores(self, model: Posterior, points: Points) -> NDArray[np.float64]:
        """ln of (expected improvement of the strength x probability of a flip), (n,)."""
        needed = (-self.clean / self._amplitude(points[:, 0]) - model.given.shift) / model.given.scale
        mean, deviation = model(self.space.features(points))
        gain = self._wanted() - points[:, 0]
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.maximum(gain, 0)) + log_probability((needed - mean) / deviation))

    def _wanted(self) -> float:
        """The strength that a trial must be below to count as an improvement."""
        if self.least is None:
            return TUNING.strength_of_none
        left = max(0.0, 1 - len(self._points) / (TUNING.bold_share * self.aim))
        bold = min(TUNING.boldness * left, self.least.strength / 2)
        return self.least.strength - max(bold, self.family.level.least_step / 2)

    def _amplitude(self, strength: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.family.level.amplitude(strength))


def log_probability(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln of the probability that a standard normal variable is below z, finite far below 0 too."""
    from scipy.special import log_ndtr  # noqa: PLC0415  # a search that is not played starts without it

    return np.asarray(log_ndtr(z))


def _rounded(value: Any) -> Any:
    """A number, or each of several, to a few digits; anything else as it is."""
    if isinstance(value, tuple):
        return tuple(map(_rounded, value))
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ",".join(map(_said, value)) + ")"
    return f"{value:g}" if isinstance(value, float) else str(value)

"""Bayesian optimisation, one point at a time: ask for a point, tell its value.

optimiser = Optimiser(Space(rate=Log(1e-4, 1), size=Line(0, 1)), budget=25)
for _ in range(25):
    point = optimiser.ask()
    optimiser.tell(point, f(point))
optimiser.result().best
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError
from brittle.core.seeds import generator
from brittle.optimise.acquisition import Acquisition, Proposing
from brittle.optimise.candidates import CENTRES, candidates, climbed
from brittle.optimise.gp import Posterior, posterior
from brittle.optimise.hand import HandPrior
from brittle.optimise.history import no_history
from brittle.optimise.opening import acquisition_of, prior_of
from brittle.optimise.prior import Prior
from brittle.optimise.space import Points, Space

CANDIDATES = 512  # considered for every evaluation
RANDOM_STARTS = 3  # evaluations before the hand-made prior says anything; a learned one needs none


@dataclass(frozen=True)
class Evaluation:
    """A point, by the names of its parameters, and what was answered there."""

    point: Mapping[str, Any]
    value: float


@dataclass(frozen=True)
class Optimised:
    """What an optimiser found. best: the best point evaluated, and its value; history: all, in order."""

    best: Mapping[str, Any]
    value: float
    history: tuple[Evaluation, ...]


class Optimiser:
    """Chooses points of a space. Same seed and same answers, same points.

    budget: evaluations that are expected; learned acquisitions take it into account, nothing ends at it.
    prior: "hand", a file of brittle train, or a Prior.
    acquisition: "ei", "ucb", "thompson", a file of brittle train, or an Acquisition.
    history: evaluations of earlier runs on the same function; they are not counted.
    maximise: greater values are better. Raises UsageError.
    """

    def __init__(
        self,
        space: Space,
        budget: int = 25,
        *,
        prior: str | Path | Prior = "hand",
        acquisition: str | Path | Acquisition = "ei",
        seed: int = 0,
        history: Iterable[Evaluation] = (),
        maximise: bool = False,
    ) -> None:
        if budget < 1:
            raise UsageError(f"expected a budget of one evaluation or more, got {budget}")
        self.space, self.budget, self.seed = space, budget, seed
        self.sign = -1.0 if maximise else 1.0
        self.prior: Prior = prior_of(prior, space)
        self.acquisition: Acquisition = acquisition_of(acquisition, space, seed)
        self._points: Points = np.empty((0, space.columns))
        self._history = no_history(space.size)
        self._evaluations: list[Evaluation] = []
        self._asked: dict[str, Any] | None = None
        for evaluation in history:
            self.tell(evaluation.point, evaluation.value)
        self._earlier = len(self._evaluations)

    def ask(self) -> dict[str, Any]:
        """The point to evaluate next; the same one until a value is told."""
        if self._asked is None:
            self._asked = self.space.dict_of(self._choose())
        return dict(self._asked)

    def tell(self, point: Mapping[str, Any], value: float) -> None:
        """The value of a point, one that was asked for or any other of the space. Raises UsageError."""
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = np.nan
        if not np.isfinite(number):
            raise UsageError(f"expected a finite value, got {value}; leave it out, or tell a bad one instead")
        row = self.space.point_of(point)
        self._points = np.concatenate([self._points, row[None]])
        self._history = self._history.after(self.space.features(row[None])[0], self.sign * number)
        self._evaluations.append(Evaluation(dict(point), number))
        self._asked = None

    def result(self) -> Optimised:
        """What was found so far. Raises UsageError before the first value."""
        if not self._evaluations:
            raise UsageError("expected one value at least before the result; call tell first")
        best = self._evaluations[int(self._history.best(1)[0])]
        return Optimised(best.point, best.value, tuple(self._evaluations))

    def predict(self, points: Iterable[Mapping[str, Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation that the model expects of the function at these points, each (n,)."""
        rows = np.array([self.space.point_of(point) for point in points]).reshape(-1, self.space.columns)
        mean, deviation = posterior(self.prior, self._history).predict(self.space.features(rows))
        return self.sign * mean, deviation

    def _choose(self) -> NDArray[np.float64]:
        history, space = self._history, self.space
        rng = generator(self.seed, "optimise", len(history))
        if isinstance(self.prior, HandPrior) and len(history) < RANDOM_STARTS:
            return np.asarray(space.random(1, rng)[0])
        model = posterior(self.prior, history)
        left = max(1, self.budget - (len(history) - self._earlier))

        def scores(points: Points) -> NDArray[np.float64]:
            found = self.acquisition.scores(model, space.features(points), left)
            return np.asarray(np.where(np.isfinite(found), found, -np.inf))

        points = candidates(space, self._points[history.best(CENTRES)], CANDIDATES, rng)
        points = np.concatenate([points, self._proposals(model, left, rng)])
        if self.acquisition.refined:
            return np.asarray(climbed(space, points, scores, rng)[0])
        return np.asarray(points[int(scores(points).argmax())])

    def _proposals(self, model: Posterior, left: int, rng: np.random.Generator) -> Points:
        if not isinstance(self.acquisition, Proposing):
            return np.empty((0, self.space.columns))
        return self.space.points(self.acquisition.proposals(model, left, rng))

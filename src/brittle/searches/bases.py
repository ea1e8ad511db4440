"""BASES: the weights of an ensemble of surrogates are searched, two queries each, by what the model answers.

Cai, Song, Krishnamurthy, Roy-Chowdhury and Asif, "Blackbox Attacks via Surrogate Ensemble Search", NeurIPS
2022 (arXiv 2208.03610), algorithm 1, with the settings of the authors' code (CSIPlab/BASES): ten steps by the
sign of the weighted margins' gradient, three radii in all, from the last change on; a weight is moved by
0.005, which is halved where a round changes nothing more. What is ours: inputs are shown as a file holds
them.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError
from brittle.core.field import Field, as_input, norm, unit
from brittle.core.sample import Array
from brittle.core.search import Game, InputBoard, Search
from brittle.core.sphere import L2Sphere
from brittle.searches.radius import l2_radius
from brittle.settings import Settings, setting


class Bases(Settings):
    """Search over the weights of surrogates, within an L2 distance; it needs surrogates.

    The radius is max_l2, or without one that of ripple.
    """

    name: ClassVar[str] = "bases"
    board: ClassVar[str] = "input"
    takes_surrogates: ClassVar[bool] = True
    needs_surrogates: ClassVar[bool] = True
    rate: float = setting(0.005, "by what a weight is moved at first", gt=0)
    steps: int = setting(10, "steps on the surrogates for a query", ge=1)
    length: float = setting(3.0, "of all steps together, in radii", gt=0)

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, one row at a time, until its first flip."""
        if not game.leads:
            raise UsageError("bases needs surrogates; name some with --surrogate")
        sphere, goal, rate = L2Sphere(game.sample), game.goal, self.rate
        weights = np.full(len(game.leads), 1 / len(game.leads))
        best = self._descended(game, np.zeros_like(Field(game.sample.spec).of(game.sample.x)), weights)
        answers = yield sphere.at(unit(best), norm(best)).codes[None]
        queries, turn, last = 1, 0, 0
        while not goal.flipped(answers)[0]:
            tried = []
            for sign in (1, -1):
                moved = weights.copy()
                moved[turn] += sign * rate
                change = self._descended(game, best, moved)
                answers = yield sphere.at(unit(change), norm(change)).codes[None]
                queries += 1
                if goal.flipped(answers)[0]:
                    return
                tried.append((float(goal.margin(answers)[0]), moved, change))
            _, weights, best = tried[0] if tried[0][0] < tried[1][0] else tried[1]
            last, turn = turn, (turn + 1) % len(weights)
            if queries > 5 and last == turn:
                rate /= 2

    def _descended(self, game: Game[InputBoard], start: Array, weights: NDArray[np.float64]) -> Array:
        """The change that the steps lead to from another one."""
        spec, fields = game.sample.spec, Field(game.sample.spec)
        clean, radius = fields.of(game.sample.x), l2_radius(game)
        stride, change = np.float32(self.length * radius / self.steps), start
        for _ in range(self.steps):
            x = np.ascontiguousarray(as_input(clean + change, spec))[None]
            found = zip(weights, (lead.gradient(x)[0] for lead in game.leads), strict=True)
            gradient: Array = np.sum([np.float32(w) * g for w, g in found], axis=0)
            change = np.asarray(change - stride * np.sign(fields.of(gradient)), np.float32)
            change *= np.float32(min(1.0, radius / max(norm(change), 1e-20)))
            change = np.asarray(np.clip(clean + change, *spec.bounds) - clean)
        return change

"""Square Attack: random squares, each kept when it lowers the loss.

Andriushchenko, Croce, Flammarion and Hein, "Square Attack: a query-efficient black-box adversarial attack via
random search", ECCV 2020 (arXiv 1912.00049), after the authors' code (max-andr/square-attack): the start, the
windows, the schedule and the losses are theirs. What is ours: candidates are shown as a file holds them, and
squares are segments of a signal and cubes of a clip.
"""

from abc import abstractmethod
from itertools import count
from typing import ClassVar, Protocol

import numpy as np

from brittle.core.field import Field, usual_l2
from brittle.core.goal import Goal
from brittle.core.sample import Array, Codes
from brittle.core.search import Game, InputBoard, Search
from brittle.searches.descent import TRANSFER, descended, noise_field
from brittle.searches.losses import cross_entropy
from brittle.searches.radius import linf_radius
from brittle.searches.square.l2 import L2Squares
from brittle.searches.square.linf import LinfSquares
from brittle.searches.square.tuning import TUNING
from brittle.searches.square.windows import share_at
from brittle.settings import Settings, setting


class Squares(Protocol):
    """How changes of one sample begin, go on, and are shown."""

    def start(self, rng: np.random.Generator) -> Array:
        """The first change, a field."""

    def step(self, change: Array, share: float, rng: np.random.Generator) -> Array:
        """Another change, made from one in windows of a share of the input."""

    def shown(self, change: Array) -> Codes:
        """The input with a change, as a move of an InputBoard."""


class _Square(Settings):
    """What both members share."""

    board: ClassVar[str] = "input"
    p_init: float = setting(0.1, "share of the elements in the first squares", gt=0, le=1)
    schedule: int = setting(
        TUNING.schedule, "queries in which squares shrink; the budget ends it before", ge=1
    )

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, one row at a time, until its first flip."""
        squares, rng = self.squares(game), game.rng
        tried = best = self.first(squares, game)
        least = np.inf
        for turn in count():
            answers = yield squares.shown(tried)[None]
            if game.goal.flipped(answers)[0]:
                return
            loss = _loss(game.goal, answers)
            if loss < least:
                best, least = tried, loss
            tried = squares.step(best, share_at(turn, self.p_init, self.schedule), rng)

    def first(self, squares: Squares, game: Game[InputBoard]) -> Array:
        """The change that is shown first."""
        return squares.start(game.rng)

    @abstractmethod
    def squares(self, game: Game[InputBoard]) -> Squares:
        """The changes of one game."""


class SquareL2(_Square):
    """Square Attack within an L2 distance: random squares that keep what lowers the margin.

    eps: L2 radius, at most max_l2; None is max_l2, or without one L2 5 for a photo and as much per element
    elsewhere, as ripple has it. With surrogates it starts from where many steps on them lead, and not from
    patches.
    """

    name: ClassVar[str] = "square-l2"
    takes_surrogates: ClassVar[bool] = True
    eps: float | None = setting(None, "L2 radius; default max_l2, or as ripple's without one", gt=0)

    def squares(self, game: Game[InputBoard]) -> L2Squares:
        """The changes of one game."""
        limits = [limit for limit in (self.eps, game.terms.max_l2) if limit is not None]
        return L2Squares(game.sample, min(limits, default=usual_l2(game.sample.spec)))

    def first(self, squares: Squares, game: Game[InputBoard]) -> Array:
        """Patches; or a transferred change of the radius, clipped to the input's bounds."""
        if not game.leads:
            return super().first(squares, game)
        spec, fields = game.sample.spec, Field(game.sample.spec)
        radius, weights = self.squares(game).radius, np.ones(len(game.leads))
        noise = noise_field(fields, game.rng)
        field = descended(game.sample, game.leads, weights, noise, radius, TRANSFER, game.rng)
        clean = fields.of(game.sample.x)
        return np.asarray(np.clip(clean + np.float32(radius) * field, *spec.bounds) - clean)


class SquareLinf(_Square):
    """Square Attack within an L-infinity distance: stripes, then random squares.

    eps: radius as a share of the span; less where a change by it everywhere were farther than max_l2.
    """

    name: ClassVar[str] = "square-linf"
    eps: float = setting(8 / 255, "L-infinity radius, as a share of the span", gt=0)
    p_init: float = setting(0.05, "share of the elements in the first squares", gt=0, le=1)

    def squares(self, game: Game[InputBoard]) -> LinfSquares:
        """The changes of one game."""
        return LinfSquares(game.sample, linf_radius(game, self.eps, self.name))


def _loss(goal: Goal, answers: Array) -> float:
    """What is to fall: the margin; for a target, as the authors have it, its cross-entropy. In nats."""
    losses = goal.margin(answers) if goal.target is None else cross_entropy(goal, answers)
    return float(losses[0])

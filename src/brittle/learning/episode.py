"""One game in play, for learning: what is seen, what a move shows, and what its answer is worth.

The reward of a query. Before the first flip: the fall of the margin, so that a game's rewards come to 1 when
the decision flips; beyond that, where the closest flip is looked for, the fall of log distance. Where the
game ends at the first flip, every query costs a little.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf, log, prod
from typing import Any

import numpy as np

from brittle.agent.network import clipped
from brittle.core import distance
from brittle.core.classifier import Classifier, check_answers, rounded
from brittle.core.errors import DataError
from brittle.core.goal import Goal
from brittle.core.play import Move, Play, Player
from brittle.core.sample import Array, Sample
from brittle.core.search import Board, Game, Terms

Observation = dict[
    str, Array
]  # world (W,), operators (o, T), places (p, F) in -5 to 5; odds (o, p, s), sum 1
COST = 0.005  # of a query, where the first flip ends the game
FORFEIT = 100  # queries that leaving a game unfinished costs: else giving up would be cheaper than playing on
FAR = 0.1  # RMS change, of the span, that the first flip's distance is measured against


@dataclass(frozen=True)
class Arena:
    """A model and the samples that games are played over.

    board: makes a sample's board, as the player needs. cost: of a query, where the first flip ends a game.
    """

    model: Classifier
    samples: Sequence[Sample]
    board: Callable[[Sample], Board]
    player: Player
    terms: Terms
    target: int | None = None
    k: int = 1
    cost: float = COST


@dataclass(frozen=True)
class Ended:
    """A game that is over. gain: sum of rewards. queries: rows shown; first: of the flip; l2: the closest."""

    gain: float
    queries: int
    first: int | None
    l2: float | None


class Episode:
    """A game in play. Call show with a move, ask the model, call take with its answer; until over."""

    def __init__(self, game: Game[Any], play: Play[Any, Any], cost: float) -> None:
        self.game, self.play, self._cost = game, play, 0.0 if game.terms.closest else cost
        self.state = play.start
        self.odds = play.moves(self.state)
        self.queries, self.gain, self.over = 1, 0.0, False
        self._clean = self._margin = max(play.clean, 1e-9)
        self._far = FAR * game.sample.spec.span * float(np.sqrt(game.sample.x.size))
        self._first: int | None = None
        self._l2: float | None = None
        self._proposal: Any = None
        self._x: Array = np.empty(0, np.float32)

    @property
    def left(self) -> int:
        """Queries a search would be left, by the referee's count: one is kept for what verifies a flip."""
        return self.game.terms.budget - 1 - self.queries - (self._first is not None)

    @property
    def ended(self) -> Ended:
        """How it went."""
        return Ended(self.gain, self.queries, self._first, self._l2)

    def observe(self) -> Observation:
        """What a policy sees."""
        view, total = self.play.observe(self.state), float(self.odds.sum())
        return {
            "world": clipped(view.world),
            "operators": clipped(view.operators),
            "places": clipped(view.places),
            "odds": np.asarray(self.odds / max(total, 1e-30), np.float32),
        }

    def show(self, action: int, out: Array) -> bool:
        """Render the input of a move, a flat index into the odds. False: there is none; the game is over."""
        move = Move(*(int(i) for i in np.unravel_index(action, self.odds.shape)))
        legal = self.odds[move.operator, move.place, move.size] > 0
        self._proposal = self.play.propose(self.state, move, self.game.rng) if legal else None
        if self._proposal is None:
            self.over = True
            return False
        self.game.board.render(self._proposal.row, out)
        self._x = out
        return True

    def give_up(self) -> float:
        """The reward of a move that shows nothing: what playing on would have cost."""
        reward = -self._cost * min(self.left, FORFEIT)
        self.gain += reward
        return reward

    def take(self, answer: Array) -> float:
        """The reward of the row shown last, by the model's answer to it, (classes,)."""
        margin = float(self.game.goal.margin(answer[None])[0])
        self.queries += 1
        reward = self._worth(margin) - self._cost
        self.state = self.play.accept(self.state, self._proposal, margin)
        self.odds = self.play.moves(self.state)
        flipped = self._first is not None
        self.over = self.left <= 0 or (flipped and not self.game.terms.closest)
        self.gain += reward
        return reward

    def _worth(self, margin: float) -> float:
        l2 = distance.l2(self.game.sample.x, self._x) if margin < 0 else inf
        limit = self.game.terms.max_l2
        if margin < 0 and limit is not None and l2 > limit + 1e-6:
            return 0.0
        fall = max(0.0, self._margin - max(margin, 0.0)) if self._first is None else 0.0
        self._margin -= fall
        worth = fall / self._clean
        if margin < 0:
            self._first = self._first or self.queries
            self._l2 = min(l2, self._l2 or inf)
            if self.game.terms.closest and (l2 < self._far or self.queries == self._first):
                worth += log(self._far / max(l2, 1e-9))
                self._far = max(l2, 1e-9)
        return worth


@dataclass
class Opponent:
    """An arena's model, whose every row is counted, and its clean answers, which are asked for once."""

    arena: Arena
    queries: int = 0
    batches: int = 0
    _clean: dict[int, Array] = field(default_factory=dict)

    def ask(self, x: Array) -> Array:
        """The model's answers to one batch, rounded as the referee does. Raises DataError for NaN."""
        self.queries += len(x)
        self.batches += 1
        answers = self.arena.model(x)
        check_answers(answers, len(x), len(self.arena.model.classes))
        if not np.isfinite(answers).all():
            raise DataError("the model answered NaN or infinity while an agent was learning on it")
        return rounded(answers)

    def look(self, numbers: Sequence[int], batch: int) -> None:
        """Know the clean answers of these samples; those known already are not asked for again."""
        new = [n for n in numbers if n not in self._clean]
        for start in range(0, len(new), batch):
            some = new[start : start + batch]
            spec = self.arena.model.input
            x = np.stack([spec.decode(spec.encode(self.arena.samples[n].x)) for n in some])
            self._clean.update(zip(some, self.ask(x), strict=True))

    def plays(self, number: int) -> bool:
        """Whether there is a game over this sample: its clean answer is right, and not the target."""
        return self._goal(number) is not None

    def begin(self, number: int, rng: np.random.Generator) -> Episode:
        """A new game over one sample. Raises DataError if there is none."""
        goal = self._goal(number)
        sample, arena = self.arena.samples[number], self.arena
        if goal is None:
            raise DataError(f"{sample.id}: the model is wrong about it before anything is changed")
        game = Game(sample, arena.board(sample), goal, arena.terms, self._clean[number], rng)
        return Episode(game, arena.player.play(game), arena.cost)

    def _goal(self, number: int) -> Goal | None:
        self.look([number], 1)
        clean, label, arena = self._clean[number], self.arena.samples[number].label, self.arena
        predicted = int(clean.argmax())
        label = predicted if label is None else label
        if not 0 <= label < len(clean) or label == arena.target:
            return None
        if Goal(label, k=arena.k).flipped(clean[None])[0] or (arena.k == 1 and label != predicted):
            return None
        return Goal(label, arena.target, arena.k)


def moves_of(episode: Episode) -> int:
    """How many moves there are: the actions of an environment."""
    return prod(episode.odds.shape)

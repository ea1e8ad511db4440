"""One game in play, for learning: what is seen, what a move shows, and what its answer is worth.

The reward of a query. Before the first flip: the drop of the margin as a share of the clean margin, so that a
game's rewards add up to 1 when the decision flips; beyond that, where the closest flip counts, the drop of
log L2. Where the game ends at the first flip, every query costs a little.
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
from brittle.learning.tuning import PPO_TUNING

# world (W,), operators (o, T), places (p, F), clipped as the network takes them; odds (o, p, s), sum 1
Observation = dict[str, Array]


@dataclass(frozen=True)
class TrainingTask:
    """A model, the samples that games are played on, and the rules of the games.

    board: makes a sample's board, as the player needs. query_cost: reward that a query costs, where the first
    flip ends a game.
    """

    model: Classifier
    samples: Sequence[Sample]
    board: Callable[[Sample], Board]
    player: Player
    terms: Terms
    target: int | None = None
    k: int = 1
    query_cost: float = PPO_TUNING.query_cost


@dataclass(frozen=True)
class EpisodeResult:
    """How a game went.

    gain: the return, the sum of rewards. queries: rows shown. first: query of the first flip; l2: of the
    closest flip; None where there is none.
    """

    gain: float
    queries: int
    first: int | None
    l2: float | None


class Episode:
    """A game in play. Call show with a move, ask the model, call take with its answer; until over."""

    def __init__(self, game: Game[Any], play: Play[Any, Any], query_cost: float) -> None:
        self.game, self.play, self._query_cost = game, play, 0.0 if game.terms.closest else query_cost
        self.state = play.start
        self.odds = play.moves(self.state)
        self.queries, self.gain, self.over = 1, 0.0, False
        self._clean_margin = self._least_margin = max(play.clean, 1e-9)
        span, size = game.sample.spec.span, game.sample.x.size
        self._l2_to_beat = PPO_TUNING.reference_rms * span * float(np.sqrt(size))
        self._first: int | None = None
        self._l2: float | None = None
        self._proposal: Any = None
        self._x: Array = np.empty(0, np.float32)

    @property
    def left(self) -> int:
        """Queries a search would be left, by the referee's count: one is kept for what verifies a flip."""
        return self.game.terms.budget - 1 - self.queries - (self._first is not None)

    @property
    def result(self) -> EpisodeResult:
        """How it went so far."""
        return EpisodeResult(self.gain, self.queries, self._first, self._l2)

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
        reward = -self._query_cost * min(self.left, PPO_TUNING.forfeit_queries)
        self.gain += reward
        return reward

    def take(self, answer: Array) -> float:
        """The reward of the row shown last, by the model's answer to it, (classes,)."""
        margin = float(self.game.goal.margin(answer[None])[0])
        self.queries += 1
        reward = self._progress(margin) - self._query_cost
        self.state = self.play.accept(self.state, self._proposal, margin)
        self.odds = self.play.moves(self.state)
        flipped = self._first is not None
        self.over = self.left <= 0 or (flipped and not self.game.terms.closest)
        self.gain += reward
        return reward

    def _progress(self, margin: float) -> float:
        """The reward of the row shown last without its cost: falls of the margin and of log L2."""
        l2 = distance.l2(self.game.sample.x, self._x) if margin < 0 else inf
        limit = self.game.terms.max_l2
        if margin < 0 and limit is not None and l2 > limit + 1e-6:
            return 0.0
        drop = max(0.0, self._least_margin - max(margin, 0.0)) if self._first is None else 0.0
        self._least_margin -= drop
        reward = drop / self._clean_margin
        if margin < 0:
            self._first = self._first or self.queries
            self._l2 = min(l2, self._l2 or inf)
            if self.game.terms.closest and (l2 < self._l2_to_beat or self.queries == self._first):
                reward += log(self._l2_to_beat / max(l2, 1e-9))
                self._l2_to_beat = max(l2, 1e-9)
        return reward


@dataclass
class CountedModel:
    """A task's model, whose every row is counted, and its clean answers, which are asked for once.

    queries: rows shown so far; batches: how often it was asked.
    """

    task: TrainingTask
    queries: int = 0
    batches: int = 0
    _clean: dict[int, Array] = field(default_factory=dict)

    def ask(self, x: Array) -> Array:
        """The model's answers to one batch, rounded as the referee does. Raises DataError for NaN."""
        self.queries += len(x)
        self.batches += 1
        answers = self.task.model(x)
        check_answers(answers, len(x), len(self.task.model.classes))
        if not np.isfinite(answers).all():
            raise DataError("the model answered NaN or infinity while an agent was learning on it")
        return rounded(answers)

    def ask_clean(self, numbers: Sequence[int], batch: int) -> None:
        """Ask for the clean answers of these samples, so many at once, where they are not known yet."""
        new = [n for n in numbers if n not in self._clean]
        for start in range(0, len(new), batch):
            some = new[start : start + batch]
            spec = self.task.model.input
            x = np.stack([spec.decode(spec.encode(self.task.samples[n].x)) for n in some])
            self._clean.update(zip(some, self.ask(x), strict=True))

    def can_play(self, number: int) -> bool:
        """Whether there is a game over this sample: its clean answer is right, and not the target."""
        return self._goal(number) is not None

    def begin(self, number: int, rng: np.random.Generator) -> Episode:
        """A new game over one sample. Raises DataError if there is none."""
        goal = self._goal(number)
        sample, task = self.task.samples[number], self.task
        if goal is None:
            raise DataError(f"{sample.id}: the model is wrong about it before anything is changed")
        game = Game(sample, task.board(sample), goal, task.terms, self._clean[number], rng)
        return Episode(game, task.player.play(game), task.query_cost)

    def _goal(self, number: int) -> Goal | None:
        self.ask_clean([number], 1)
        clean, label, task = self._clean[number], self.task.samples[number].label, self.task
        predicted = int(clean.argmax())
        label = predicted if label is None else label
        if not 0 <= label < len(clean) or label == task.target:
            return None
        if Goal(label, k=task.k).flipped(clean[None])[0] or (task.k == 1 and label != predicted):
            return None
        return Goal(label, task.target, task.k)


def moves_of(episode: Episode) -> int:
    """How many moves there are: the actions of an environment."""
    return prod(episode.odds.shape)

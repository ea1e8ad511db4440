"""One search in play, for learning: what is seen, what a move shows, and what its answer is worth.

The reward of a query. Before the first flip: the drop of the margin as a share of the clean margin, so that a
game's rewards add up to 1 when the decision flips; beyond that, where the closest flip counts, the drop of
log L2. Where the game ends at the first flip, every query costs a little.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf, log, nan
from typing import Any

import numpy as np

from brittle.core import distance
from brittle.core.classifier import Classifier
from brittle.core.goal import Goal
from brittle.core.play import Listener, Play, Player
from brittle.core.request import Request
from brittle.core.sample import Array, Sample
from brittle.core.search import Board, Game, InputBoard, Terms
from brittle.core.surrogate import Surrogate
from brittle.learning.curve import Update, mean
from brittle.learning.game import Exchange, Observation, move_of, observation_of
from brittle.learning.tuning import PPO_TUNING


@dataclass(frozen=True)
class TrainingTask:
    """Searches as a learning.game.Task: a model, samples, and the rules of the games.

    board: makes a sample's board, as the player needs. query_cost: reward that a query costs, where the first
    flip ends a game. surrogates: that games learn from. least_l2: share of the terms' max_l2 that a game's is
    drawn from, up to 1, all alike; 1 draws none.
    """

    model: Classifier
    samples: Sequence[Sample]
    board: Callable[[Sample], Board]
    player: Player
    terms: Terms
    target: int | None = None
    k: int = 1
    query_cost: float = PPO_TUNING.query_cost
    surrogates: tuple[Surrogate, ...] = ()
    least_l2: float = 1.0
    most_rows = 1

    @property
    def gamma(self) -> float:
        """Discount of a query."""
        return PPO_TUNING.gamma_closest if self.terms.closest else PPO_TUNING.gamma_first

    def prepare(self, sample: Sample) -> Exchange[Callable[[np.random.Generator], "Episode"] | None]:
        """How a game begins, where the clean answer is right, and not the target."""
        clean = (yield Request(InputBoard(sample), sample.x[None]))[0]
        goal = self._goal(sample, clean)
        return partial(self._begin, sample, goal, clean) if goal else None

    def _begin(self, sample: Sample, goal: Goal, clean: Array, rng: np.random.Generator) -> "Episode":
        terms = self.terms
        if terms.max_l2 is not None and self.least_l2 < 1:
            terms = replace(terms, max_l2=terms.max_l2 * rng.uniform(self.least_l2, 1))
        leads = tuple(surrogate.on(sample, goal) for surrogate in self.surrogates)
        game = Game(sample, self.board(sample), goal, terms, clean, rng, leads=leads)
        return Episode(game, self.player.play(game), self.query_cost)

    def _goal(self, sample: Sample, clean: Array) -> Goal | None:
        predicted = int(clean.argmax())
        label = predicted if sample.label is None else sample.label
        if not 0 <= label < len(clean) or label == self.target:
            return None
        if Goal(label, k=self.k).flipped(clean[None])[0] or (self.k == 1 and label != predicted):
            return None
        return Goal(label, self.target, self.k)

    def entry(
        self, update: int, queries: int, results: Sequence["EpisodeResult"], approx_kl: float
    ) -> Update:
        """The entry of the curve over these games."""
        flipped = [e for e in results if e.first is not None]
        return Update(
            update=update,
            queries=queries,
            games=len(results),
            gain=mean([e.gain for e in results]),
            flipped=mean([float(e.first is not None) for e in results]),
            first=mean([e.first for e in flipped if e.first]),
            l2=float(np.median([e.l2 for e in flipped if e.l2])) if flipped else nan,
            approx_kl=approx_kl,
        )


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
    """A search in play, as a learning.game.Game: a move is one query."""

    def __init__(self, game: Game[Any], play: Play[Any, Any], query_cost: float) -> None:
        self.game, self.play, self._query_cost = game, play, 0.0 if game.terms.closest else query_cost
        self.state = play.start
        self.odds = play.moves(self.state)
        self.queries, self.gain, self.over = 1, 0.0, False
        self._clean_margin = self._least_margin = max(play.clean, 1e-9)
        reference = PPO_TUNING.reference_rms * game.sample.spec.span
        self._l2_to_beat = float(np.sqrt(reference**game.terms.power * game.sample.x.size))
        self._first: int | None = None
        self._l2: float | None = None

    @property
    def sample(self) -> Sample:
        """What the game is over."""
        return self.game.sample

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
        return observation_of(self.play.observe(self.state), self.odds)

    def turn(self, action: int) -> Exchange[float]:
        """Show the input of a move, and learn from the answer."""
        move = move_of(action, self.odds)
        proposal = self.play.propose(self.state, move, self.game.rng) if move else None
        if proposal is None:
            reward, self.over = self._forfeit, True
        else:
            answers = yield Request(self.game.board, proposal.row[None])
            if isinstance(self.play, Listener):
                self.state = self.play.told(self.state, answers[0])
            margin = float(self.game.goal.margin(answers)[0])
            self.queries += 1
            reward = self._progress(proposal, margin) - self._query_cost
            self.state = self.play.accept(self.state, proposal, margin)
            self.odds = self.play.moves(self.state)
            self.over = self.left <= 0 or (self._first is not None and not self.game.terms.closest)
        self.gain += reward
        return reward

    @property
    def _forfeit(self) -> float:
        """The reward of a move that shows nothing: what playing on would have cost."""
        return -self._query_cost * min(self.left, PPO_TUNING.forfeit_queries)

    def _progress(self, proposal: Any, margin: float) -> float:
        """The reward of the row shown last without its cost: falls of the margin and of log L2."""
        l2 = self._distance(proposal) if margin < 0 else inf
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

    def _distance(self, proposal: Any) -> float:
        """How far the row shown last is from the sample, as the model saw it."""
        shown = np.empty_like(self.game.sample.x)
        self.game.board.render(proposal.row, shown)
        return distance.root_power(self.game.sample.x, shown, self.game.terms.power)

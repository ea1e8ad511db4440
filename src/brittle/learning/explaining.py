"""One explanation in play, for learning: what is seen, what a move shows, and what its answers are worth.

After every move the map as it stands is measured by its own curves, with rows that the explainer never sees.
The reward is the gain in insertion - deletion, so that a game's rewards add up to the worth of its last map.
How many rows a game has is drawn at random: what is found early pays in more of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from brittle.agent.explainer import ExplainerPlayer
from brittle.core.classifier import Classifier
from brittle.core.curves import MEASURES, curve_areas, curve_masks
from brittle.core.explain_run import ENDING, LEAST_BUDGET, LOST_PROBABILITY, Fill
from brittle.core.explainer import Scene
from brittle.core.request import Request
from brittle.core.sample import Array, Sample
from brittle.core.search import InputBoard
from brittle.core.veil import Veil
from brittle.explainers.player import ExplainerPlay
from brittle.learning.curve import ExplainerUpdate, mean
from brittle.learning.game import Exchange, Observation, move_of, observation_of
from brittle.learning.tuning import PPO_TUNING


@dataclass(frozen=True)
class ExplainerTask:
    """Explanations as a learning.game.Task: a model, samples, and the rules of the games.

    fills: the first that loses the class is used. budget: most rows that an explanation may take, those that
    follow the map included, as brittle explain counts them.
    """

    model: Classifier
    samples: Sequence[Sample]
    fills: Sequence[Fill]
    player: ExplainerPlayer
    budget: int
    gamma: float = PPO_TUNING.gamma_explained

    @property
    def most_rows(self) -> int:
        """Rows of a move, at most, and of both curves of the map."""
        return self.player.most_rows(self.budget) + 2 * len(MEASURES)

    def prepare(self, sample: Sample) -> Exchange[Callable[[np.random.Generator], "Explanation"] | None]:
        """How a game begins, where the clean answer is right and a fill loses its class."""
        clean = (yield Request(InputBoard(sample), sample.x[None]))[0]
        explained = int(clean.argmax())
        if sample.label not in (None, explained):
            return None
        for number, fill in enumerate(self.fills):
            veil = Veil(sample, fill(sample))
            filled = (yield Request(InputBoard(sample), veil.fill[None]))[0]
            if filled[explained] <= LOST_PROBABILITY * clean[explained]:
                return partial(self._begin, veil, explained, clean, filled, number + 2)
        return None

    def _begin(
        self, veil: Veil, explained: int, clean: Array, filled: Array, shown: int, rng: np.random.Generator
    ) -> "Explanation":
        """A game of a random budget. shown: rows that an explanation was shown before its explainer."""
        rows = int(rng.integers(LEAST_BUDGET, self.budget, endpoint=True)) - shown - ENDING
        scene = Scene(veil.sample, veil.fill, explained, clean, filled, rows, rng, MEASURES)
        return Explanation(scene, veil, self.player.play(scene))

    def entry(
        self, update: int, queries: int, results: Sequence["ExplanationResult"], approx_kl: float
    ) -> ExplainerUpdate:
        """The entry of the curve over these games."""
        return ExplainerUpdate(
            update=update,
            queries=queries,
            games=len(results),
            gain=mean([e.gain for e in results]),
            score=mean([e.score for e in results]),
            rows=mean([e.rows for e in results]),
            approx_kl=approx_kl,
        )


@dataclass(frozen=True)
class ExplanationResult:
    """How a game went. gain: the return. score: insertion - deletion of the last map. rows: that it took."""

    gain: float
    score: float
    rows: int


class Explanation:
    """An explanation in play, as a learning.game.Game: a move shows some rows, then the map is measured."""

    def __init__(self, scene: Scene, veil: Veil, play: ExplainerPlay[Any, Any]) -> None:
        self.scene, self.veil, self.play = scene, veil, play
        self.state = play.start
        self.odds = play.moves(self.state)
        self.queries, self.rows, self.gain, self.score = 0, 0, 0.0, 0.0
        self.over = not self.odds.any()

    @property
    def sample(self) -> Sample:
        """What is explained."""
        return self.scene.sample

    @property
    def result(self) -> ExplanationResult:
        """How it went so far."""
        return ExplanationResult(self.gain, self.score, self.rows)

    def observe(self) -> Observation:
        """What a policy sees."""
        return observation_of(self.play.observe(self.state), self.odds)

    def turn(self, action: int) -> Exchange[float]:
        """Show the masks of a move, learn from the answers, and measure the map."""
        move = move_of(action, self.odds)
        proposal = self.play.propose(self.state, move, self.scene.rng) if move else None
        if proposal is None:
            self.over = True
            return 0.0
        answers = yield Request(self.veil, proposal.rows)
        self.state = self.play.accept(self.state, proposal, answers)
        self.rows += len(answers)
        reward = yield from self._gained()
        self.queries += len(answers) + 2 * len(MEASURES)
        self.gain += reward
        self.odds = self.play.moves(self.state)
        self.over = not self.odds.any()
        return reward

    def _gained(self) -> Exchange[float]:
        """How much the map is better than the one before."""
        scene, before = self.scene, self.score
        answers = yield Request(self.veil, curve_masks(self.play.attribution(self.state).map, MEASURES))
        clean, filled = scene.scores(np.stack([scene.clean, scene.filled])).tolist()
        insertion, deletion = curve_areas(MEASURES, scene.scores(answers), filled, clean)
        self.score = insertion - deletion
        return self.score - before

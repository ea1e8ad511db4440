"""Games that teach the agent of rlab: the search itself, under the referee, with epsilon-greedy choices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from brittle.core.canvas import Canvas
from brittle.core.classifier import Classifier
from brittle.core.referee import Referee
from brittle.core.request import SampleRun
from brittle.core.result import SearchResult, Status
from brittle.core.sample import Array, Sample
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import Game, Search, Terms
from brittle.core.seeds import generator
from brittle.learning.rlab.replay import Transition
from brittle.learning.settings import DuelingSettings
from brittle.learning.tuning import DUELING_TUNING
from brittle.searches.rlab.net import Dueling
from brittle.searches.rlab.search import play_steps
from brittle.searches.rlab.view import Choice, View


@dataclass(frozen=True)
class RlabTask:
    """A model to learn on, and what is played on it.

    samples: ids; open: reads one. board: makes a sample's canvas. max_l2: greatest L2 a flip may have.
    """

    model: Classifier
    samples: Sequence[str]
    open: Callable[[str], Sample]
    board: Callable[[Sample], Canvas]
    max_l2: float | None = None


@dataclass(frozen=True)
class RoundResult:
    """What the games of one round brought. results: of the samples that were not misclassified before."""

    transitions: list[Transition]
    results: list[SearchResult]


@dataclass
class ExploringAgent:
    """An epsilon-greedy agent that keeps its transitions; price: reward that a step costs."""

    agent: Dueling
    epsilon: float
    price: float
    rng: np.random.Generator
    transitions: list[Transition] = field(default_factory=list)
    _view: View | None = None
    _choice: Choice | None = None

    def choose(self, view: View, reward: float) -> Choice:
        """The agent's choice, each part of it at random with probability epsilon."""
        self._keep(reward, view)
        choice = self.agent.choose(view, reward)
        amount, layer = choice.amount, choice.layer
        if self.rng.random() < self.epsilon:
            amount = int(self.rng.integers(len(view.amounts)))
        if self.rng.random() < self.epsilon:
            layer = 1 + int(self.rng.integers(len(view.layers)))
        self._view, self._choice = view, Choice(amount, layer)
        return self._choice

    def end(self, reward: float) -> None:
        """The last choice flipped the decision."""
        self._keep(reward, None)

    def _keep(self, reward: float, next_view: View | None) -> None:
        """Keep the transition from the last view, which its reward completes."""
        if self._view is not None and self._choice is not None:
            self.transitions.append(Transition(self._view, self._choice, reward - self.price, next_view))


@dataclass(frozen=True)
class ExploringSearch:
    """rlab played by exploring agents; it ends at the flip, without a clean-up. agent_of: by sample id."""

    name: ClassVar[str] = "rlab"
    board: ClassVar[str] = "cells"
    agent_of: Callable[[str], ExploringAgent]

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample."""
        yield from play_steps(game, self.agent_of(game.sample.id))


class InMemoryArchive:
    """An archive that holds inputs until they are read; games leave no files."""

    def __init__(self) -> None:
        self._kept: dict[str, Array] = {}

    def write(self, sample: str, name: str, x: Array) -> str:
        """Keep x until it is read."""
        file = f"{sample}/{name}"
        self._kept[file] = x
        return file

    def read(self, file: str) -> Array:
        """What was kept, once."""
        return self._kept.pop(file)


def play_round(
    tasks: Sequence[RlabTask], agent: Dueling, settings: DuelingSettings, round_: int
) -> RoundResult:
    """One round of games, shared among the models; the same for any order in which games end."""
    rng = generator(settings.seed, "rlab", "round", round_)
    transitions: list[Transition] = []
    results: list[SearchResult] = []
    for number, task in enumerate(tasks):
        games = len(range(number, settings.games, len(tasks)))
        names = list(rng.permutation(np.array(task.samples))[:games])
        agents: dict[str, ExploringAgent] = {}

        def agent_of(
            sample: str, at: int = number, made: dict[str, ExploringAgent] = agents
        ) -> ExploringAgent:
            # "student" names the stream of random numbers; another word would be another training
            own = generator(settings.seed, "rlab", "student", round_, at, sample)
            made[sample] = ExploringAgent(agent, settings.epsilon(round_), settings.price, own)
            return made[sample]

        terms = Terms(settings.budget, task.max_l2)
        rules = Rules(ExploringSearch(agent_of), task.board, terms, InMemoryArchive(), seed=settings.seed)
        results += _play(task, names, rules)
        transitions += [t for name in sorted(agents) for t in agents[name].transitions]
    return RoundResult(transitions, results)


def _play(task: RlabTask, names: Sequence[str], rules: Rules) -> list[SearchResult]:
    def sample_run(name: str) -> SampleRun[SearchResult]:
        return play_sample(name, lambda: task.open(name), rules)

    found = Referee(task.model, DUELING_TUNING.rows_at_once).play(sample_run(name) for name in names)
    return sorted((r for r in found if r.status is not Status.MISCLASSIFIED), key=lambda r: r.sample)

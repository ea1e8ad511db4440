"""Games that teach the agent of rlab: the search itself, under the referee, with choices partly at random."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from brittle.core.canvas import Canvas
from brittle.core.classifier import Classifier
from brittle.core.referee import Referee
from brittle.core.result import SearchResult, Status
from brittle.core.sample import Array, Sample
from brittle.core.sample_run import Rules, SampleRun, play_sample
from brittle.core.search import Game, Search, Terms
from brittle.core.seeds import generator
from brittle.learning.rlab.dueling import DuelingSettings
from brittle.learning.rlab.replay import Transition
from brittle.searches.rlab.net import Dueling
from brittle.searches.rlab.search import play_steps
from brittle.searches.rlab.view import Choice, View


@dataclass(frozen=True)
class World:
    """A model to learn on, and the samples to play on it. max_l2: greatest L2 a flip may have."""

    model: Classifier
    samples: Sequence[str]
    open: Callable[[str], Sample]
    board: Callable[[Sample], Canvas]
    max_l2: float | None = None


@dataclass(frozen=True)
class Played:
    """What the games of one round brought. results: of the samples that were not wrong before."""

    transitions: list[Transition]
    results: list[SearchResult]


@dataclass
class Student:
    """An agent that now and then chooses at random, and keeps what came of every choice."""

    agent: Dueling
    chance: float
    price: float
    rng: np.random.Generator
    transitions: list[Transition] = field(default_factory=list)
    _view: View | None = None
    _choice: Choice | None = None

    def choose(self, view: View, reward: float) -> Choice:
        """At random with this chance, each part of the choice by itself."""
        self._keep(reward, view)
        choice = self.agent.choose(view, reward)
        amount, colour = choice.amount, choice.colour
        if self.rng.random() < self.chance:
            amount = int(self.rng.integers(len(view.amounts)))
        if self.rng.random() < self.chance:
            colour = 1 + int(self.rng.integers(len(view.colours)))
        self._view, self._choice = view, Choice(amount, colour)
        return self._choice

    def end(self, reward: float) -> None:
        """The last choice flipped the decision."""
        self._keep(reward, None)

    def _keep(self, reward: float, then: View | None) -> None:
        if self._view is not None and self._choice is not None:
            self.transitions.append(Transition(self._view, self._choice, reward - self.price, then))


@dataclass(frozen=True)
class Lesson:
    """A search whose choices a student makes; it ends at the flip, without a clean-up."""

    name: ClassVar[str] = "rlab"
    board: ClassVar[str] = "cells"
    student: Callable[[str], Student]

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample."""
        yield from play_steps(game, self.student(game.sample.id))


class Memory:
    """An archive of nothing but the last input; games leave no files."""

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


def play_round(worlds: Sequence[World], agent: Dueling, settings: DuelingSettings, round_: int) -> Played:
    """One round of games, shared among the models; the same for any order in which games end."""
    rng = generator(settings.seed, "rlab", "round", round_)
    transitions: list[Transition] = []
    results: list[SearchResult] = []
    for number, world in enumerate(worlds):
        games = len(range(number, settings.games, len(worlds)))
        names = list(rng.permutation(np.array(world.samples))[:games])
        students: dict[str, Student] = {}

        def student(sample: str, at: int = number, made: dict[str, Student] = students) -> Student:
            own = generator(settings.seed, "rlab", "student", round_, at, sample)
            made[sample] = Student(agent, settings.chance(round_), settings.price, own)
            return made[sample]

        terms = Terms(settings.budget, world.max_l2)
        rules = Rules(Lesson(student), world.board, terms, Memory(), seed=settings.seed)
        results += _played(world, names, rules)
        transitions += [t for name in sorted(students) for t in students[name].transitions]
    return Played(transitions, results)


def _played(world: World, names: Sequence[str], rules: Rules) -> list[SearchResult]:
    def sample_run(name: str) -> SampleRun:
        return play_sample(name, lambda: world.open(name), rules)

    results = Referee(world.model, BATCH).play(sample_run(name) for name in names)
    return sorted((r for r in results if r.status is not Status.MISCLASSIFIED), key=lambda r: r.sample)


BATCH = 16  # rows the model is shown at once

"""Changes that all samples of a set share, and the way that tries the best of them on each sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from brittle.benchmarking.levels import DistanceLevel
from brittle.benchmarking.tuning import TUNING
from brittle.core.build_run import Play
from brittle.core.errors import DataError
from brittle.core.goal import Goal, JointGoal
from brittle.core.sample import Array, Codes, Sample
from brittle.core.scaling import Change, Direction, fill
from brittle.core.search import Search
from brittle.core.seeds import generator

Recipe = dict[str, Any]


class Patterns(Protocol):
    """Patterns of one kind. name: of the kind, and of its folder. way: which class of patterns they are."""

    @property
    def name(self) -> str: ...
    @property
    def way(self) -> str: ...

    def __len__(self) -> int: ...

    def pick(self, which: Sequence[int]) -> Self:
        """These of them, in this order."""

    def plain(self, index: int) -> Recipe:
        """The recipe by which a pattern is scored."""

    def candidates(self, count: int, rng: np.random.Generator) -> list[Recipe]:
        """Recipes to be tried on a sample, the most promising first."""

    def direction(self, sample: Sample, recipe: Recipe) -> Direction:
        """What a recipe does to a sample. Raises RunError for a recipe that makes no sense."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, that they are opened from again."""


class PatternBoard:
    """A board of one sample: a move (1,) is the index of a recipe, brought to a level. Implements Board."""

    def __init__(
        self, sample: Sample, patterns: Patterns, recipes: Sequence[Recipe], level: DistanceLevel
    ) -> None:
        self.sample, self.patterns, self.recipes, self.level = sample, patterns, recipes, level
        self._held: dict[int, Codes] = {}

    def reach(self, indices: Sequence[int]) -> list[int]:
        """Those that reach the level; they are held until others are asked for."""
        self._held = {}
        return [i for i in indices if self._hold(i)]

    def _hold(self, index: int) -> bool:
        reached = fill(self.sample, self.change(index).direction, self.level.share(self.sample, np.nan))
        if reached is not None:
            self._held[index] = self.sample.spec.encode(reached.x)
        return reached is not None

    def change(self, index: int) -> Change:
        """What a recipe does, at any distance."""
        recipe = self.recipes[index]
        return Change(self.patterns.direction(self.sample, recipe), dict(recipe))

    def render(self, move: NDArray[Any], out: Array) -> None:
        """Write the input of a move. Raises DataError where it does not reach the level."""
        index = int(move[0])
        if index not in self._held and not self._hold(index):
            raise DataError(f"{self.patterns.name} cannot be brought to the level {self.level.name}")
        self.sample.spec.decode(self._held[index], out)

    def recipe(self, move: NDArray[Any]) -> list[int] | None:
        """The index of the recipe."""
        return [int(move[0])]


@dataclass(frozen=True)
class SharedWay:
    """The best of a few shared patterns, chosen for each sample, a row each. Implements core's Way."""

    patterns: Patterns
    level: DistanceLevel
    budget: int
    seed: int

    @property
    def name(self) -> str:
        """Of the kind."""
        return self.patterns.name

    def goal(self, joint: JointGoal) -> Goal:
        """That of all surrogates."""
        return joint

    def __call__(self, sample: Sample, goal: Goal, clean: Array) -> Play:
        """Candidates one after the other, the most promising first."""
        rng = generator(self.seed, sample.id, self.name)
        recipes = self.patterns.candidates(self.budget, rng)
        board = PatternBoard(sample, self.patterns, recipes, self.level)
        return Play(
            board=board,
            search=tries(board, 1),
            change=lambda move: board.change(int(move[0])),
            rank=lambda move, margin: (margin,),
            budget=self.budget,
            best=(0.0,),
        )


def tries(board: PatternBoard, at_once: int = TUNING.rows_at_once) -> Search:
    """Every recipe that reaches its level, in order."""
    for start in range(0, len(board.recipes), at_once):
        ready = board.reach(range(start, min(start + at_once, len(board.recipes))))
        if ready:
            yield np.array(ready, np.intp)[:, None]

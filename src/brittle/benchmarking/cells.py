"""Changes on the cells board, by any search: HPE's way, and the user's own distortions cell by cell."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.benchmarking.levels import DistanceLevel
from brittle.core.build_run import Play
from brittle.core.canvas import Canvas, Palette, replay
from brittle.core.distance import l2
from brittle.core.errors import RunError
from brittle.core.goal import Goal, JointGoal
from brittle.core.grid import Grid
from brittle.core.sample import Array, Sample
from brittle.core.scaling import Change, Direction, in_codes
from brittle.core.search import Game, SearchFactory, Terms
from brittle.core.seeds import generator
from brittle.store.recipes import packed, unpacked


@dataclass(frozen=True)
class Board:
    """What a recipe {"assignment": text} means: cells and layers."""

    grid: Grid
    palette: Palette
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for benchmark.json."""
        layers = [asdict(layer) for layer in self.palette.layers]
        return {"cell": list(self.grid.cell), "seed": self.seed, "palette": layers}

    def canvas(self, sample: Sample) -> Canvas:
        """The board of one sample."""
        return Canvas(sample, self.grid, self.palette, self.seed)

    def direction(self, sample: Sample, recipe: Mapping[str, Any]) -> Direction:
        """What an assignment does to a sample. Raises RunError, UsageError."""
        try:
            assignment = unpacked(str(recipe.get("assignment")))
        except ValueError as error:
            raise RunError(f"a recipe is damaged: {error}") from error
        return difference(sample, replay(self.canvas(sample), assignment))


def difference(sample: Sample, x: Array) -> Direction:
    """What was added to a sample, in its codes where it is quantised."""
    step = in_codes(sample, np.subtract(x, sample.x, dtype=np.float64))
    return np.rint(step) if sample.spec.bits is not None else step


@dataclass(frozen=True)
class CellsWay:
    """A search on the cells of each sample. Implements core.build_run.Way.

    Where levels are multiples of the flip distance there is one surrogate, and the closest flip is kept; else
    the least joint margin within the level.
    """

    search: SearchFactory[Any]
    board: Board
    level: DistanceLevel
    budget: int
    name: str = "cells"

    @property
    def flips(self) -> bool:
        """Whether the closest flip is what levels are multiples of."""
        return self.level.measure == "flip"

    def goal(self, joint: JointGoal) -> Goal:
        """That of all surrogates, or the flip of the only one."""
        return Goal(joint.label) if self.flips else joint

    def __call__(self, sample: Sample, goal: Goal, clean: Array) -> Play:
        """The search's own moves, on the canvas of the sample."""
        canvas = self.board.canvas(sample)
        limit = None if self.flips else self.level.l2(sample.spec)
        rng = generator(self.board.seed, sample.id, self.search.name)
        game = Game(sample, canvas, goal, Terms(self.budget, limit), clean, rng)
        share = self.level.share(sample, np.nan)

        def shown(move: NDArray[Any]) -> Array:
            x = np.empty(sample.spec.shape, np.float32)
            canvas.render(move, x)
            return x

        def rank(move: NDArray[Any], margin: float) -> tuple[float, ...]:
            if self.flips:
                return (l2(sample.x, shown(move)) if margin < 0 else np.inf,)
            return float(share(shown(move)) > 1), margin

        def change(move: NDArray[Any]) -> Change:
            recipe = {"assignment": packed([int(k) for k in move])}
            return Change(difference(sample, shown(move)), recipe)

        best = None if self.flips else (0.0, 0.0)
        return Play(canvas, self.search(game), change, rank, self.budget, best)

"""HPE's published procedure for video without its agents, every row counted."""

from collections.abc import Generator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Canvas
from brittle.core.grid import Grid
from brittle.core.sample import Array
from brittle.core.search import Game, Search
from brittle.searches.clean_up import clean_up
from brittle.searches.sweep import Tiles, sweep_of, take_best
from brittle.settings import Settings, setting


class TwoStage(Settings):
    """Each round tries every frame whole, then the cells of the best frames, and takes the best of these.

    Babu et al., "Robustness Evaluation for Video Models with Reinforcement Learning", arXiv 2506.05431, 2025:
    when first, then where. A reconstruction, for no code of it is published. `rounds` in the result's notes
    counts rounds, queries counts the rows. Frames and cells are tried in one layer a round, drawn anew; whole
    frames are shown to choose among them, and not kept. Frames that share their cells count as one.
    """

    name: ClassVar[str] = "two-stage"
    board: ClassVar[str] = "cells"
    needs: ClassVar[tuple[str, ...]] = ("frame",)
    frames: int = setting(3, "frames a round whose cells are tried", ge=1)
    cells: int = setting(4, "cells taken a round", ge=1)

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, a whole sweep of frames or of cells a request."""
        assignment, frames = game.board.blank(), _frames(game.board.grid)
        margin = float(game.goal.margin(game.clean[None])[0])
        rounds = 0
        while margin >= 0 and (assignment == 0).any():
            rounds += 1
            game.notes["rounds"] = rounds
            cells = yield from self._cells(game, assignment, frames)
            taken = yield from take_best(game, assignment, margin, cells, self.cells)
            if taken is None:
                return
            assignment, margin = taken
        if margin < 0 and game.terms.closest:
            yield from clean_up(game, assignment)

    def _cells(
        self, game: Game[Canvas], assignment: Assignment, frames: Tiles
    ) -> Generator[Assignment, Array, Tiles]:
        """The untouched cells of the frames that lower the margin most when whole, each by itself.

        Every cell where the L2 limit allows no whole frame.
        """
        sweep, cells = sweep_of(game, assignment, frames), np.arange(len(assignment))
        if len(sweep):
            margins = game.goal.margin((yield sweep))
            best = sweep[np.argsort(margins, kind="stable")[: self.frames]]
            cells = np.flatnonzero((best != assignment).any(axis=0))
        return list(cells[:, None])


def _frames(grid: Grid) -> list[NDArray[np.intp]]:
    """The cells of every frame."""
    axis = [grid.spec.axes[i] for i in grid.spec.spatial].index("frame")
    cells = np.moveaxis(np.arange(grid.cells).reshape(grid.counts), axis, 0)
    return list(cells.reshape(len(cells), -1))

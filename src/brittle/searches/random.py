"""Random blocks of cells: the plain player that every other search has to beat."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from brittle.core.canvas import Assignment, Canvas
from brittle.core.search import Game, Search

TRIES = 200  # proposals thrown away unseen, because they are too far, before the search gives up


@dataclass(frozen=True)
class Random:
    """Random blocks of cells in random layers, kept when they bring the flip nearer or make it smaller.

    Before the first flip a block is kept if margin + price * RMS change falls; after it, only if the L2
    distance falls and the decision stays flipped. Blocks grow when they are kept and shrink when not.

    share:  of the cells in the first block, 0 to 1.
    grow, shrink: factors on the share after a kept and a refused block.
    remove: share of the moves after a flip that take distortion away.
    price:  nats that one unit of RMS change costs (relative to the input's span).
    patience: refused moves in a row, after a flip, at which it ends.
    """

    name: ClassVar[str] = "random"
    board: ClassVar[str] = "cells"
    share: float = 0.3
    grow: float = 1.15
    shrink: float = 0.97
    remove: float = 0.6
    price: float = 12.0
    patience: int = 300

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, one row at a time, until nothing is left to take away or patience ends."""
        canvas, goal = game.board, game.goal
        price = self.price / (np.sqrt(game.sample.x.size) * game.sample.spec.span)
        assignment, share, flipped, refused = canvas.blank(), self.share, False, 0
        value = float(goal.margin(game.clean[None])[0])
        reach = np.inf if game.terms.max_l2 is None else game.terms.max_l2
        while refused < self.patience:
            move = self._propose(game, assignment, share, reach, flipped)
            if move is None:
                return
            margin = float(goal.margin((yield move[None]))[0])
            l2 = canvas.l2(move)
            flips = margin < 0
            if flips or (not flipped and margin + price * l2 < value):
                assignment, value, refused = move, margin + price * l2, 0
                share = min(1.0, share * self.grow)
                if flips:
                    reach, share = l2, share if flipped else self.share
                    flipped = True
            else:
                share = max(1 / canvas.grid.cells, share * self.shrink)
                refused += flipped

    def _propose(
        self, game: Game[Canvas], assignment: Assignment, share: float, reach: float, flipped: bool
    ) -> Assignment | None:
        """A changed assignment nearer than `reach`; None if none turned up."""
        canvas, rng = game.board, game.rng
        grid = canvas.grid
        side = max(1, round((share * grid.cells) ** (1 / len(grid.counts))))
        worn = np.flatnonzero(assignment)
        for _ in range(TRIES):
            move = assignment.copy()
            if flipped and len(worn) and rng.random() < self.remove:
                move[grid.block(int(rng.choice(worn)), side)] = 0
            else:
                block = grid.block(int(rng.integers(grid.cells)), side)
                move[block] = rng.integers(1, canvas.layer_count + 1)
            if not np.array_equal(move, assignment) and canvas.l2(move) < reach:
                return move
            side = max(1, side - 1)
        return None

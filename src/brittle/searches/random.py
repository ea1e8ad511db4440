"""Random blocks of cells: the plain player that every other search has to beat."""

from typing import ClassVar

import numpy as np

from brittle.core.canvas import Assignment, Canvas
from brittle.core.search import Game, Search
from brittle.settings import Settings, setting

MAX_TRIES = 200  # assignments drawn for one move, and thrown away unseen as too far, before the search ends


class Random(Settings):
    """Random blocks of cells in random layers, kept when they bring the flip nearer or make it smaller.

    Before the first flip a block is kept if margin + price * RMS change drops; after it, only if the L2
    distance drops and the decision stays flipped. Blocks grow when they are kept and shrink when not.
    """

    name: ClassVar[str] = "random"
    board: ClassVar[str] = "cells"
    share: float = setting(0.3, "cells in the first block, as a share of all cells", gt=0, le=1)
    grow: float = setting(1.15, "factor on that share after a kept block", ge=1)
    shrink: float = setting(0.97, "factor on that share after a refused block", gt=0, le=1)
    remove: float = setting(0.6, "share of the moves after a flip that remove distortion", ge=0, le=1)
    price: float = setting(
        12.0, "nats that one unit of RMS change costs (relative to the input's span)", ge=0
    )
    patience: int = setting(300, "refused moves in a row, after a flip, at which it ends", ge=1)

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, one row at a time, until no cell is left to remove or patience ends."""
        canvas, goal = game.board, game.goal
        price = self.price / (np.sqrt(game.sample.x.size) * game.sample.spec.span)
        current, share, flipped, refused = canvas.blank(), self.share, False, 0
        value = float(goal.margin(game.clean[None])[0])
        l2_bound = np.inf if game.terms.max_l2 is None else game.terms.max_l2
        while refused < self.patience:
            move = self._propose(game, current, share, l2_bound, flipped)
            if move is None:
                return
            margin = float(goal.margin((yield move[None]))[0])
            l2 = canvas.l2(move)
            flips = margin < 0
            if flips or (not flipped and margin + price * l2 < value):
                current, value, refused = move, margin + price * l2, 0
                share = min(1.0, share * self.grow)
                if flips:
                    l2_bound, share = l2, share if flipped else self.share
                    flipped = True
            else:
                share = max(1 / canvas.grid.cells, share * self.shrink)
                refused += flipped

    def _propose(
        self, game: Game[Canvas], current: Assignment, share: float, l2_bound: float, flipped: bool
    ) -> Assignment | None:
        """A changed assignment whose L2 is below the bound, (cells,); None if none turned up."""
        canvas, rng = game.board, game.rng
        grid = canvas.grid
        side = max(1, round(grid.side_of(share)))
        assigned = np.flatnonzero(current)
        for _ in range(MAX_TRIES):
            move = current.copy()
            if flipped and len(assigned) and rng.random() < self.remove:
                move[grid.block(int(rng.choice(assigned)), side)] = 0
            else:
                block = grid.block(int(rng.integers(grid.cells)), side)
                move[block] = rng.integers(1, canvas.layer_count + 1)
            if not np.array_equal(move, current) and canvas.l2(move) < l2_bound:
                return move
            side = max(1, side - 1)
        return None

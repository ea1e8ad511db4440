"""HPE's published procedure without its agent, every row counted."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from brittle.core.canvas import Assignment, Canvas
from brittle.core.search import Game, Search
from brittle.searches.clean_up import clean_up
from brittle.settings import Settings, setting


class Greedy(Settings):
    """Each round tries every cell, takes the best few, repeats; after the flip removes what is not needed.

    Sarkar et al., "Robustness with Black-Box Adversarial Attack using Reinforcement Learning" (RLAB), 2023,
    section 3, where a round is one step whatever it costs; `rounds` in the result's notes counts those, and
    queries counts the rows. A cell is tried in one layer a round, drawn anew.
    """

    name: ClassVar[str] = "greedy"
    board: ClassVar[str] = "cells"
    take: float = setting(1 / 16, "cells taken a round, as a share of all cells; one at least", ge=0, le=1)
    blocks: tuple[int, ...] = setting(
        (1,),
        "sides, in cells, of the blocks that are tried as one: 1 is every cell by itself; 1, 2 and 5 tries "
        "blocks of 2 and of 5 cells a side too, as HPE does for segments of mixed length",
    )

    @field_validator("blocks")
    @classmethod
    def _sides(cls, blocks: tuple[int, ...]) -> tuple[int, ...]:
        if not blocks or min(blocks) < 1:
            raise ValueError("expected blocks of 1 cell or more")
        return blocks

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, a whole sweep of the cells a request."""
        canvas, goal = game.board, game.goal
        assignment = canvas.blank()
        tiles = [tile for side in self.blocks for tile in _tiles(canvas.grid.counts, side)]
        margin = float(goal.margin(game.clean[None])[0])
        rounds = 0
        while margin >= 0:
            rounds += 1
            game.notes["rounds"] = rounds
            sweep = self._sweep(game, assignment, tiles)
            if not len(sweep):
                return
            margins = goal.margin((yield sweep))
            best = self._join(game, assignment, sweep, margins)
            joint = float(goal.margin((yield best[None]))[0])
            alone = int(margins.argmin())
            if joint <= margins[alone]:
                assignment, margin = best, joint
            elif margins[alone] < margin:
                assignment, margin = sweep[alone], float(margins[alone])
            if margin >= 0 and not (assignment == 0).any():
                return
        if game.terms.closest:
            yield from clean_up(game, assignment)

    def _sweep(
        self, game: Game[Canvas], assignment: Assignment, tiles: Sequence[NDArray[np.intp]]
    ) -> Assignment:
        """One assignment for every tile that the L2 limit allows, (tiles, cells).

        The untouched cells of the tile get one random layer.
        """
        canvas, limit = game.board, game.terms.max_l2
        free = [left for tile in tiles if len(left := tile[assignment[tile] == 0])]
        sweep = np.repeat(assignment[None], len(free), axis=0)
        for row, tile, layer in zip(
            sweep, free, game.rng.integers(1, canvas.layer_count + 1, len(free)), strict=True
        ):
            row[tile] = layer
        if limit is not None:
            sweep = sweep[[canvas.l2(move) <= limit for move in sweep]]
        return sweep

    def _join(
        self, game: Game[Canvas], assignment: Assignment, sweep: Assignment, margins: NDArray[np.float64]
    ) -> Assignment:
        """The cells of a sweep that lower the margin most, together, as far as the L2 limit allows, (cells,).

        margins: of the sweep's rows, nats, (tiles,).
        """
        count = max(1, round(self.take * len(assignment)))
        limit = np.inf if game.terms.max_l2 is None else game.terms.max_l2
        best = assignment
        for row in sweep[np.argsort(margins, kind="stable")]:
            if np.count_nonzero(best != assignment) >= count:
                break
            joined = np.where(row != assignment, row, best)
            if game.board.l2(joined) <= limit:
                best = joined
        return best


def _tiles(counts: tuple[int, ...], side: int) -> list[NDArray[np.intp]]:
    """All cells in blocks of `side` cells along every axis, smaller at the far ends."""
    places = np.indices(counts) // side
    keys = np.ravel_multi_index(tuple(places), tuple(-(-count // side) for count in counts)).reshape(-1)
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)

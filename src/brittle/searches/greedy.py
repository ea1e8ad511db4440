"""HPE's published procedure without its agent, every row counted."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from brittle.core.canvas import Canvas
from brittle.core.search import Game, Search
from brittle.searches.clean_up import clean_up
from brittle.searches.sweep import take_best
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
        assignment = game.board.blank()
        tiles = [tile for side in self.blocks for tile in _tiles(game.board.grid.counts, side)]
        count = max(1, round(self.take * len(assignment)))
        margin = float(game.goal.margin(game.clean[None])[0])
        rounds = 0
        while margin >= 0 and (assignment == 0).any():
            rounds += 1
            game.notes["rounds"] = rounds
            taken = yield from take_best(game, assignment, margin, tiles, count)
            if taken is None:
                return
            assignment, margin = taken
        if margin < 0 and game.terms.closest:
            yield from clean_up(game, assignment)


def _tiles(counts: tuple[int, ...], side: int) -> list[NDArray[np.intp]]:
    """All cells in blocks of `side` cells along every axis, smaller at the far ends."""
    places = np.indices(counts) // side
    keys = np.ravel_multi_index(tuple(places), tuple(-(-count // side) for count in counts)).reshape(-1)
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)

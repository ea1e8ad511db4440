"""Where a game of patchwork stands, and what it may show next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment
from brittle.core.play import Move
from brittle.searches.patchwork.effects import Effects

REMOVE, LIGHTEN, MEND = "remove", "lighten", "mend"
OTHERS = (REMOVE, LIGHTEN, MEND)  # operators beside one for each colour
PACE = 0.1  # weight of the newest move in what is remembered


@dataclass(frozen=True)
class Credit:
    """Mean worth of moves (0 nothing, 1 the usual, at most 3) and tries of each operator or place, (n,)."""

    worth: NDArray[np.float64]
    tried: NDArray[np.float64]

    def after(self, index: int, worth: float) -> "Credit":
        """With one more move learned."""
        worths, tried = self.worth.copy(), self.tried.copy()
        worths[index] += PACE * (worth - worths[index])
        tried[index] += 1
        return Credit(worths, tried)


def even_credit(count: int) -> Credit:
    """Nothing tried yet."""
    return Credit(np.ones(count), np.zeros(count))


@dataclass(frozen=True)
class State:
    """All that is known during a search.

    worn, l2, margin: the colouring that moves start from, its distance, what it leaves, nats.
    reach: L2 of the closest flip so far. price: nats that one unit of L2 is worth now. side: of blocks, in
    cells. operators, places: what moves brought. effects: what every answer taught.
    usual: by how much a block that is kept lowers margin + price x L2. shown: rows so far, the clean one
    included. refused: blocks in a row.
    """

    worn: Assignment
    l2: float
    margin: float
    reach: float
    price: float
    side: float
    operators: Credit
    places: Credit
    effects: Effects
    usual: float
    shown: int = 1
    refused: int = 0


@dataclass(frozen=True)
class Patch:
    """A colouring to show, and the move it came from."""

    row: Assignment
    l2: float
    move: Move

"""What every search on the cells board can do after a flip: take away what the flip does not need."""

import numpy as np

from brittle.core.canvas import Assignment, Canvas
from brittle.core.search import Game, Search


def clean_up(game: Game[Canvas], assignment: Assignment) -> Search:
    """Take cells away, the one that costs most distance first, while the decision stays flipped."""
    cost = game.board.squares_of(assignment)
    for cell in sorted(np.flatnonzero(assignment), key=lambda c: -cost[c]):
        move = assignment.copy()
        move[cell] = 0
        if game.goal.flipped((yield move[None]))[0]:
            assignment = move

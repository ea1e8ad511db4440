"""What every search on the cells board can do after a flip: remove what the flip does not need."""

import numpy as np

from brittle.core.canvas import Assignment, Canvas
from brittle.core.search import Game, Search


def clean_up(game: Game[Canvas], assignment: Assignment) -> Search:
    """Set cells back to the untouched input, greatest squared L2 first, while the decision stays flipped.

    assignment: one that flips, (cells,).
    """
    squares = game.board.squares_of(assignment)
    for cell in sorted(np.flatnonzero(assignment), key=lambda c: -squares[c]):
        move = assignment.copy()
        move[cell] = 0
        if game.goal.flipped((yield move[None]))[0]:
            assignment = move

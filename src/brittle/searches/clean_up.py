"""What every search on the cells board can do after a flip: take away what the flip does not need."""

import numpy as np

from brittle.core.canvas import Canvas, Colours
from brittle.core.search import Game, Search


def clean_up(game: Game[Canvas], colours: Colours) -> Search:
    """Take cells away, the one that costs most distance first, while the decision stays flipped."""
    cost = game.board.squares_of(colours)
    for cell in sorted(np.flatnonzero(colours), key=lambda c: -cost[c]):
        move = colours.copy()
        move[cell] = 0
        if game.goal.flipped((yield move[None]))[0]:
            colours = move

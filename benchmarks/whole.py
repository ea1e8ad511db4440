"""Whole layers, one after another: what any search on clips has to beat, as a search of its own."""

from typing import ClassVar

import numpy as np

from brittle.core.canvas import Canvas
from brittle.core.search import Game, Search
from brittle.settings import Settings


class Whole(Settings):
    """Every layer of the palette over the whole input, the nearest first."""

    name: ClassVar[str] = "whole"
    board: ClassVar[str] = "cells"

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, one row a layer."""
        canvas = game.board
        layers = np.arange(1, canvas.layer_count + 1, dtype=np.int16)
        rows = np.repeat(layers[:, None], canvas.grid.cells, axis=1)
        for row in sorted(rows, key=canvas.l2):
            yield row[None]

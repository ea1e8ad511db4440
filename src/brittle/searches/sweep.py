"""What searches share that try cells before they take any: a sweep, and the best of it joined."""

from collections.abc import Generator, Sequence

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Canvas
from brittle.core.sample import Array
from brittle.core.search import Game

Tiles = Sequence[NDArray[np.intp]]  # cells that are tried as one


def sweep_of(game: Game[Canvas], assignment: Assignment, tiles: Tiles) -> Assignment:
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


def take_best(
    game: Game[Canvas], assignment: Assignment, margin: float, tiles: Tiles, count: int
) -> Generator[Assignment, Array, tuple[Assignment, float] | None]:
    """Sweep the tiles and join the best of them; the assignment that is kept, and its margin in nats.

    Kept is the joint row, or the best single one where that is better and lowers the margin, else what was.
    None where no tile is left that the L2 limit allows. count: of cells at which the joint row is full.
    """
    sweep = sweep_of(game, assignment, tiles)
    if not len(sweep):
        return None
    margins = game.goal.margin((yield sweep))
    best = _joined(game, assignment, sweep[np.argsort(margins, kind="stable")], count)
    joint = float(game.goal.margin((yield best[None]))[0])
    alone = int(margins.argmin())
    if joint <= margins[alone]:
        return best, joint
    if margins[alone] < margin:
        return sweep[alone], float(margins[alone])
    return assignment, margin


def _joined(game: Game[Canvas], assignment: Assignment, sweep: Assignment, count: int) -> Assignment:
    """The cells of a sweep, best row first, together, as far as the L2 limit allows, (cells,)."""
    limit = np.inf if game.terms.max_l2 is None else game.terms.max_l2
    best = assignment
    for row in sweep:
        if np.count_nonzero(best != assignment) >= count:
            break
        joined = np.where(row != assignment, row, best)
        if game.board.l2(joined) <= limit:
            best = joined
    return best

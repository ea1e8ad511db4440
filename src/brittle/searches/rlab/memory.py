"""What rlab remembers within one search: how each colour looks, what it brought, and the last step."""

from collections.abc import Sequence

import numpy as np

from brittle.core.canvas import Canvas
from brittle.core.sample import Array
from brittle.searches.rlab.view import (
    AMOUNT,
    COLOUR,
    WORLD,
    Amount,
    Position,
    Sweep,
    Values,
    View,
    amount_rows,
    spread,
)

BEST = 0.9  # quantile of a sweep that a colour is credited with
REACH = 0.01  # RMS change, relative to the span, that L2 is counted in: 3.9 for a photo


class Memory:
    """Of one search: turns what happened into views. reach: the unit of L2 in rewards and views."""

    def __init__(self, canvas: Canvas, start: Position) -> None:
        spec = canvas.sample.spec
        self.canvas, self.start, self.steps = canvas, start, 0
        self.reach = REACH * spec.span * float(np.sqrt(np.prod(spec.shape)))
        self._looks = np.array([texture(canvas, k, self.reach) for k in range(1, canvas.layer_count + 1)])
        self._credit = np.zeros((canvas.layer_count, 3))
        self._last = np.zeros(3)

    def swept(self, sweep: Sweep) -> None:
        """Credit a colour with what its sweep brought."""
        self.steps += 1
        known = sweep.added[~np.isnan(sweep.added)]
        times = self._credit[sweep.colour - 1, 2] + 1
        best, middle = np.quantile(known, (BEST, 0.5)) if len(known) else (0.0, 0.0)
        self._credit[sweep.colour - 1] = best, middle, times

    def moved(self, amount: Amount, reward: float) -> None:
        """Keep the last move and its reward."""
        cells = self.canvas.grid.cells
        self._last = np.array([np.sqrt(amount.add / cells), np.sqrt(amount.remove / cells), reward])

    def view(self, now: Position, sweep: Sweep | None = None, offered: Sequence[Amount] = ()) -> View:
        """What the agent sees; before the first sweep it can choose a colour only."""
        rows = amount_rows(now, offered, self.reach) if sweep else np.zeros((1, AMOUNT), np.float32)
        return View(self._world(now, sweep), rows, self._colours(sweep))

    def _world(self, now: Position, sweep: Sweep | None) -> Array:
        nothing = np.zeros(0)
        cells = len(now.colours)
        world = np.array(
            [
                now.margin / 3,
                np.tanh(now.margin),
                now.dilution,
                self.start.margin / 3,
                (self.start.margin - now.margin) / 3,
                now.l2 / self.reach / 3,
                np.count_nonzero(now.colours) / cells,
                self.steps / 10,
                float(sweep is None),
                np.log2(cells) / 8,
                self._looks[sweep.colour - 1, 0] if sweep else 0.0,
                *self._last,
                *spread(sweep.added if sweep else nothing),
                *spread(sweep.removed if sweep else nothing),
            ]
        )
        assert len(world) == WORLD
        return np.asarray(np.clip(world, -3, 3), np.float32)

    def _colours(self, sweep: Sweep | None) -> Array:
        worn = np.zeros(self.canvas.layer_count)
        if sweep:
            worn[sweep.colour - 1] = 1
        best, middle, times = self._credit.T
        length = 10 ** self._looks[:, 0]
        rows = np.column_stack(
            [self._looks, worn, best, middle, best / np.maximum(length, LENGTH) / 3, times > 0, times / 3]
        )
        assert rows.shape[1] == COLOUR
        return np.asarray(np.clip(rows, -3, 3), np.float32)


LENGTH = 0.1  # reaches; the least length of a colour that its credit is divided by


def texture(canvas: Canvas, colour: int, reach: float) -> Values:
    """How a layer looks, whatever it is called, four numbers.

    log10 of its L2 in reaches; the share of it that shifts whole cells; how rough it is along the last axis
    (0 smooth, 1 white); how even (1 where every value changes as much as any other).
    """
    spec, grid = canvas.sample.spec, canvas.grid
    change = spec.decode(canvas.layer(colour)) - canvas.sample.x
    squares = float(canvas.squares(colour).sum())
    if squares == 0:
        return np.array([-2.0, 0, 0, 0])
    sizes = grid.total(np.ones(spec.shape, np.float32))
    coarse = float((grid.total(change) ** 2 / sizes).sum()) / squares
    rough = float(np.square(np.diff(change, axis=-1)).sum(dtype=np.float64)) / squares / 2
    even = float(np.abs(change).mean(dtype=np.float64)) * np.sqrt(change.size / squares)
    return np.array([np.log10(max(np.sqrt(squares) / reach, 0.01)), coarse, rough, even])

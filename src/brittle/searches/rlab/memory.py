"""What rlab remembers within one search: how each layer looks, what it brought, and the last move."""

from collections.abc import Sequence

import numpy as np

from brittle.core.canvas import Canvas
from brittle.core.sample import Array
from brittle.searches.rlab.tuning import TUNING
from brittle.searches.rlab.view import (
    AMOUNT,
    LAYER,
    WORLD,
    Amount,
    Position,
    Sweep,
    Values,
    View,
    amount_rows,
    effect_quantiles,
    features,
)


class Memory:
    """Of one search: turns what happened into views. l2_unit: the L2 that rewards and views count in."""

    def __init__(self, canvas: Canvas, start: Position) -> None:
        spec = canvas.sample.spec
        self.canvas, self.start, self.steps = canvas, start, 0
        self.l2_unit = TUNING.l2_unit_rms * spec.span * float(np.sqrt(np.prod(spec.shape)))
        self._textures = np.array(
            [texture(canvas, k, self.l2_unit) for k in range(1, canvas.layer_count + 1)]
        )
        self._credit = np.zeros((canvas.layer_count, 3))  # high drop, median drop, sweeps
        self._last_move = np.zeros(3)

    def record_sweep(self, sweep: Sweep) -> None:
        """Credit a layer with the drops of its sweep."""
        self.steps += 1
        known = sweep.added[~np.isnan(sweep.added)]
        sweeps = self._credit[sweep.layer - 1, 2] + 1
        high, median = np.quantile(known, (TUNING.credit_quantile, 0.5)) if len(known) else (0.0, 0.0)
        self._credit[sweep.layer - 1] = high, median, sweeps

    def record_move(self, amount: Amount, reward: float) -> None:
        """Keep the last move and its reward."""
        cells = self.canvas.grid.cells
        self._last_move = np.array([np.sqrt(amount.add / cells), np.sqrt(amount.remove / cells), reward])

    def view(self, current: Position, sweep: Sweep | None = None, offered: Sequence[Amount] = ()) -> View:
        """What the agent sees; before the first sweep it can choose a layer only."""
        rows = amount_rows(current, offered, self.l2_unit) if sweep else np.zeros((1, AMOUNT), np.float32)
        return View(self._world(current, sweep), rows, self._layers(sweep))

    def _world(self, current: Position, sweep: Sweep | None) -> Array:
        """Features of the step, (WORLD,)."""
        unknown = np.zeros(0)
        cells = len(current.assignment)
        world = np.array(
            [
                current.margin / 3,
                np.tanh(current.margin),
                current.dilution,
                self.start.margin / 3,
                (self.start.margin - current.margin) / 3,
                current.l2 / self.l2_unit / 3,
                np.count_nonzero(current.assignment) / cells,
                self.steps / 10,
                float(sweep is None),
                np.log2(cells) / 8,
                self._textures[sweep.layer - 1, 0] if sweep else 0.0,
                *self._last_move,
                *effect_quantiles(sweep.added if sweep else unknown),
                *effect_quantiles(sweep.removed if sweep else unknown),
            ]
        )
        assert len(world) == WORLD
        return features(world)

    def _layers(self, sweep: Sweep | None) -> Array:
        """Features of each layer, (palette, LAYER)."""
        just_swept = np.zeros(self.canvas.layer_count)
        if sweep:
            just_swept[sweep.layer - 1] = 1
        high, median, sweeps = self._credit.T
        l2 = 10 ** self._textures[:, 0]
        per_l2 = high / np.maximum(l2, TUNING.least_layer_l2) / 3
        rows = np.column_stack(
            [self._textures, just_swept, high, median, per_l2, sweeps > 0, sweeps / 3],
        )
        assert rows.shape[1] == LAYER
        return features(rows)


def texture(canvas: Canvas, layer: int, l2_unit: float) -> Values:
    """How a layer looks, whatever it is called, (4,).

    log10 of its L2 in units; the share of its squared L2 that shifts whole cells; how rough it is along the
    last axis (0 smooth, 1 white noise); how even (1 where every value changes as much as any other).
    """
    spec, grid = canvas.sample.spec, canvas.grid
    change = spec.decode(canvas.layer(layer)) - canvas.sample.x
    squares = float(canvas.squares(layer).sum())
    least = TUNING.least_texture_l2
    if squares == 0:
        return np.array([np.log10(least), 0, 0, 0])
    sizes = grid.total(np.ones(spec.shape, np.float32))
    coarse = float((grid.total(change) ** 2 / sizes).sum()) / squares
    rough = float(np.square(np.diff(change, axis=-1)).sum(dtype=np.float64)) / squares / 2
    even = float(np.abs(change).mean(dtype=np.float64)) * np.sqrt(change.size / squares)
    return np.array([np.log10(max(np.sqrt(squares) / l2_unit, least)), coarse, rough, even])

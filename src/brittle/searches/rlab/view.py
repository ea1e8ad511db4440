"""What the agent of rlab sees of a step, and may choose: as many numbers for any grid and any palette."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Canvas
from brittle.core.sample import Array
from brittle.searches.rlab.tuning import TUNING

Values = NDArray[np.float64]

WORLD, AMOUNT, LAYER = 26, 10, 10  # features of the step, of each amount, of each layer


@dataclass(frozen=True)
class Position:
    """An assignment and what the model answered to it.

    assignment: layer index of each cell, (cells,). squares: squared L2 of each cell, (cells,). margin: nats.
    dilution: probability that has left the label, or that the target has, 0 to 1.
    """

    assignment: Assignment
    squares: Values
    margin: float
    dilution: float

    @property
    def l2(self) -> float:
        """L2 distance from the untouched input."""
        return float(np.sqrt(self.squares.sum()))


@dataclass(frozen=True)
class Sweep:
    """By how much one layer changes the margin cell by cell.

    added, removed: drop of the margin, nats, (cells,): of untouched cells under the layer, and of changed
    cells set back to the untouched input. NaN where that was not asked.
    """

    layer: int
    added: Values
    removed: Values

    @cached_property
    def to_add(self) -> NDArray[np.intp]:
        """Untouched cells, the greatest drop first."""
        return _ranked(self.added)

    @cached_property
    def to_remove(self) -> NDArray[np.intp]:
        """Changed cells, the greatest drop (the least needed) first."""
        return _ranked(self.removed)


@dataclass(frozen=True)
class Amount:
    """How many cells to add and to remove, and what comes of it.

    assignment, squares: then, (cells,). predicted_drop: of the margin, nats, if effects of cells add up.
    """

    add: int
    remove: int
    assignment: Assignment
    squares: Values
    predicted_drop: float


@dataclass(frozen=True)
class View:
    """Features of a step, float32: world (WORLD,), amounts (n, AMOUNT), layers (palette, LAYER)."""

    world: Array
    amounts: Array
    layers: Array


@dataclass(frozen=True)
class Choice:
    """An action of the agent: index into the amounts, and the layer (from 1) of the next sweep."""

    amount: int
    layer: int


def reward_of(before: Position, after: Position, l2_unit: float) -> float:
    """Change of probability dilution per change of L2 in units (RLAB, section 3), bounded either way.

    A change of L2 below least_l2_change counts as that, so that removing cells is no division by nothing.
    """
    l2_change = max((after.l2 - before.l2) / l2_unit, TUNING.least_l2_change)
    limit = TUNING.largest_reward
    return float(np.clip((after.dilution - before.dilution) / l2_change, -limit, limit))


def amounts(
    canvas: Canvas,
    current: Position,
    sweep: Sweep,
    counts: Sequence[tuple[int, int]],
    max_l2: float | None,
) -> list[Amount]:
    """What comes of each (add, remove); as many cells are added as the L2 limit allows."""
    return [_amount(canvas, current, sweep, add, remove, max_l2) for add, remove in counts]


def _amount(
    canvas: Canvas, current: Position, sweep: Sweep, add: int, remove: int, max_l2: float | None
) -> Amount:
    removed, added = sweep.to_remove[:remove], sweep.to_add
    cost = canvas.squares(sweep.layer)
    assignment, squares = current.assignment.copy(), current.squares.copy()
    assignment[removed] = squares[removed] = 0
    if max_l2 is not None:
        added = added[squares.sum() + np.cumsum(cost[added]) <= max_l2**2]
    added = added[:add]
    assignment[added], squares[added] = sweep.layer, cost[added]
    drop = float(sweep.added[added].sum() + sweep.removed[removed].sum())
    return Amount(len(added), len(removed), assignment, squares, drop)


def counts_of(cells: int, fixed_n: int | None) -> list[tuple[int, int]]:
    """The numbers of cells to add and to remove that an agent may choose from."""
    if fixed_n is not None:
        return [(min(fixed_n, cells), 0)]
    add, remove = (
        [0] + [max(1, round(share * cells)) for share in shares[1:]]
        for shares in (TUNING.add_shares, TUNING.remove_shares)
    )
    return [(a, r) for a in add for r in remove if a or r]


def amount_rows(current: Position, offered: Sequence[Amount], l2_unit: float) -> Array:
    """Features of each amount, (n, AMOUNT)."""
    cells = len(current.assignment)
    rows = np.zeros((len(offered), AMOUNT))
    for row, one in zip(rows, offered, strict=True):
        l2_change = (float(np.sqrt(one.squares.sum())) - current.l2) / l2_unit
        margin = current.margin - one.predicted_drop
        row[:] = (
            np.sqrt(one.add / cells),
            np.sqrt(one.remove / cells),
            np.log2(1 + one.add) / 8,
            np.log2(1 + one.remove) / 8,
            margin / 3,
            (current.margin - one.predicted_drop / 2) / 3,
            np.tanh(-2 * margin),
            one.predicted_drop / 3,
            l2_change,
            one.predicted_drop / max(l2_change, TUNING.least_l2_change) / 5,
        )
    return features(rows)


def features(values: Values) -> Array:
    """Values as a network takes them: float32, clipped."""
    return np.asarray(np.clip(values, -TUNING.feature_limit, TUNING.feature_limit), np.float32)


def effect_quantiles(drops: Values) -> Values:
    """Quantiles of the drops that are known, (len(TUNING.effect_quantiles),); zeros where none is."""
    known, levels = drops[~np.isnan(drops)], TUNING.effect_quantiles
    return np.asarray(np.quantile(known, levels)) if len(known) else np.zeros(len(levels))


def _ranked(drops: Values) -> NDArray[np.intp]:
    """Cells by drop, the greatest first, without those that are not known."""
    order = np.argsort(-drops, kind="stable")
    return order[: np.count_nonzero(~np.isnan(drops))]

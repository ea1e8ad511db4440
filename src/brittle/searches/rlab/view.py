"""What the agent of rlab sees of a step, and may choose: as many numbers for any grid and any palette."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Canvas
from brittle.core.sample import Array

Values = NDArray[np.float64]

ADD = (0.0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)  # of all cells; at least one cell where above 0
REMOVE = (0.0, 1 / 32, 1 / 8)
LEVELS = (1.0, 0.9, 0.75, 0.5, 0.25, 0.0)  # quantiles of what single cells bring
WORLD, AMOUNT, COLOUR = 26, 10, 10  # numbers the agent sees of the step, of each amount, of each colour
LEAST = 0.25  # shortest way, in reaches, that a reward is divided by
FAR = 2.0  # greatest reward, either way


@dataclass(frozen=True)
class Position:
    """What is worn and what the model answered to it. squares: squared L2 of each cell; dilution: 0 to 1."""

    colours: Assignment
    squares: Values
    margin: float
    dilution: float

    @property
    def l2(self) -> float:
        """Distance from the untouched input."""
        return float(np.sqrt(self.squares.sum()))


@dataclass(frozen=True)
class Sweep:
    """What one colour brings cell by cell, nats of margin: untouched cells painted, worn ones taken away.

    added, removed: (cells,), fall of the margin, NaN where the cell was not asked for.
    """

    colour: int
    added: Values
    removed: Values

    @cached_property
    def to_add(self) -> NDArray[np.intp]:
        """Untouched cells, the most harmful first."""
        return _ranked(self.added)

    @cached_property
    def to_remove(self) -> NDArray[np.intp]:
        """Worn cells, the least needed first."""
        return _ranked(self.removed)


@dataclass(frozen=True)
class Amount:
    """How many cells to add and to remove; what is worn then, and the fall of the margin it should bring."""

    add: int
    remove: int
    colours: Assignment
    squares: Values
    hoped: float


@dataclass(frozen=True)
class View:
    """What a step looks like: world (WORLD,), amounts (n, AMOUNT), colours (palette, COLOUR), float32."""

    world: Array
    amounts: Array
    colours: Array


@dataclass(frozen=True)
class Choice:
    """What the agent wants: which of the amounts, and the colour (from 1) of the next sweep."""

    amount: int
    colour: int


def reward(before: Position, after: Position, reach: float) -> float:
    """Change of probability dilution per change of L2, counted in reaches (RLAB, section 3).

    A way shorter than LEAST counts as that, so that taking cells away is no division by nothing.
    """
    way = max((after.l2 - before.l2) / reach, LEAST)
    return float(np.clip((after.dilution - before.dilution) / way, -FAR, FAR))


def amounts(
    canvas: Canvas, now: Position, sweep: Sweep, counts: Sequence[tuple[int, int]], max_l2: float | None
) -> list[Amount]:
    """What can be done with these numbers of cells; as many cells are added as the distance limit allows."""
    return [_amount(canvas, now, sweep, add, remove, max_l2) for add, remove in counts]


def _amount(
    canvas: Canvas, now: Position, sweep: Sweep, add: int, remove: int, max_l2: float | None
) -> Amount:
    away = sweep.to_remove[:remove]
    painted = sweep.to_add
    cost = canvas.squares(sweep.colour)
    colours, squares = now.colours.copy(), now.squares.copy()
    colours[away] = squares[away] = 0
    if max_l2 is not None:
        painted = painted[squares.sum() + np.cumsum(cost[painted]) <= max_l2**2]
    painted = painted[:add]
    colours[painted], squares[painted] = sweep.colour, cost[painted]
    hoped = float(sweep.added[painted].sum() + sweep.removed[away].sum())
    return Amount(len(painted), len(away), colours, squares, hoped)


def counts_of(cells: int, fixed_n: int | None) -> list[tuple[int, int]]:
    """The numbers of cells to add and to remove that an agent may choose from."""
    if fixed_n is not None:
        return [(min(fixed_n, cells), 0)]
    add, remove = ([0] + [max(1, round(share * cells)) for share in shares[1:]] for shares in (ADD, REMOVE))
    return [(a, r) for a in add for r in remove if a or r]


def amount_rows(now: Position, offered: Sequence[Amount], reach: float) -> Array:
    """What the agent sees of each amount, (n, AMOUNT)."""
    cells = len(now.colours)
    rows = np.zeros((len(offered), AMOUNT))
    for row, one in zip(rows, offered, strict=True):
        way = (float(np.sqrt(one.squares.sum())) - now.l2) / reach
        left = now.margin - one.hoped
        row[:] = (
            np.sqrt(one.add / cells),
            np.sqrt(one.remove / cells),
            np.log2(1 + one.add) / 8,
            np.log2(1 + one.remove) / 8,
            left / 3,
            (now.margin - one.hoped / 2) / 3,
            np.tanh(-2 * left),
            one.hoped / 3,
            way,
            one.hoped / max(way, LEAST) / 5,
        )
    return np.asarray(np.clip(rows, -3, 3), np.float32)


def _ranked(values: Values) -> NDArray[np.intp]:
    order = np.argsort(-values, kind="stable")
    return order[: np.count_nonzero(~np.isnan(values))]


def spread(values: Values) -> Values:
    """Quantiles at LEVELS of what is known of values; zeros where nothing is."""
    known = values[~np.isnan(values)]
    return np.asarray(np.quantile(known, LEVELS)) if len(known) else np.zeros(len(LEVELS))

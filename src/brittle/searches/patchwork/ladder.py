"""A ladder: assignments of growing L2 that surrogates take for another class, made without a query.

The gradient of a surrogate says what every layer does in every cell, to first order. These gains are summed
over many steps, and a rung assigns to every cell the layer of the greatest gain less price x squared L2, at
the price that brings it just below its L2 (the best assignment of a linear model, by Lagrange's rule). Each
step is taken at the last assignment, with momentum (MI-FGSM; Dong et al., CVPR 2018), noise and a random
shift (input diversity; Xie et al., CVPR 2019), so that what is found holds on models that were not asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Canvas
from brittle.core.field import unit
from brittle.core.sample import Array
from brittle.core.surrogate import Lead
from brittle.searches.descent import turns

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Climb:
    """How surrogates are asked, which take turns.

    first_steps: before the first rung; steps: before each other. decay: of the sum of gains at every step.
    noise: L2 of the noise, a share of the rung's. shift: the greatest, a share of each side.
    """

    first_steps: int = 6
    steps: int = 3
    decay: float = 0.9
    noise: float = 0.25
    shift: float = 0.018


@dataclass(frozen=True)
class Rung:
    """An assignment, (cells,), its L2, and the gains that it was chosen by, (layers + 1, cells)."""

    row: Assignment
    l2: float
    gains: Floats


class Gains:
    """What a gradient says of every layer in every cell: by how much each lowers what it is of.

    squares: what each cell adds to the squared L2 under each layer, (layers + 1, cells).
    """

    def __init__(self, canvas: Canvas, leads: Sequence[Lead], squares: Floats, how: Climb) -> None:
        self.canvas, self.leads, self.squares, self.how = canvas, leads, squares, how
        sample, grid = canvas.sample, canvas.grid
        cell_of = np.broadcast_to(grid.spread(np.arange(grid.cells)), sample.x.shape).reshape(-1)
        self._order = np.argsort(cell_of, kind="stable")
        self._starts = np.searchsorted(cell_of[self._order], np.arange(grid.cells))
        self._falls = np.zeros((canvas.layer_count + 1, sample.x.size), np.float32)
        for layer in range(1, canvas.layer_count + 1):
            fall = sample.x - sample.spec.decode(canvas.layer(layer))
            self._falls[layer] = fall.reshape(-1)[self._order]

    def of(self, gradient: Array) -> Floats:
        """Gains by the first-order fall, (layers + 1, cells). gradient: of the sample's shape."""
        products = self._falls * gradient.reshape(-1)[self._order]
        return np.add.reduceat(products, self._starts, axis=1).astype(np.float64)

    def after(
        self,
        gains: Floats,
        row: Assignment,
        steps: Sequence[int],
        noise: float,
        rivals: Sequence[int],
        rng: np.random.Generator,
    ) -> Floats:
        """Gains after more steps at one assignment. steps: whom each asks. noise: its L2."""
        x = np.empty(self.canvas.sample.spec.shape, np.float32)
        self.canvas.render(row, x)
        for turn in steps:
            gains = self.how.decay * gains + self.of(self._gradient(x, turn, noise, rivals, rng))
        return gains

    def _gradient(
        self, x: Array, turn: int, noise: float, rivals: Sequence[int], rng: np.random.Generator
    ) -> Array:
        """Of one surrogate near x, of norm 1 and of x's shape."""
        sides = self.canvas.sample.spec.spatial
        seen = x + np.float32(noise) * unit(rng.standard_normal(x.shape, np.float32))
        reaches = [round(self.how.shift * x.shape[axis]) for axis in sides]
        shift = [int(rng.integers(-reach, reach + 1)) for reach in reaches]
        found = self.leads[turn].gradient(np.roll(seen, shift, sides)[None], rivals)[0]
        return unit(np.roll(found, [-s for s in shift], sides))


def climbed(
    gains: Gains, heights: Sequence[float], rivals: Sequence[int], rng: np.random.Generator
) -> tuple[Rung, ...]:
    """Rungs below these L2, in their order; those that would be no farther than the one before are left out.

    rivals: the audited model's classes to go to; none for whichever is nearest on each surrogate.
    """
    how, found = gains.how, list[Rung]()
    turn = turns(np.ones(len(gains.leads)), how.first_steps + how.steps * len(heights))
    table, row = np.zeros_like(gains.squares), gains.canvas.blank()
    for k, height in enumerate(heights):
        asked = list(islice(turn, how.steps if k else how.first_steps))
        table = gains.after(table, row, asked, how.noise * height, rivals, rng)
        row = worn(table, gains.squares, height)
        rung = Rung(row, gains.canvas.l2(row), table)
        if rung.l2 > max((other.l2 for other in found), default=0.0):
            found.append(rung)
    return tuple(found)


def worn(gains: Floats, squares: Floats, l2: float) -> Assignment:
    """The assignment of the greatest gains below this L2; both (layers + 1, cells)."""
    row = gains.argmax(axis=0)
    cells = np.arange(len(row))
    dearest = float(np.max(gains[squares > 0] / squares[squares > 0], initial=0.0))
    low, high, best = 1e-9 * dearest, dearest, np.zeros_like(row)
    if squares[row, cells].sum() < l2**2:
        return np.asarray(row, np.int16)
    for _ in range(40):
        price = np.sqrt(low * high)
        row = (gains - price * squares).argmax(axis=0)
        if squares[row, cells].sum() < l2**2:
            high, best = price, row
        else:
            low = price
    return np.asarray(best, np.int16)


def between(count: int, answers: Mapping[int, float], highest_first: bool = False) -> int | None:
    """The rung to show next by bisection, of so many; None once a flip is found next to a rung that is none.

    answers: margins by rung; below 0 is a flip.
    """
    flipped = min((k for k, margin in answers.items() if margin < 0), default=count)
    held = max((k for k, margin in answers.items() if margin >= 0), default=-1)
    if flipped - held <= 1:
        return None
    return count - 1 if highest_first and not answers else (held + flipped) // 2


def scale_of(gains: Floats, drops: Mapping[int, float], ladder: Sequence[Rung]) -> float:
    """Nats for a unit of gains, at least 0, by least squares. drops: of the margin by each rung shown."""
    cells = np.arange(gains.shape[1])
    found = np.array([gains[ladder[k].row, cells].sum() for k in drops])
    return float(max(0.0, found @ np.array(list(drops.values())) / max(found @ found, 1e-30)))

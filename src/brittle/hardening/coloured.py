"""Inputs under layers of the palette: at random, where a gradient says so, or mixed as a whole.

What a row wears is an assignment, rendered by Canvas as in an audit. Every row draws its own layers: their
noise is seeded by the row's generator, and only those that it wears are drawn.
"""

from dataclasses import dataclass

import numpy as np

from brittle.core.canvas import Assignment, Canvas, Palette
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec, Sample
from brittle.hardening.tuning import ROW_TUNING


@dataclass(frozen=True)
class Painter:
    """Paints inputs of one kind with one palette on one grid."""

    spec: InputSpec
    grid: Grid
    palette: Palette

    def canvas(self, x: Array, rng: np.random.Generator) -> Canvas:
        """One input and the palette's layers of it, not drawn yet."""
        sample = Sample("row", x, None, self.spec)
        return Canvas(sample, self.grid, self.palette, int(rng.integers(2**63)))

    def natural(self, x: Array, rng: np.random.Generator) -> Array:
        """An input with a few blocks of cells under a random layer each."""
        canvas = self.canvas(x, rng)
        return rendered(canvas, random_blocks(canvas, rng))

    def by_gradient(self, x: Array, gradient: Array, reach: float, rng: np.random.Generator) -> Array:
        """An input changed where the gradient of its loss promises most for the distance.

        reach: L2 that is not exceeded.
        """
        canvas = self.canvas(x, rng)
        return rendered(canvas, steepest(canvas, gradient, reach, rng))

    def mixed(self, x: Array, rng: np.random.Generator) -> Array:
        """A mean of an input and of whole layers of it, by random weights (Hendrycks et al., AugMix, ICLR
        2020, with layers of the palette in place of chains of operations)."""
        canvas = self.canvas(x, rng)
        layers = rng.integers(1, canvas.layer_count + 1, ROW_TUNING.mixed_layers)
        weights = rng.dirichlet(np.ones(len(layers)))
        worn = sum(w * self.spec.decode(canvas.layer(int(k))) for w, k in zip(weights, layers, strict=True))
        share = rng.beta(1, 1)
        return np.asarray((1 - share) * x + share * worn, np.float32)


def rendered(canvas: Canvas, assignment: Assignment) -> Array:
    """The input that an assignment stands for."""
    out = np.empty_like(canvas.sample.x)
    canvas.render(assignment, out)
    return out


def random_blocks(canvas: Canvas, rng: np.random.Generator) -> Assignment:
    """A few blocks of any size and place, each under a random layer."""
    assignment, grid = canvas.blank(), canvas.grid
    for _ in range(rng.integers(1, ROW_TUNING.most_blocks + 1)):
        side = grid.side_of(rng.uniform(ROW_TUNING.least_block, 1))
        block = grid.block(int(rng.integers(grid.cells)), max(1, round(side)))
        assignment[block] = rng.integers(1, canvas.layer_count + 1)
    return assignment


def steepest(canvas: Canvas, gradient: Array, reach: float, rng: np.random.Generator) -> Assignment:
    """Of a few random layers the best for every cell, and the best cells up to an L2 of `reach`.

    Best is what raises the loss most, to first order, beside the root of what it adds to the squared L2. A
    part of all pairs of cell and layer is not on offer, so that no two rows of a sample are alike.
    """
    layers = rng.permutation(canvas.layer_count)[: ROW_TUNING.layers] + 1
    x = canvas.sample.x
    changes = (canvas.sample.spec.decode(canvas.layer(int(k))) - x for k in layers)
    gains = np.stack([canvas.grid.total(gradient * change) for change in changes])
    squares = np.stack([canvas.squares(int(k)) for k in layers])
    value = gains / np.sqrt(np.maximum(squares, 1e-12))
    value[(rng.random(value.shape) > ROW_TUNING.offered) | (squares > reach**2)] = 0
    best, cells = value.argmax(axis=0), np.arange(canvas.grid.cells)
    order = np.argsort(-value[best, cells])
    order = order[value[best, cells][order] > 0]
    order = order[np.cumsum(squares[best, cells][order]) <= reach**2]
    assignment = canvas.blank()
    assignment[order] = layers[best[order]]
    return assignment

"""Inputs under layers of the palette: at random, where a gradient says so, or mixed as a whole.

What a row wears is an assignment, rendered by Canvas as in an audit. Every row draws its own layers: their
noise is seeded by the row's generator, and only those that it wears are drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Canvas, Palette
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec, Sample
from brittle.hardening.tuning import ROW_TUNING

Odds = NDArray[np.float64] | None
"""How likely each layer is, (layers,); None: all alike."""


def odds_of(palette: Palette, worn: Mapping[str, int]) -> Odds:
    """Half alike, half by how many earlier flips wear a layer's distortion; None where none wears one.

    worn: flips by the name of the distortion; other names than the palette's do not count.
    """
    names = [layer.distortion for layer in palette.layers]
    shares = np.array([worn.get(name, 0) / names.count(name) for name in names])
    return (1 / len(names) + shares / shares.sum()) / 2 if shares.any() else None


def odds_by_name(palette: Palette, odds: NDArray[np.float64]) -> dict[str, float]:
    """How likely each distortion is."""
    names = np.array([layer.distortion for layer in palette.layers])
    return {d.name: float(odds[names == d.name].sum()) for d in palette.distortions}


@dataclass(frozen=True)
class Painter:
    """Paints inputs of one kind with one palette on one grid. odds: of its layers."""

    spec: InputSpec
    grid: Grid
    palette: Palette
    odds: Odds = None

    def canvas(self, x: Array, rng: np.random.Generator) -> Canvas:
        """One input and the palette's layers of it, not drawn yet."""
        sample = Sample("row", x, None, self.spec)
        return Canvas(sample, self.grid, self.palette, int(rng.integers(2**63)))

    def natural(self, x: Array, rng: np.random.Generator) -> Array:
        """An input with a few blocks of cells under a random layer each."""
        canvas = self.canvas(x, rng)
        return rendered(canvas, random_blocks(canvas, rng, self.odds))

    def by_gradient(self, x: Array, gradient: Array, reach: float, rng: np.random.Generator) -> Array:
        """An input changed where the gradient of its loss promises most for the distance.

        reach: L2 that is not exceeded.
        """
        canvas = self.canvas(x, rng)
        return rendered(canvas, steepest(canvas, gradient, reach, rng, self.odds))

    def mixed(self, x: Array, rng: np.random.Generator) -> Array:
        """A mean of an input and of whole layers of it, by random weights (Hendrycks et al., AugMix, ICLR
        2020, with layers of the palette in place of chains of operations)."""
        canvas = self.canvas(x, rng)
        layers = _layers(canvas, rng, self.odds, ROW_TUNING.mixed_layers)
        weights = rng.dirichlet(np.ones(len(layers)))
        worn = sum(w * self.spec.decode(canvas.layer(int(k))) for w, k in zip(weights, layers, strict=True))
        share = rng.beta(1, 1)
        return np.asarray((1 - share) * x + share * worn, np.float32)


def rendered(canvas: Canvas, assignment: Assignment) -> Array:
    """The input that an assignment stands for."""
    out = np.empty_like(canvas.sample.x)
    canvas.render(assignment, out)
    return out


def _layers(canvas: Canvas, rng: np.random.Generator, odds: Odds, count: int | None = None) -> Any:
    """A random layer, or several that may be alike."""
    if odds is None:
        return rng.integers(1, canvas.layer_count + 1, count)
    return rng.choice(canvas.layer_count, count, p=odds) + 1


def random_blocks(canvas: Canvas, rng: np.random.Generator, odds: Odds = None) -> Assignment:
    """A few blocks of any size and place, each under a random layer."""
    assignment, grid = canvas.blank(), canvas.grid
    for _ in range(rng.integers(1, ROW_TUNING.most_blocks + 1)):
        side = grid.side_of(rng.uniform(ROW_TUNING.least_block, 1))
        block = grid.block(int(rng.integers(grid.cells)), max(1, round(side)))
        assignment[block] = _layers(canvas, rng, odds)
    return assignment


def steepest(
    canvas: Canvas, gradient: Array, reach: float, rng: np.random.Generator, odds: Odds = None
) -> Assignment:
    """Of a few random layers the best for every cell, and the best cells up to an L2 of `reach`.

    Best is what raises the loss most, to first order, beside the root of what it adds to the squared L2. A
    part of all pairs of cell and layer is not on offer, so that no two rows of a sample are alike.
    """
    if odds is None:
        layers = rng.permutation(canvas.layer_count)[: ROW_TUNING.layers] + 1
    else:
        count = min(ROW_TUNING.layers, canvas.layer_count)
        layers = rng.choice(canvas.layer_count, count, replace=False, p=odds) + 1
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

"""Keep-masks and fields on coarse cells, over any number of axes: what explainers show and fit."""

from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.veil import KEPT, Masks

Floats = NDArray[np.float64]
Counts = tuple[int, ...]
Axes = tuple[int, ...]
SPACE = ("height", "width")
BATCH = 32  # masks made at once


def margins(sides: Counts, names: Sequence[str]) -> tuple[Axes, ...]:
    """The axes that masks are cut along: all; where time and space both are, also those of either alone.

    names: of the axes. A mask is whole along the others, so that few of them find a range of frames over the
    whole picture, or a place that lasts; an axis of one element is never cut.
    """
    every = tuple(range(len(sides)))
    alone = [tuple(i for i in every if (names[i] in SPACE) == space) for space in (False, True)]
    both = all(any(sides[i] > 1 for i in axes) for axes in alone)
    return (every, *alone) if both else (every,)


def margin(sides: Counts, axes: Axes) -> Counts:
    """The sides of what is whole along all axes but these: one element along the others."""
    return tuple(side if i in axes else 1 for i, side in enumerate(sides))


def margin_grids(sides: Counts, cuts: Sequence[Axes], most: int) -> tuple[Counts, ...]:
    """Cells along each axis of a grid over each of an input's margins, at most `most` in all."""
    _, *alone = cuts
    whole = grid_counts(sides, most, even=bool(alone))
    return (whole, *(grid_counts(margin(sides, axes), most) for axes in alone))


def cells_of(sides: Counts, most: int) -> Counts:
    """Cells along each axis: as many as `most`, and no more than there are elements."""
    return tuple(min(most, side) for side in sides)


def soft_masks(
    rng: np.random.Generator,
    count: int,
    sides: Counts,
    cells: int,
    keep: float = 0.5,
    paired: bool = False,
    axes: Axes | None = None,
) -> Masks:
    """Random soft masks: a coarse Bernoulli grid, upsampled linearly, shifted by less than a cell.

    (count, *sides). cells: of the grid along each axis. keep: odds that a cell is kept. paired: every second
    mask is the complement of the one before it, kept with odds 1 - keep, which halves the noise of what adds
    up (antithetic sampling). axes: that the grid is cut along, None for all. Source: Petsiuk et al., RISE,
    BMVC 2018.
    """
    counts = cells_of(sides if axes is None else margin(sides, axes), cells)
    masks = np.empty((count, *sides), np.uint8)
    for i in range(count):
        if paired and i % 2:
            masks[i] = KEPT - masks[i - 1]
            continue
        grid = (rng.random(counts) < keep).astype(np.float64)
        steps = [-(-side // n) for side, n in zip(sides, counts, strict=True)]
        shifts = [int(rng.integers(step)) for step in steps]
        weights = [
            _unshifted(side + step, n, step)[shift : shift + side]
            for side, n, step, shift in zip(sides, counts, steps, shifts, strict=True)
        ]
        masks[i] = as_masks(along_axes(grid[None], weights)[0])
    return masks


@lru_cache(maxsize=32)
def _unshifted(side: int, nodes: int, step: int) -> Floats:
    """Weights of a random mask's interpolation, before it is shifted: (side, nodes)."""
    return linear((np.arange(side) + 0.5) * nodes / ((nodes + 1) * step) - 0.5, nodes)


def windows(
    sides: Counts, centres: Floats, width: Sequence[float], edge: float = 0.5, axes: Axes | None = None
) -> Floats:
    """Soft-edged windows, 1 inside and 0 outside, (len(centres), *sides).

    centres: (n, axes), elements. width: along each axis at half height, elements. edge: share of the width
    over which a window fades. axes: that windows are cut along, None for all.
    """
    out = np.empty((len(centres), *sides))
    for i, centre in enumerate(centres):
        profiles = []
        for axis, (side, c, w) in enumerate(zip(sides, centre, width, strict=True)):
            inside = w / 2 - np.abs(np.arange(side) + 0.5 - c)  # elements from the edge
            cut = axes is None or axis in axes
            profiles.append(np.clip(inside / max(edge * w, 1e-9) + 0.5, 0, 1) if cut else np.ones(side))
        out[i] = reduce(np.multiply.outer, profiles)
    return out


def grid_centres(sides: Counts, most: int) -> Floats:
    """Centres of a regular grid of at most this many cells, none smaller than an element, (n, axes)."""
    counts = grid_counts(sides, most)
    axes = [(np.arange(n) + 0.5) * side / n for n, side in zip(counts, sides, strict=True)]
    return np.asarray(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(sides)))


def grid_counts(sides: Counts, most: int, even: bool = False) -> Counts:
    """Cells along each axis of the largest grid of cells nearly cubic, at most `most` in all.

    even: about as many along each axis instead, where elements do not compare, as those of time and space.
    """
    counts = [1] * len(sides)
    while True:
        wider = [i for i in range(len(sides)) if counts[i] < sides[i] and _grown(counts, i) <= most]
        if not wider:
            return tuple(counts)
        counts[max(wider, key=lambda i: (1 if even else sides[i]) / counts[i])] += 1


def _grown(counts: list[int], axis: int) -> int:
    return int(np.prod(counts)) // counts[axis] * (counts[axis] + 1)


def averaged(masks: NDArray[Any], counts: Counts) -> Floats:
    """The mean of masks (n, *sides) of 0 to 255 over each cell, as shares of 0 to 1: (n, cells)."""
    return cell_means(masks, counts) / KEPT


def cell_means(fields: NDArray[Any], counts: Counts) -> Floats:
    """The mean of fields (n, *sides) over each cell, (n, cells)."""
    sums: NDArray[Any] = fields
    sizes: NDArray[Any] = np.ones(())
    for axis, (side, count) in enumerate(zip(fields.shape[1:], counts, strict=True), start=1):
        starts = -(-np.arange(count) * side // count)
        sums = np.add.reduceat(sums, starts, axis=axis, dtype=np.float64)
        sizes = np.multiply.outer(sizes, np.diff(starts, append=side))
    return np.asarray((sums / sizes).reshape(len(fields), -1))


def upsampled(field: NDArray[Any], sides: Counts) -> Floats:
    """A field (counts) on the cells of `averaged`, interpolated linearly to every element: (*sides)."""
    weights = [between_cells(side, n) for side, n in zip(sides, field.shape, strict=True)]
    return np.asarray(along_axes(field[None], weights)[0])


@lru_cache(maxsize=32)
def between_cells(side: int, cells: int) -> Floats:
    """Weights of linear interpolation from the middles of cells to every element: (side, cells)."""
    return linear((np.arange(side) + 0.5) * cells / side - 0.5, cells)


def linear(at: Floats, nodes: int) -> Floats:
    """Weights of linear interpolation between nodes 0, 1... at these places, constant beyond: (n, nodes)."""
    weights = np.maximum(0, 1 - np.abs(np.clip(at, 0, nodes - 1)[:, None] - np.arange(nodes)))
    weights.flags.writeable = False
    return np.asarray(weights)


def along_axes(fields: NDArray[Any], weights: Sequence[Floats]) -> Floats:
    """Fields (n, *nodes) with each axis mapped by its weights (side, nodes): (n, *sides)."""
    out = np.asarray(fields, np.float64)
    for matrix in weights:
        out = np.asarray(np.tensordot(out, matrix, axes=(1, 1)))  # the next axis is the first, this one last
    return out


def as_masks(shares: NDArray[Any]) -> Masks:
    """Kept shares of 0 to 1 as keep-masks of 0 to 255."""
    return np.asarray(np.rint(np.clip(shares, 0, 1) * KEPT).astype(np.uint8))


def batches(rows: int) -> Iterator[slice]:
    """0 to rows in slices that are small in memory."""
    return (slice(i, min(i + BATCH, rows)) for i in range(0, rows, BATCH))

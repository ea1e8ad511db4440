"""Cells: how an input is cut, and how values go from cells to elements and back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError
from brittle.core.sample import InputSpec

Spans = Mapping[int, tuple[int, int]]  # first cell and the one after the last along spatial axes
NO_SPANS: Spans = MappingProxyType({})


@dataclass(frozen=True)
class Grid:
    """A regular cut of the spatial axes into cells; the last cell of an axis may be smaller.

    cell: elements along each spatial axis of spec, in their order. Cells are numbered row by row.
    """

    spec: InputSpec
    cell: tuple[int, ...]

    def __post_init__(self) -> None:
        sizes = [self.spec.shape[i] for i in self.spec.spatial]
        names = [self.spec.axes[i] for i in self.spec.spatial]
        if len(self.cell) != len(sizes):
            raise UsageError(f"expected a cell size for each of {' x '.join(names)}, got {self.cell}")
        for name, size, side in zip(names, sizes, self.cell, strict=True):
            if not 1 <= side <= size:
                raise UsageError(f"expected a cell of 1 to {size} along {name}, got {side}")

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Cells along each spatial axis."""
        sizes = (self.spec.shape[i] for i in self.spec.spatial)
        return tuple(ceil(size / side) for size, side in zip(sizes, self.cell, strict=True))

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return prod(self.counts)

    def side_of(self, share: float, spanned: Collection[int] = ()) -> float:
        """The side, in cells, of a block that holds this share of all cells.

        spanned: spatial axes along which the block has all cells.
        """
        cut = self._cut(spanned)
        return float((share * prod(cut)) ** (1 / max(1, len(cut))))

    def _cut(self, spanned: Collection[int]) -> list[int]:
        """Cells along each axis that is cut at all, but for these."""
        return [count for axis, count in enumerate(self.counts) if count > 1 and axis not in spanned]

    @cached_property
    def _numbers(self) -> NDArray[np.intp]:
        return np.arange(self.cells).reshape(self.counts)

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        """Where every cell is along each spatial axis, (axes, cells)."""
        return np.indices(self.counts).reshape(len(self.counts), -1)

    @cached_property
    def _where(self) -> list[tuple[slice, ...]]:
        return [self._box(places, places + 1) for places in self._places.T]

    def _box(self, low: Sequence[int], high: Sequence[int]) -> tuple[slice, ...]:
        """The elements of the cells from `low` up to `high` along each spatial axis."""
        index = [slice(None)] * len(self.spec.shape)
        for axis, a, b, side in zip(self.spec.spatial, low, high, self.cell, strict=True):
            index[axis] = slice(int(a) * side, int(b) * side)
        return tuple(index)

    def where(self, cell: int) -> tuple[slice, ...]:
        """The elements of one cell, as an index into an input."""
        return self._where[cell]

    def boxes(self, cells: NDArray[np.intp]) -> list[tuple[slice, ...]]:
        """The elements of several cells: one index if they fill a box, else one for each cell."""
        if len(cells) == 1:
            return [self._where[cells[0]]]
        places = self._places[:, cells]
        low, high = places.min(axis=1).tolist(), (places.max(axis=1) + 1).tolist()
        if prod(b - a for a, b in zip(low, high, strict=True)) != len(cells):
            return [self._where[cell] for cell in cells.tolist()]
        return [self._box(low, high)]

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """One value per cell -> one per element, of spec.shape with the channel axis of length 1."""
        field = values.reshape(self.counts)
        for axis, side in enumerate(self.cell):
            field = np.repeat(field, side, axis=axis)
        field = field[tuple(slice(self.spec.shape[i]) for i in self.spec.spatial)]
        channels = tuple(i for i in range(len(self.spec.shape)) if i not in self.spec.spatial)
        return np.expand_dims(field, channels)

    def total(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """The sum of x over each cell (channels included), shape (cells,)."""
        channels = tuple(i for i in range(x.ndim) if i not in self.spec.spatial)
        out = np.asarray(x.sum(axis=channels, dtype=np.float64))
        for axis, side in enumerate(self.cell):
            out = np.add.reduceat(out, np.arange(0, out.shape[axis], side), axis=axis)
        return out.reshape(-1)

    def block(self, centre: int, side: int, spans: Spans = NO_SPANS) -> NDArray[np.intp]:
        """Cells of a box around a cell, cut off at the edges.

        side:  in cells, along an axis of as many cells as the geometric mean; longer where there are more.
        spans: all the cells that the box has along some axes, wherever the centre is.
        """
        sides = [max(1, round(side * ratio)) for ratio in self._ratios(spans)]
        starts = [at - (n - 1) // 2 for at, n in zip(self._places[:, centre].tolist(), sides, strict=True)]
        box = [slice(max(0, start), start + n) for start, n in zip(starts, sides, strict=True)]
        for axis, span in spans.items():
            box[axis] = slice(*span)
        return self._numbers[tuple(box)].reshape(-1)

    def _ratios(self, spanned: Collection[int]) -> list[float]:
        """Cells along each axis, beside their geometric mean over the axes that are cut and not spanned."""
        cut = self._cut(spanned)
        mean = prod(cut) ** (1 / max(1, len(cut)))
        return [count / mean if count > 1 else 1.0 for count in self.counts]

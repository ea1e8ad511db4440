"""The cells board: natural distortions as layers, and inputs assembled from them cell by cell."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import DistortionError, UsageError
from brittle.core.grid import Grid
from brittle.core.sample import Array, Codes, InputSpec, Sample
from brittle.core.seeds import generator

Assignment = NDArray[np.int16]


class Distortion(Protocol):
    """A natural distortion: a pure function of the whole input, that knows no cells.

    name:   as users type it.
    needs:  axes it cannot do without, e.g. ("height", "width").
    levels: its strengths from weak to strong, in `unit`.
    varies: whether another random draw gives another result; False for a blur or a compression.
    """

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def levels(self) -> tuple[float, ...]: ...
    @property
    def unit(self) -> str: ...
    @property
    def varies(self) -> bool: ...

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A distorted copy of x: same shape, within spec.bounds, the same for the same rng state."""


@dataclass(frozen=True)
class Layer:
    """The recipe of one layer: which distortion, how strong, which random draw."""

    distortion: str
    level: float
    draw: int


@dataclass(frozen=True)
class Palette:
    """The layers that a search may use: every distortion x level x draw.

    In an assignment the integer k stands for layers[k - 1], and 0 for the untouched input.
    """

    distortions: tuple[Distortion, ...]
    draws: int = 1

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The recipe of every layer but 0."""
        return tuple(
            Layer(d.name, level, draw)
            for d in self.distortions
            for draw in range(self.draws if d.varies else 1)
            for level in d.levels
        )

    def check(self, spec: InputSpec) -> None:
        """Raise UsageError if a distortion needs an axis that inputs of this kind do not have."""
        for d in self.distortions:
            for axis in d.needs:
                if axis not in spec.axes:
                    has = ", ".join(spec.axes)
                    raise UsageError(f"{d.name} needs the axis '{axis}'; this input has {has}")

    def recipe(self) -> list[dict[str, Any]]:
        """The palette as plain data, for a run folder."""
        return [asdict(layer) for layer in self.layers]


def distort(distortion: Distortion, sample: Sample, level: float, draw: int, seed: int) -> Array:
    """One distorted input, checked. A draw is the same pattern at every level. Raises DistortionError."""
    rng = generator(seed, sample.id, distortion.name, draw)
    x = sample.x.view()
    x.flags.writeable = False
    try:
        out = np.asarray(distortion(x, sample.spec, level, rng), np.float32)
    except Exception as error:
        if "read-only" in str(error):
            raise DistortionError(f"{distortion.name} changes its input; it must return a copy") from error
        raise DistortionError(f"{distortion.name} raised {type(error).__name__}: {error}") from error
    if out.shape != x.shape:
        raise DistortionError(f"{distortion.name} must keep the shape {x.shape}, but returned {out.shape}")
    low, high = sample.spec.bounds
    slack = 1e-5 * sample.spec.span
    if not (out.min() >= low - slack and out.max() <= high + slack):
        raise DistortionError(
            f"{distortion.name} must stay within [{low:g}, {high:g}], "
            f"but returned [{out.min():g}, {out.max():g}]; clip its result"
        )
    return out


class Canvas:
    """One sample under a palette: assignment (one layer index a cell) -> input.

    Layers are drawn when first used and kept quantised. Rendering copies a base and paints only the cells
    that differ from it; the base follows a search that keeps what it tried. Implements Board.

    power: of changes, in what is called squares here whatever it is, and their root L2: 2, or 1 where the
    mean absolute change is to be small (Terms.power). Searches then lessen that, and need not know.
    """

    def __init__(self, sample: Sample, grid: Grid, palette: Palette, seed: int, power: int = 2) -> None:
        self.sample, self.grid, self.palette, self.seed, self.power = sample, grid, palette, seed, power
        self.layers = palette.layers
        self.distortion_of: Mapping[str, Distortion] = {d.name: d for d in palette.distortions}
        self._codes: dict[int, Codes] = {0: sample.spec.encode(sample.x)}
        self._squares = np.full((len(self.layers) + 1, grid.cells), np.nan)
        self._squares[0] = 0
        self._every_cell = np.arange(grid.cells)
        self._base = self._last = self.blank()
        self._x_base = sample.spec.decode(self._codes[0])

    @property
    def layer_count(self) -> int:
        """How many layers there are beside 0, the untouched input."""
        return len(self.layers)

    def blank(self) -> Assignment:
        """The assignment of the untouched input."""
        return np.zeros(self.grid.cells, np.int16)

    def layer(self, layer: int) -> Codes:
        """The whole input under one layer, quantised."""
        if layer not in self._codes:
            recipe = self.layers[layer - 1]
            distortion = self.distortion_of[recipe.distortion]
            x = distort(distortion, self.sample, recipe.level, recipe.draw, self.seed)
            self._codes[layer] = self.sample.spec.encode(x)
        return self._codes[layer]

    def squares(self, layer: int) -> NDArray[np.float64]:
        """What each cell would add to the squared L2 distance under one layer, shape (cells,)."""
        squares: NDArray[np.float64] = self._squares[layer]
        if np.isnan(squares[0]):
            difference = self.sample.spec.decode(self.layer(layer))
            difference -= self.sample.x
            of = np.square if self.power == 2 else np.abs
            squares[:] = self.grid.total(of(difference, out=difference))
        return squares

    def l2(self, assignment: Assignment) -> float:
        """L2 distance of an assignment from the untouched input, without rendering it."""
        return float(np.sqrt(self.squares_of(assignment).sum()))

    def squares_of(self, assignment: Assignment) -> NDArray[np.float64]:
        """What each cell of an assignment adds to its squared L2 distance, shape (cells,)."""
        squares: NDArray[np.float64] = self._squares[assignment, self._every_cell]
        if np.isnan(squares).any():
            for layer in np.unique(assignment[np.isnan(squares)]):
                self.squares(int(layer))
            squares = self._squares[assignment, self._every_cell]
        return squares

    def render(self, move: Codes, out: Array) -> None:
        """Write the input that this assignment stands for into out."""
        fresh = move != self._base
        if np.count_nonzero(move != self._last) < np.count_nonzero(fresh):
            self._paint(self._x_base, self._last, self._last != self._base)
            self._base = self._last
            fresh = move != self._base
        np.copyto(out, self._x_base)
        self._paint(out, move, fresh)
        self._last = np.array(move, np.int16)

    def _paint(self, x: Array, assignment: Codes, cells: NDArray[np.bool_]) -> None:
        """Write the layers of these cells into x; cells of one layer that fill a box at once."""
        painted = np.flatnonzero(cells)
        for layer in np.unique(assignment[painted]):
            codes = self.layer(int(layer))
            for where in self.grid.boxes(painted[assignment[painted] == layer]):
                self.sample.spec.decode(codes[where], x[where])

    def recipe(self, move: Codes) -> list[int] | None:
        """The assignment as plain data."""
        return [int(k) for k in move]


def replay(canvas: Canvas, assignment: Sequence[int]) -> Array:
    """The input that a stored assignment stands for. Raises UsageError where it does not fit."""
    if len(assignment) != canvas.grid.cells or not all(0 <= k <= canvas.layer_count for k in assignment):
        raise UsageError(
            f"expected {canvas.grid.cells} layer indices of 0 to {canvas.layer_count}, "
            f"got {len(assignment)} others"
        )
    out = np.empty(canvas.sample.spec.shape, np.float32)
    canvas.render(np.array(assignment, np.int16), out)
    return out

"""The frames of a clip as the temporal agent chooses among them: runs of some length about coarse places."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Canvas
from brittle.core.play import coarse_places
from brittle.searches.patchwork.geometry import Floats
from brittle.searches.patchwork.view import bounded
from brittle.searches.temporal_spatial.state import Choice
from brittle.searches.temporal_spatial.tuning import TUNING

AXIS = "frame"


class Runs:
    """Constants of one clip along time. A frame here is a cell of the grid along that axis.

    axis: of the grid. count: frames. places: coarse places in time. frame_of: the frame of every cell.
    """

    def __init__(self, canvas: Canvas) -> None:
        spec, grid = canvas.sample.spec, canvas.grid
        self.canvas, self.axis = canvas, [spec.axes[i] for i in spec.spatial].index(AXIS)
        self.count = grid.counts[self.axis]
        (self.places,) = coarse_places((self.count,))
        self.frame_of = np.indices(grid.counts)[self.axis].reshape(-1)
        self.whole = len(TUNING.extents) - 1  # the length of all frames

    def choice(self, place: int, extent: int) -> Choice:
        """The run of this length about the middle of a place, moved into the clip where it would leave it."""
        length = max(1, round(TUNING.extents[extent] * self.count))
        middle = int((place + 0.5) * self.count / self.places)
        first = min(max(0, middle - (length - 1) // 2), self.count - length)
        return Choice(place, extent, (first, first + length))

    def per_place(self, by_frame: Floats) -> Floats:
        """Means over the frames of each place, (frames,) -> (places,)."""
        place_of = np.arange(self.count) * self.places // self.count
        sums = np.bincount(place_of, by_frame, self.places)
        return np.asarray(sums / np.bincount(place_of, minlength=self.places))

    def per_frame(self, by_cell: NDArray[np.generic]) -> Floats:
        """Sums over the cells of each frame, (cells,) -> (frames,)."""
        return np.bincount(self.frame_of, by_cell, self.count).astype(np.float64)

    @cached_property
    def input_features(self) -> Floats:
        """The untouched clip by places, (features, places): contrast, motion, distance from the middle."""
        spec, grid, x = self.canvas.sample.spec, self.canvas.grid, self.canvas.sample.x
        axis = spec.axes.index(AXIS)
        moved = np.abs(np.diff(x, axis=axis, prepend=x.take([0], axis=axis)))
        size, total = (self.per_frame(grid.total(of)) for of in (np.ones_like(x), x))
        power, motion = (self.per_frame(grid.total(of)) for of in (np.square(x), moved))
        contrast = np.sqrt(np.maximum(power / size - np.square(total / size), 0))
        middle = np.abs(2 * (np.arange(self.places) + 0.5) / self.places - 1)
        rows = [
            4 * self.per_place(contrast) / spec.span,
            20 * self.per_place(motion / size) / spec.span,
            middle,
        ]
        return bounded(np.array(rows)).astype(np.float64)

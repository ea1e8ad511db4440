"""What is known of a game before the first move: its places, and what each layer costs in each cell."""

from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Canvas
from brittle.core.play import coarse_places
from brittle.searches.patchwork.effects import prior_of
from brittle.searches.patchwork.state import NON_LAYER_OPERATORS
from brittle.searches.patchwork.tuning import TUNING

Floats = NDArray[np.float64]


class Geometry:
    """Constants of one sample under its grid and palette. Layer 0 is the untouched input.

    spanned:   axes of the grid along which someone else says what a block has; they are one place.
    places:    counts of coarse places along each axis. place_of: the place of every cell, (cells,).
               cells_of: the cells of every place.
    longest:   side of the largest block, in cells; first_side: of the first one.
    rms:       L2 of a change by the input's whole span in every element.
    squares:   what each cell adds to the squared L2 under each layer, (layers + 1, cells).
    cost:      L2 of each whole layer, above 0, (layers,).
    group_of:  the group of each layer, the same for the levels of one distortion and draw, (layers + 1,).
    groups:    how many groups there are.
    weaker:    the next cheaper layer of the same group, 0 if there is none, (layers + 1,).
    cost_rank: where each layer stands among those of its distortion by cost, 0 to 1, (layers,).
    prior:     of the effects of groups in places.
    """

    def __init__(self, canvas: Canvas, spanned: tuple[int, ...] = ()) -> None:
        counts, layers = canvas.grid.counts, canvas.layers
        self.canvas, self.layer_count = canvas, canvas.layer_count
        own = tuple(1 if axis in spanned else count for axis, count in enumerate(counts))
        self.places, self.longest = coarse_places(own), max(own)
        self.first_side = canvas.grid.side_of(TUNING.first_block_share, spanned)
        self.place_of = _place_of(counts, self.places)
        self.cells_of = [np.flatnonzero(self.place_of == k) for k in range(prod(self.places))]
        self.rms = float(np.sqrt(canvas.sample.x.size) * canvas.sample.spec.span ** (canvas.power / 2))
        self.squares = np.stack([canvas.squares(k) for k in range(self.layer_count + 1)])
        self.cost = np.sqrt(self.squares[1:].sum(axis=1)) + 1e-9 * self.rms
        group_keys = [(layer.distortion, layer.draw, layer.level > 0) for layer in layers]
        known = list(dict.fromkeys(group_keys))
        self.group_of = np.array([0, *(known.index(key) for key in group_keys)])
        self.groups = len(known)
        self._cells = np.arange(canvas.grid.cells)
        self._amplitude = np.sqrt(self.squares)
        self.prior = prior_of(self.groups, self.places)
        self._unit = 1.0
        whole = [self.design(np.full(canvas.grid.cells, k, np.int16)) for k in range(1, self.layer_count + 1)]
        self._unit = float(np.sqrt(np.median([self.prior.variance(design) for design in whole]))) or 1.0
        self._scaled_amplitude = self._amplitude / self._unit

    @cached_property
    def weaker(self) -> NDArray[np.int16]:
        out = np.zeros(self.layer_count + 1, np.int16)
        for k, cost in enumerate(self.cost):
            cheaper = np.flatnonzero((self.group_of[1:] == self.group_of[k + 1]) & (self.cost < cost))
            out[k + 1] = 1 + cheaper[self.cost[cheaper].argmax()] if len(cheaper) else 0
        return out

    @cached_property
    def cost_rank(self) -> Floats:
        names = np.array([layer.distortion for layer in self.canvas.layers])
        same = names[:, None] == names
        below = (same & (self.cost < self.cost[:, None])).sum(axis=1)
        return np.asarray(below / np.maximum(same.sum(axis=1) - 1, 1))

    @cached_property
    def operator_features(self) -> dict[str, Floats]:
        """Constant features of operators: of the layers (layers,), and indicators of the other operators."""
        others = len(NON_LAYER_OPERATORS)
        indicators = np.concatenate([np.zeros((others, self.layer_count)), np.eye(others)], axis=1)
        return {
            "cost": np.log(self.cost / np.median(self.cost)),
            "rms": np.log10(1e3 * self.cost / self.rms),
            "cost rank": self.cost_rank,
            **dict(zip(NON_LAYER_OPERATORS, indicators, strict=True)),
        }

    @cached_property
    def input_features(self) -> dict[str, Floats]:
        """The untouched input by places, (places,) each: mean, contrast, distance from the centre."""
        grid, x, spec = self.canvas.grid, self.canvas.sample.x, self.canvas.sample.spec
        size = self.per_place(grid.total(np.ones_like(x)))
        mean = self.per_place(grid.total(x)) / size
        contrast = np.sqrt(np.maximum(self.per_place(grid.total(np.square(x))) / size - mean**2, 0))
        at = np.indices(self.places).reshape(len(self.places), -1)
        from_centre = [2 * (a + 0.5) / n - 1 for a, n in zip(at, self.places, strict=True)]
        return {
            "mean": 2 * (mean - np.mean(spec.bounds)) / spec.span,
            "contrast": 4 * contrast / spec.span,
            "distance from centre": np.sqrt(np.mean(np.square(from_centre), axis=0)),
        }

    def design(self, assignment: Assignment) -> Floats:
        """The design row of an assignment: amplitudes by group and place, (cells,) -> (groups, places).

        An amplitude is the sum of the L2 of single cells, in units in which a typical whole layer has
        variance 1 under the prior of effects.
        """
        places = len(self.cells_of)
        key = self.group_of[assignment] * places + self.place_of
        sums = np.bincount(key, self._amplitude[assignment, self._cells], self.groups * places)
        return np.asarray(sums.reshape(self.groups, -1) / self._unit)

    def drops(self, effects: Floats) -> Floats:
        """By how much each cell lowers the margin under each layer, nats, (layers + 1, cells).

        effects: (groups, places).
        """
        return np.asarray(effects[self.group_of][:, self.place_of] * self._scaled_amplitude)

    def drops_of(self, effects: Floats, assignment: Assignment) -> Floats:
        """By how much each cell of an assignment lowers the margin, nats, (cells,)."""
        amplitude = self._scaled_amplitude[assignment, self._cells]
        return np.asarray(effects[self.group_of[assignment], self.place_of] * amplitude)

    def per_place(self, values: NDArray[np.generic]) -> Floats:
        """Sums over the cells of each place, (cells,) -> (places,)."""
        return np.bincount(self.place_of, values, len(self.cells_of)).astype(np.float64)


def _place_of(counts: tuple[int, ...], places: tuple[int, ...]) -> NDArray[np.intp]:
    """The coarse place of every cell of a grid, (cells,)."""
    at = np.indices(counts).reshape(len(counts), -1)
    coarse = [a * some // count for a, some, count in zip(at, places, counts, strict=True)]
    return np.asarray(np.ravel_multi_index(tuple(coarse), places))

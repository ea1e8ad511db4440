"""What is known of a game before the first move: its places, and what each layer costs in each cell."""

from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Canvas
from brittle.core.play import coarse_places
from brittle.searches.patchwork.effects import prior_of
from brittle.searches.patchwork.state import OTHERS

Floats = NDArray[np.float64]


class Ground:
    """Constants of one sample under its grid and palette.

    places:  counts of coarse places along each axis; place_of: of every cell, (cells,); cells_of: inverse.
    squares: what each cell adds to the squared L2 under each colour, (colours + 1, cells).
    cost:    L2 of each whole layer, above 0, (colours,).
    kin:     a number for each colour, the same for the levels of one distortion and draw, (colours + 1,).
    weaker:  for each colour its next cheaper kin, 0 if there is none, (colours + 1,).
    rank:    where each colour stands among its distortion's by cost, 0 to 1, (colours,).
    """

    def __init__(self, canvas: Canvas) -> None:
        counts, layers = canvas.grid.counts, canvas.layers
        self.canvas, self.colours = canvas, canvas.layer_count
        self.places = coarse_places(counts)
        self.place_of = _groups(counts, self.places)
        self.cells_of = [np.flatnonzero(self.place_of == k) for k in range(prod(self.places))]
        self.rms = float(np.sqrt(canvas.sample.x.size) * canvas.sample.spec.span)
        self.squares = np.stack([canvas.squares(k) for k in range(self.colours + 1)])
        self.cost = np.sqrt(self.squares[1:].sum(axis=1)) + 1e-9 * self.rms
        families = [(layer.distortion, layer.draw, layer.level > 0) for layer in layers]
        known = list(dict.fromkeys(families))
        self.kin = np.array([0, *(known.index(family) for family in families)])
        self.kins = len(known)
        self._cells = np.arange(canvas.grid.cells)
        self._amplitude = np.sqrt(self.squares)
        self.prior = prior_of(self.kins, self.places)
        self._unit = 1.0
        whole = [self.amounts(np.full(canvas.grid.cells, k, np.int16)) for k in range(1, self.colours + 1)]
        self._unit = float(np.sqrt(np.median([self.prior.variance(amounts) for amounts in whole]))) or 1.0
        self._share = self._amplitude / self._unit

    @cached_property
    def weaker(self) -> NDArray[np.int16]:
        out = np.zeros(self.colours + 1, np.int16)
        for k, cost in enumerate(self.cost):
            kin = np.flatnonzero((self.kin[1:] == self.kin[k + 1]) & (self.cost < cost))
            out[k + 1] = 1 + kin[self.cost[kin].argmax()] if len(kin) else 0
        return out

    @cached_property
    def rank(self) -> Floats:
        names = np.array([layer.distortion for layer in self.canvas.layers])
        family = names[:, None] == names
        below = (family & (self.cost < self.cost[:, None])).sum(axis=1)
        return np.asarray(below / np.maximum(family.sum(axis=1) - 1, 1))

    @cached_property
    def nature(self) -> dict[str, Floats]:
        """What is true of operators whatever happens: of colours (colours,), and which is which other one."""
        alone = np.concatenate([np.zeros((len(OTHERS), self.colours)), np.eye(len(OTHERS))], axis=1)
        return {
            "cost": np.log(self.cost / np.median(self.cost)),
            "rms": np.log10(1e3 * self.cost / self.rms),
            "rank": self.rank,
            **dict(zip(OTHERS, alone, strict=True)),
        }

    @cached_property
    def scenery(self) -> dict[str, Floats]:
        """The untouched input by places, (places,) each: mean, contrast, distance from the centre."""
        grid, x, spec = self.canvas.grid, self.canvas.sample.x, self.canvas.sample.spec
        size = self.per_place(grid.total(np.ones_like(x)))
        mean = self.per_place(grid.total(x)) / size
        contrast = np.sqrt(np.maximum(self.per_place(grid.total(np.square(x))) / size - mean**2, 0))
        at = np.indices(self.places).reshape(len(self.places), -1)
        off = [2 * (a + 0.5) / n - 1 for a, n in zip(at, self.places, strict=True)]
        return {
            "mean": 2 * (mean - np.mean(spec.bounds)) / spec.span,
            "contrast": 4 * contrast / spec.span,
            "off centre": np.sqrt(np.mean(np.square(off), axis=0)),
        }

    def amounts(self, worn: Assignment) -> Floats:
        """How much of each kin is worn in each place: L2 of single cells, summed, (kins, places).

        In units in which a usual whole layer has variance 1 under the prior of effects.
        """
        places = len(self.cells_of)
        key = self.kin[worn] * places + self.place_of
        sums = np.bincount(key, self._amplitude[worn, self._cells], self.kins * places)
        return np.asarray(sums.reshape(self.kins, -1) / self._unit)

    def falls(self, effects: Floats) -> Floats:
        """By how much each cell lowers the margin under each colour, (colours + 1, cells)."""
        return np.asarray(effects[self.kin][:, self.place_of] * self._share)

    def falls_of(self, effects: Floats, worn: Assignment) -> Floats:
        """By how much each cell of a colouring lowers the margin, (cells,)."""
        return np.asarray(effects[self.kin[worn], self.place_of] * self._share[worn, self._cells])

    def per_place(self, values: NDArray[np.generic]) -> Floats:
        """Sums over the cells of each place, (cells,) -> (places,)."""
        return np.bincount(self.place_of, values, len(self.cells_of)).astype(np.float64)


def _groups(counts: tuple[int, ...], coarse: tuple[int, ...]) -> NDArray[np.intp]:
    """The group of every cell where a raster is cut coarser, (cells,)."""
    at = np.indices(counts).reshape(len(counts), -1)
    places = [a * some // count for a, some, count in zip(at, coarse, counts, strict=True)]
    return np.asarray(np.ravel_multi_index(tuple(places), coarse))

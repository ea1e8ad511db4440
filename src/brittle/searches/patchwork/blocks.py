"""What a move of patchwork shows: layers on a block of cells, nearer than the closest flip so far."""

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment
from brittle.core.grid import NO_SPANS, Spans
from brittle.core.play import Move
from brittle.core.search import Terms
from brittle.searches.patchwork.geometry import Geometry
from brittle.searches.patchwork.state import LIGHTEN, NON_LAYER_OPERATORS, REMOVE, Proposal, State
from brittle.searches.patchwork.tuning import TUNING


class Blocks:
    """Makes the proposals of one game. Randomness comes from the generator that is handed in, only."""

    def __init__(self, geometry: Geometry, terms: Terms) -> None:
        self.geometry, self.canvas, self.terms = geometry, geometry.canvas, terms

    def propose(
        self, state: State, move: Move, rng: np.random.Generator, spans: Spans = NO_SPANS
    ) -> Proposal | None:
        """A block about a random cell of the place; if that is too far, other cells are removed for it.

        spans: what the block has along the spanned axes of the geometry.
        """
        painted = self._painted(state, move.operator, rng)
        side = max(1, round(state.side * TUNING.size_factors[move.size]))
        for _ in range(TUNING.block_tries):
            cells = self.geometry.cells_of[move.place]
            centre = int(cells[rng.integers(len(cells))])
            block = self.canvas.grid.block(centre, min(side, self.geometry.longest), spans)
            row = state.current.copy()
            row[block] = painted[block]
            if np.array_equal(row, state.current):
                side += 1
                continue
            proposal = self._fitted(state, row, block, move, rng)
            if proposal:
                return proposal
            side = max(1, int(TUNING.retry_shrinkage * side))
        return self._fallback(state, move, rng)

    def whole(self, layer: int, move: Move) -> Proposal:
        """A layer over the whole input, from 1."""
        row = np.full(self.canvas.grid.cells, layer, np.int16)
        return Proposal(row=row, l2=self.canvas.l2(row), move=move)

    def _painted(self, state: State, operator: int, rng: np.random.Generator) -> Assignment:
        """The layer that this operator would assign to every cell, (cells,)."""
        layers = self.geometry.layer_count
        if operator < layers:
            return np.full(len(state.current), operator + 1, np.int16)
        name = NON_LAYER_OPERATORS[operator - layers]
        if name == REMOVE:
            return self.canvas.blank()
        if name == LIGHTEN:
            return self.geometry.weaker[state.current]
        # the price of squared L2 that equals the price of L2 at the current distance
        price = state.price / (2 * max(state.l2, self.geometry.cost.min()))
        drops = self.geometry.drops(state.effects.posterior_draw(rng))
        if state.expected is not None:
            drops += state.expected
        return np.asarray((drops - price * self.geometry.squares).argmax(axis=0), np.int16)

    def _fitted(
        self, state: State, row: Assignment, block: NDArray[np.intp], move: Move, rng: np.random.Generator
    ) -> Proposal | None:
        """The assignment as a proposal below the L2 bound, thinned for that; None if there is none."""
        bound, squares = self._l2_bound(state), self.canvas.squares_of(row)
        if squares[block].sum() >= (TUNING.thinned_l2 * bound) ** 2:
            return None
        if squares.sum() >= bound**2:
            row = self._thinned(state, row, block, TUNING.thinned_l2 * bound, rng)
        l2 = self.canvas.l2(row)
        changed = 0 < l2 < bound and not np.array_equal(row, state.current)
        return Proposal(row=row, l2=l2, move=move) if changed else None

    def _thinned(
        self, state: State, row: Assignment, block: NDArray[np.intp], bound: float, rng: np.random.Generator
    ) -> Assignment:
        """The assignment less just so many cells outside the block that its L2 is below `bound`.

        Cells are drawn without replacement, by their squared L2 over the drop of the margin they bring.
        """
        outside = row > 0
        outside[block] = False
        cells = np.flatnonzero(outside)
        squares = self.canvas.squares_of(row)
        drops = self.geometry.drops_of(state.effects.posterior_mean, row) + state.expected_of(row)
        drops = drops[cells]
        drops = np.maximum(drops, TUNING.least_drop * np.abs(drops).max(initial=1e-9))
        arrival = rng.exponential(size=len(cells)) * drops / np.maximum(squares[cells], 1e-12)
        order = cells[np.argsort(arrival, kind="stable")]
        enough = int(np.searchsorted(np.cumsum(squares[order]), squares.sum() - bound**2)) + 1
        thinned = row.copy()
        thinned[order[:enough]] = 0
        return thinned

    def _fallback(self, state: State, move: Move, rng: np.random.Generator) -> Proposal | None:
        """Where no block fits: the current assignment less one cell, or a single cell below the L2 bound."""
        assigned = np.flatnonzero(state.current)
        if len(assigned) > 1:
            row = state.current.copy()
            row[rng.choice(assigned)] = 0
        else:
            squares = self.geometry.squares
            fitting = np.argwhere((squares > 0) & (squares < TUNING.thinned_l2 * self._l2_bound(state) ** 2))
            if not len(fitting):
                return None
            layer, cell = rng.choice(fitting)
            row = self.canvas.blank()
            row[cell] = layer
        l2 = self.canvas.l2(row)
        return Proposal(row=row, l2=l2, move=move) if 0 < l2 < self._l2_bound(state) else None

    def _l2_bound(self, state: State) -> float:
        """The L2 that proposals must be below: of the closest flip so far, or what the terms allow."""
        limit = np.inf if self.terms.max_l2 is None else np.nextafter(self.terms.max_l2, np.inf)
        return float(min(state.best_l2, limit))

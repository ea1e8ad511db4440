"""Patchwork: natural layers, block by block, where they lower the margin most for the least distance.

One rule from the first query to the last: a block is accepted when margin + price x L2 drops. The price is a
Lagrange multiplier and steers: it falls while the current assignment does not flip, so that the margin is
lowered, and rises while it does, so that distance is saved. The search walks along the decision boundary, and
the closest flip it meets counts (a primal-dual search for the least L2 at a margin below 0). Moves compete by
what they gained in this search (adaptive pursuit; Thierens, GECCO 2005). Every answer also feeds a linear
model of what each layer does in each place; the operator "thompson" assigns what a posterior draw of that
model prefers (Thompson sampling).
"""

from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Canvas
from brittle.core.play import Move, Odds, View, play_out
from brittle.core.search import Game, Search
from brittle.searches.patchwork.effects import no_answers
from brittle.searches.patchwork.geometry import Floats, Geometry
from brittle.searches.patchwork.state import (
    LIGHTEN,
    NON_LAYER_OPERATORS,
    REMOVE,
    Proposal,
    State,
    initial_credit,
)
from brittle.searches.patchwork.tuning import TUNING
from brittle.searches.patchwork.view import view_of
from brittle.settings import Settings, setting


class Patchwork(Settings):
    """Blocks of natural layers along the decision boundary; the player of the cells board."""

    name: ClassVar[str] = "patchwork"
    board: ClassVar[str] = "cells"
    price: float = setting(
        4.0, "nats that one unit of RMS change costs at first (relative to the input's span)", gt=0
    )
    cheaper: float = setting(
        0.92, "factor on the price after each query while the current assignment does not flip", gt=0, le=1
    )
    dearer: float = setting(
        1.06, "factor on the price after each query while the current assignment flips", ge=1
    )
    thompson: float = setting(
        1.0, "odds of Thompson sampling, beside 1 for all other operators together; 0 turns it off", ge=0
    )

    def play(self, game: Game[Canvas]) -> "PatchworkPlay":
        """The moves of one game."""
        return PatchworkPlay(self, game)

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, one row at a time, until nothing closer is left to show."""
        return play_out(self.play(game), game)


class PatchworkPlay:
    """The moves of one game: an operator for each layer, then "remove", "lighten" and "thompson".

    A layer is assigned to a block of cells; "remove" sets the block back to the untouched input, "lighten"
    gives its cells the next weaker layer of their group, "thompson" the layers that a posterior draw of the
    linear model prefers there. Implements Play.
    """

    def __init__(self, settings: Patchwork, game: Game[Canvas]) -> None:
        self.settings, self.canvas, self.terms = settings, game.board, game.terms
        self.clean = float(game.goal.margin(game.clean[None])[0])
        self.geometry = Geometry(game.board)
        self.operators = (*(layer.distortion for layer in self.canvas.layers), *NON_LAYER_OPERATORS)
        self.places, self.sizes = self.geometry.places, len(TUNING.size_factors)

    @cached_property
    def start(self) -> State:
        """The untouched input."""
        counts = self.canvas.grid.counts
        return State(
            current=self.canvas.blank(),
            l2=0.0,
            margin=self.clean,
            best_l2=np.inf,
            price=self.settings.price / self.geometry.rms,
            side=float((TUNING.first_block_share * self.canvas.grid.cells) ** (1 / len(counts))),
            operator_credit=initial_credit(len(self.operators)),
            place_credit=initial_credit(len(self.geometry.cells_of)),
            effects=no_answers(self.geometry.prior),
            typical_gain=max(TUNING.first_typical_gain * self.clean, 1e-6),
        )

    def moves(self, state: State) -> Odds:
        """Odds by credit of operators and places; cheap layers first; removal where most is assigned."""
        places = np.maximum(state.place_credit.mean_gain, TUNING.credit_floor)
        odds = self._operator_odds(state)[:, None] * (places / places.sum())
        removals = [self.operators.index(name) for name in (REMOVE, LIGHTEN)]
        assigned = self.geometry.per_place(state.current > 0)
        odds[removals] = odds[removals].sum(axis=1, keepdims=True) * (assigned / max(assigned.sum(), 1))
        return np.asarray(odds[:, :, None] * np.array(TUNING.size_odds))

    def _operator_odds(self, state: State) -> Floats:
        """Odds of the operators whatever the place, sum 1, (operators,)."""
        layers = self.geometry.layer_count
        gain = np.maximum(state.operator_credit.mean_gain, TUNING.credit_floor)
        paint, removal, thompson = gain[:layers] / self.geometry.cost, gain[layers:-1], gain[-1]
        share = TUNING.removal_share_flipped if state.margin < 0 else TUNING.removal_share
        ready = state.queries > TUNING.queries_before_thompson
        model = self.settings.thompson * thompson / max(1.0, gain.mean()) if ready else 0.0
        odds = np.concatenate([(1 - share) * paint / paint.sum(), share * removal / removal.sum(), [model]])
        return np.asarray(odds / odds.sum())

    def propose(self, state: State, move: Move, rng: np.random.Generator) -> Proposal | None:
        """A block about a random cell of the place; if that is too far, other cells are removed for it."""
        counts = self.canvas.grid.counts
        painted = self._painted(state, move.operator, rng)
        side = max(1, round(state.side * TUNING.size_factors[move.size]))
        for _ in range(TUNING.block_tries):
            cells = self.geometry.cells_of[move.place]
            centre = int(cells[rng.integers(len(cells))])
            block = self.canvas.grid.block(centre, min(side, max(counts)))
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

    def _painted(self, state: State, operator: int, rng: np.random.Generator) -> Assignment:
        """The layer that this operator would assign to every cell, (cells,)."""
        name = self.operators[operator]
        if operator < self.geometry.layer_count:
            return np.full(len(state.current), operator + 1, np.int16)
        if name == REMOVE:
            return self.canvas.blank()
        if name == LIGHTEN:
            return self.geometry.weaker[state.current]
        # the price of squared L2 that equals the price of L2 at the current distance
        price = state.price / (2 * max(state.l2, self.geometry.cost.min()))
        drops = self.geometry.drops(state.effects.posterior_draw(rng))
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
        drops = self.geometry.drops_of(state.effects.posterior_mean, row)[cells]
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

    def accept(self, state: State, proposal: Proposal, margin: float) -> State:
        """The state after the model's answer: the proposal is current if margin + price x L2 dropped."""
        gain = state.margin - margin + state.price * (state.l2 - proposal.l2)
        closer = margin < 0 and proposal.l2 < state.best_l2
        state = self._learned(state, proposal, margin, max(0.0, gain))
        if gain > 0 or closer:
            side = min(state.side * TUNING.block_growth, max(self.canvas.grid.counts))
            state = replace(state, current=proposal.row, l2=proposal.l2, margin=margin, side=side, refused=0)
        else:
            side = max(1.0, state.side * TUNING.block_shrinkage)
            state = replace(state, side=side, refused=state.refused + 1)
        factor = self.settings.dearer if state.margin < 0 else self.settings.cheaper
        first, furthest = self.start.price, TUNING.price_range
        price = float(np.clip(state.price * factor, first / furthest, first * furthest))
        return replace(state, price=price, best_l2=proposal.l2 if closer else state.best_l2)

    def _learned(self, state: State, proposal: Proposal, margin: float, gain: float) -> State:
        """The state with the credit of the move and the linear model updated. margin, gain: nats."""
        relative = min(TUNING.gain_cap, gain / state.typical_gain)
        change = TUNING.credit_rate * (gain - state.typical_gain) if gain > 0 else 0.0
        return replace(
            state,
            operator_credit=state.operator_credit.updated(proposal.move.operator, relative),
            place_credit=state.place_credit.updated(proposal.move.place, relative),
            effects=state.effects.with_answer(self.geometry.design(proposal.row), self.clean - margin),
            typical_gain=state.typical_gain + change,
            queries=state.queries + 1,
        )

    def observe(self, state: State) -> View:
        """What a policy sees: GLOBAL_FEATURES, OPERATOR_FEATURES and PLACE_FEATURES of view.py."""
        return view_of(state, self.start, self.geometry, self.terms, self._operator_odds(state))

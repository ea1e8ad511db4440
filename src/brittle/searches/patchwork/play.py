"""The moves of patchwork: how likely each is."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Canvas
from brittle.core.grid import NO_SPANS, Spans
from brittle.core.play import Move, Odds, View
from brittle.core.search import Game
from brittle.searches.patchwork.blocks import Blocks
from brittle.searches.patchwork.effects import no_answers
from brittle.searches.patchwork.geometry import Floats, Geometry
from brittle.searches.patchwork.opening import Opening
from brittle.searches.patchwork.state import (
    LIGHTEN,
    NON_LAYER_OPERATORS,
    REMOVE,
    Proposal,
    State,
    initial_credit,
)
from brittle.searches.patchwork.tuning import TUNING
from brittle.searches.patchwork.update import Prices, Update
from brittle.searches.patchwork.view import view_of


class PatchworkPlay:
    """The moves of one game: an operator for each layer, then "remove", "lighten" and "thompson".

    A layer is assigned to a block of cells; "remove" sets the block back to the untouched input, "lighten"
    gives its cells the next weaker layer of their group, "thompson" the layers that a posterior draw of the
    linear model prefers there. Implements Play.

    thompson: odds of that operator, as of Patchwork. opens: whether whole layers are shown first.
    spanned: axes of the grid along which someone else says what a block has.
    """

    def __init__(
        self,
        game: Game[Canvas],
        prices: Prices,
        thompson: float = 1.0,
        opens: bool = False,
        spanned: tuple[int, ...] = (),
    ) -> None:
        self.canvas, self.terms, self.thompson = game.board, game.terms, thompson
        self.clean = float(game.goal.margin(game.clean[None])[0])
        self.geometry = Geometry(game.board, spanned)
        self.operators = (*(layer.distortion for layer in self.canvas.layers), *NON_LAYER_OPERATORS)
        self.places, self.sizes = self.geometry.places, len(TUNING.size_factors)
        rows = int(TUNING.opening_share * game.terms.budget) if opens else 0
        self.opening = Opening(self.geometry, rows, self.terms.max_l2 or np.inf)
        self.update = Update(self.geometry, self.opening, prices, self.clean)
        self.blocks = Blocks(self.geometry, self.terms)

    @cached_property
    def start(self) -> State:
        """The untouched input."""
        return State(
            current=self.canvas.blank(),
            l2=0.0,
            margin=self.clean,
            best_l2=np.inf,
            price=self.update.first_price,
            side=self.geometry.first_side,
            operator_credit=initial_credit(len(self.operators)),
            place_credit=initial_credit(len(self.geometry.cells_of)),
            effects=no_answers(self.geometry.prior),
            typical_gain=max(TUNING.first_typical_gain * self.clean, 1e-6),
            upcoming=self.opening.next_layer(()),
        )

    def moves(self, state: State, within: NDArray[np.bool_] | None = None) -> Odds:
        """Odds by credit of operators and places; cheap layers first; removal where most is assigned.

        While it opens there is one move: the next whole layer. within: the cells that blocks may have, where
        that are not all, (cells,).
        """
        if state.upcoming:
            odds = np.zeros((len(self.operators), len(self.geometry.cells_of), self.sizes))
            odds[state.upcoming - 1, 0, 0] = 1
            return odds
        places = np.maximum(state.place_credit.mean_gain, TUNING.credit_floor)
        odds = self._operator_odds(state)[:, None] * (places / places.sum())
        removals = [self.operators.index(name) for name in (REMOVE, LIGHTEN)]
        removable = state.current > 0 if within is None else (state.current > 0) & within
        assigned = self.geometry.per_place(removable)
        odds[removals] = odds[removals].sum(axis=1, keepdims=True) * (assigned / max(assigned.sum(), 1))
        return np.asarray(odds[:, :, None] * np.array(TUNING.size_odds))

    def _operator_odds(self, state: State) -> Floats:
        """Odds of the operators whatever the place, sum 1, (operators,)."""
        layers = self.geometry.layer_count
        gain = np.maximum(state.operator_credit.mean_gain, TUNING.credit_floor)
        paint, removal, thompson = gain[:layers] / self.geometry.cost, gain[layers:-1], gain[-1]
        share = TUNING.removal_share_flipped if state.margin < 0 else TUNING.removal_share
        ready = state.queries > TUNING.queries_before_thompson
        model = self.thompson * thompson / max(1.0, gain.mean()) if ready else 0.0
        odds = np.concatenate([(1 - share) * paint / paint.sum(), share * removal / removal.sum(), [model]])
        return np.asarray(odds / odds.sum())

    def propose(
        self, state: State, move: Move, rng: np.random.Generator, spans: Spans = NO_SPANS
    ) -> Proposal | None:
        """A block about a random cell of the place, or the whole layer that the opening shows next.

        spans: what the block has along the spanned axes.
        """
        if state.upcoming:
            return self.blocks.whole(state.upcoming, move)
        return self.blocks.propose(state, move, rng, spans)

    def accept(self, state: State, proposal: Proposal, margin: float) -> State:
        """The state after the model's answer: the proposal is current if margin + price x L2 dropped."""
        return self.update.after(state, proposal, margin)

    def observe(self, state: State) -> View:
        """What a policy sees: GLOBAL_FEATURES, OPERATOR_FEATURES and PLACE_FEATURES of view.py."""
        return view_of(state, self.start, self.geometry, self.terms, self._operator_odds(state))

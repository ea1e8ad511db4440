"""What an answer teaches patchwork: what is kept, the price, credit, and the linear model of effects."""

from dataclasses import dataclass, replace

import numpy as np

from brittle.searches.patchwork.geometry import Geometry
from brittle.searches.patchwork.opening import Opening
from brittle.searches.patchwork.state import NON_LAYER_OPERATORS, Credit, Proposal, State, Whole
from brittle.searches.patchwork.tuning import TUNING


@dataclass(frozen=True)
class Prices:
    """What L2 costs: nats for a unit of RMS change at first, and the factors after a query; see Patchwork."""

    first: float
    cheaper: float
    dearer: float


def gain_of(state: State, proposal: Proposal, margin: float) -> float:
    """By how much this answer lowers margin + price x L2, nats."""
    return state.margin - margin + state.price * (state.l2 - proposal.l2)


def relative_gain(state: State, gain: float) -> float:
    """A gain in typical gains, 0 to gain_cap, as credit has it. gain: nats."""
    return min(TUNING.gain_cap, max(0.0, gain) / state.typical_gain)


@dataclass(frozen=True)
class Update:
    """How a state follows from another and an answer. clean: the untouched input's margin, nats."""

    geometry: Geometry
    opening: Opening
    prices: Prices
    clean: float

    @property
    def first_price(self) -> float:
        """Nats that a unit of L2 costs at first."""
        return self.prices.first / self.geometry.rms

    def after(self, state: State, proposal: Proposal, margin: float) -> State:
        """The state after the model's answer: the proposal is current if margin + price x L2 dropped."""
        if state.upcoming:
            return self._opened(state, proposal, margin)
        gain = gain_of(state, proposal, margin)
        closer = margin < 0 and proposal.l2 < state.best_l2
        state = self._learned(state, proposal, margin, max(0.0, gain))
        if gain > 0 or closer:
            side = min(state.side * TUNING.block_growth, self.geometry.longest)
            state = replace(state, current=proposal.row, l2=proposal.l2, margin=margin, side=side, refused=0)
        else:
            side = max(1.0, state.side * TUNING.block_shrinkage)
            state = replace(state, side=side, refused=state.refused + 1)
        factor = self.prices.dearer if state.margin < 0 else self.prices.cheaper
        first, furthest = self.first_price, TUNING.price_range
        price = float(np.clip(state.price * factor, first / furthest, first * furthest))
        state = replace(state, price=price)
        return self._noted(state, proposal) if closer else self._retreated(state)

    def _opened(self, state: State, proposal: Proposal, margin: float) -> State:
        """The state after another whole layer of the opening; after the last one, with what it taught."""
        whole = (*state.whole, Whole(state.upcoming, margin))
        state = replace(
            state,
            effects=state.effects.with_answer(self.geometry.design(proposal.row), self.clean - margin),
            queries=state.queries + 1,
            whole=whole,
            upcoming=self.opening.next_layer(whole),
        )
        if margin < 0 and proposal.l2 < state.best_l2:
            state = self._noted(state, proposal)
        if state.upcoming:
            return state
        gains = np.concatenate([self.opening.gains(whole, self.clean), np.ones(len(NON_LAYER_OPERATORS))])
        state = replace(state, operator_credit=Credit(gains, state.operator_credit.tries))
        return self._on(state, self.opening.start(whole)) if state.best_l2 == np.inf else state

    def _noted(self, state: State, proposal: Proposal) -> State:
        """The state with a closer flip."""
        return replace(state, best_l2=proposal.l2, closest_query=state.queries)

    def _retreated(self, state: State) -> State:
        """The state on the nearest whole flip, once nothing closer was found for long after the opening."""
        opened = len(state.whole) + 1
        waited = state.queries - opened == TUNING.opening_patience and state.closest_query <= opened
        return self._on(state, self.opening.nearest_flip(state.whole)) if waited else state

    def _on(self, state: State, whole: Whole | None) -> State:
        """The state whose current assignment is a whole layer."""
        if whole is None:
            return state
        row = np.full(len(state.current), whole.layer, np.int16)
        return replace(state, current=row, l2=self.geometry.canvas.l2(row), margin=whole.margin)

    def _learned(self, state: State, proposal: Proposal, margin: float, gain: float) -> State:
        """The state with the credit of the move and the linear model updated. margin, gain: nats."""
        relative = relative_gain(state, gain)
        change = TUNING.credit_rate * (gain - state.typical_gain) if gain > 0 else 0.0
        drop = self.clean - margin - float(state.expected_of(proposal.row).sum())
        return replace(
            state,
            operator_credit=state.operator_credit.updated(proposal.move.operator, relative),
            place_credit=state.place_credit.updated(proposal.move.place, relative),
            effects=state.effects.with_answer(self.geometry.design(proposal.row), drop),
            typical_gain=state.typical_gain + change,
            queries=state.queries + 1,
        )

"""ripple with surrogates: leaps by many steps on them before the climb, and again during it.

The answers of the audited model say where to leap: towards the classes that it holds for the nearest, which
are not those of the surrogates. They also say whom to trust: the surrogates' weights are changed one at a
time, and a change is kept with the field that it led to (BASES; Cai et al., "Blackbox Attacks via Surrogate
Ensemble Search", NeurIPS 2022, algorithm 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.goal import Goal
from brittle.core.play import Move, Odds, View
from brittle.core.sample import Array
from brittle.core.surrogate import Lead
from brittle.searches.descent import TRANSFER, Descent, descended, noise_field
from brittle.searches.ripple.play import RipplePlay
from brittle.searches.ripple.state import OPERATORS, Proposal, State
from brittle.searches.ripple.update import typical_fall

LEAP, FOLLOW = "leap", "follow"
NEARBY = Descent(steps=18, first=0.1, last=0.02, noise=0.25)


@dataclass(frozen=True)
class GuidedTuning:
    """The tuned constants of leaps."""

    leap: Descent = TRANSFER  # from white noise
    follow: Descent = NEARBY  # from the current field
    ranks: tuple[int, ...] = (0, 0, 1, 0, 2, 0)  # of the nearest classes, for each leap before the climb
    most_follows: int = 60  # of a game
    follow_weight: float = 4.0  # of a follow, times its credit, beside 1 for all moves of ripple
    first_credit: float = 0.5
    least_credit: float = 0.05
    credit_rate: float = 0.15
    change: float = 2.0  # factor on a surrogate's weight, or its inverse


GUIDED = GuidedTuning()


@dataclass(frozen=True)
class GuidedState:
    """Where a game stands.

    ripple: its part. weights: of the surrogates. leaps, follows: how many were shown. credit: running mean of
    what a follow brought, in typical falls. rivals: the classes nearest to a flip, as the current field was
    answered, nearest first; heard: as the last answer has them.
    """

    ripple: State
    weights: NDArray[np.float64]
    rivals: tuple[int, ...]
    heard: tuple[int, ...] = ()
    leaps: int = 0
    follows: int = 0
    credit: float = GUIDED.first_credit

    @property
    def margin(self) -> float | None:
        """Of the current field, nats."""
        return self.ripple.margin

    @property
    def best_l2(self) -> float:
        """L2 of the closest flip so far."""
        return self.ripple.best_l2


@dataclass(frozen=True)
class GuidedProposal:
    """What ripple may show, and the weights that led to it."""

    shown: Proposal
    weights: NDArray[np.float64] | None = None

    @property
    def row(self) -> NDArray[Any]:
        """Its codes."""
        return self.shown.row

    @property
    def l2(self) -> float:
        """Its distance."""
        return self.shown.l2


class GuidedPlay:
    """Implements core.play.Play and Listener on the board of whole inputs.

    ripple: the moves that need no surrogate. clean: the untouched input's answer, (classes,).
    """

    def __init__(
        self,
        ripple: RipplePlay,
        leads: Sequence[Lead],
        clean: Array,
        goal: Goal,
        tuning: GuidedTuning = GUIDED,
    ) -> None:
        self.ripple, self.leads, self.goal, self.tuning = ripple, tuple(leads), goal, tuning
        self.operators = (*OPERATORS, LEAP, FOLLOW)
        self.places, self.sizes, self.clean = ripple.places, ripple.sizes, ripple.clean
        self._first_rivals = self._nearest(clean)

    @property
    def start(self) -> GuidedState:
        """Before the first candidate."""
        return GuidedState(self.ripple.start, np.ones(len(self.leads)), self._first_rivals)

    def moves(self, state: GuidedState) -> Odds:
        """Leaps first; then ripple's moves, and a follow by its credit."""
        tuning, shape = self.tuning, (len(self.operators), prod(self.places), self.sizes)
        whole = np.zeros(shape)
        if state.best_l2 == np.inf and state.leaps < len(tuning.ranks):
            whole[-2] = 1 / prod(shape[1:])
            return whole
        weight = tuning.follow_weight * max(tuning.least_credit, state.credit)
        if state.follows >= tuning.most_follows or not state.ripple.current.any():
            weight = 0.0
        share = weight / (1 + weight)
        whole[:-2] = self.ripple.moves(state.ripple) * (1 - share)
        whole[-1] = share / prod(shape[1:])
        return whole

    def propose(self, state: GuidedState, move: Move, rng: np.random.Generator) -> GuidedProposal | None:
        """A candidate at the state's radius."""
        kind, setup, current = self.operators[move.operator], self.ripple.setup, state.ripple
        if kind not in (LEAP, FOLLOW):
            found = self.ripple.propose(current, move, rng)
            return None if found is None else GuidedProposal(found)
        weights, start, how = state.weights, current.current, self.tuning.follow
        rank = 0
        if kind == LEAP:
            start, how = noise_field(setup.fields, rng), self.tuning.leap
            rank = self.tuning.ranks[state.leaps % len(self.tuning.ranks)]
        elif len(weights) > 1:
            weights = weights.copy()
            weights[rng.integers(len(weights))] *= self.tuning.change ** rng.choice([-1, 1])
        rivals = state.rivals[rank : rank + 1]
        field = descended(setup.sample, self.leads, weights, start, current.radius, how, rng, rivals)
        shown = self.ripple.sphere.at(field, current.radius, current.scale)
        return GuidedProposal(Proposal(move, kind, shown.codes, field, shown.l2, shown.scale), weights)

    def told(self, state: GuidedState, answer: Array) -> GuidedState:
        """The state with the classes that the answer holds for the nearest."""
        return replace(state, heard=self._nearest(answer))

    def accept(self, state: GuidedState, proposal: GuidedProposal, margin: float) -> GuidedState:
        """The state after the answer: weights and rivals of a field that lowered the margin are kept."""
        gain = (self.clean if state.margin is None else state.margin) - margin
        new = replace(state, ripple=self.ripple.accept(state.ripple, proposal.shown, margin))
        if gain > 0 or state.margin is None:
            new = replace(new, rivals=state.heard or state.rivals)
        if proposal.weights is None:
            return new
        if gain > 0:
            new = replace(new, weights=proposal.weights)
        if proposal.shown.operator == LEAP:
            return replace(new, leaps=state.leaps + 1)
        reward = min(2.0, max(0.0, gain) / typical_fall(state.ripple, self.clean))
        credit = state.credit + self.tuning.credit_rate * (reward - state.credit)
        return replace(new, follows=state.follows + 1, credit=credit)

    def observe(self, state: GuidedState) -> View:
        """What ripple's view says."""
        return self.ripple.observe(state.ripple)

    def _nearest(self, answer: Array) -> tuple[int, ...]:
        """As many classes as leaps may go to, the nearest first."""
        return self.goal.rivals(answer, max(self.tuning.ranks) + 1)

"""ripple with surrogates: leaps by many steps on them before the climb, and again during it.

The answers of the audited model say where to leap: towards the classes that it holds for the nearest, which
are not those of the surrogates. They also say whom to trust: the surrogates' weights are changed one at a
time, and a change is kept with the field that it led to (BASES; Cai et al., "Blackbox Attacks via Surrogate
Ensemble Search", NeurIPS 2022, algorithm 1).
"""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from brittle.core.goal import Goal
from brittle.core.play import Move, Odds, View
from brittle.core.sample import Array
from brittle.core.surrogate import Lead
from brittle.searches.descent import descended, noise_field
from brittle.searches.ripple.deciders import Decider, schedule
from brittle.searches.ripple.decisions import CLIMB, DECISIONS, FOLLOW, INDEX
from brittle.searches.ripple.guided_state import (
    GUIDED,
    GuidedProposal,
    GuidedState,
    GuidedTuning,
    no_record,
)
from brittle.searches.ripple.guided_view import guided_view
from brittle.searches.ripple.play import RipplePlay
from brittle.searches.ripple.state import OPERATORS, Proposal
from brittle.searches.ripple.trust import Watched, no_trust
from brittle.searches.ripple.update import typical_fall


class GuidedPlay:
    """Implements core.play.Play and Listener on the board of whole inputs.

    ripple: the moves that need no surrogate. clean: the untouched input's answer, (classes,). decider: who
    decides between leaps, follows and the climb. sees_trust: whether the view holds what is known of
    surrogates.
    """

    def __init__(
        self,
        ripple: RipplePlay,
        leads: Sequence[Lead],
        clean: Array,
        goal: Goal,
        tuning: GuidedTuning = GUIDED,
        decider: Decider = schedule,
        sees_trust: bool = False,
    ) -> None:
        self.ripple, self.leads, self.goal, self.tuning = ripple, tuple(leads), goal, tuning
        self._decider, self._sees_trust = decider, sees_trust
        self.operators = (*OPERATORS, *DECISIONS)
        self.places, self.sizes, self.clean = ripple.places, ripple.sizes, ripple.clean
        self._most_rank = max(*tuning.ranks, *(d.rank for d in DECISIONS.values()))
        self._first_rivals = self._nearest(clean)

    @property
    def start(self) -> GuidedState:
        """Before the first candidate."""
        count = len(self.leads)
        return GuidedState(
            self.ripple.start, np.ones(count), self._first_rivals, no_trust(count), no_record()
        )

    def moves(self, state: GuidedState) -> Odds:
        """As the decider says; the climb's share is ripple's to divide."""
        shares = self._decider(state, self.tuning)
        whole = np.empty((len(self.operators), prod(self.places), self.sizes))
        whole[: len(OPERATORS)] = self.ripple.moves(state.ripple) * shares[INDEX[CLIMB]]
        whole[len(OPERATORS) :] = (shares[1:] / prod(whole.shape[1:]))[:, None, None]
        return whole

    def propose(self, state: GuidedState, move: Move, rng: np.random.Generator) -> GuidedProposal | None:
        """A candidate at the state's radius."""
        kind, current = self.operators[move.operator], state.ripple
        if kind not in DECISIONS:
            found = self.ripple.propose(current, move, rng)
            return None if found is None else GuidedProposal(found, CLIMB)
        decision, sample = DECISIONS[kind], self.ripple.setup.sample
        start = noise_field(self.ripple.setup.fields, rng) if decision.anew else current.current
        weights = self._weights(state, kind, rng)
        rivals = state.rivals[decision.rank : decision.rank + 1]
        leads = [Watched(lead) for lead in self.leads]
        field = descended(sample, leads, weights, start, current.radius, decision.how, rng, rivals)
        shown = self.ripple.sphere.at(field, current.radius, current.scale)
        found = Proposal(move, kind, shown.codes, field, shown.l2, shown.scale)
        return GuidedProposal(found, kind, weights, np.array([lead.fall for lead in leads]))

    def _weights(self, state: GuidedState, kind: str, rng: np.random.Generator) -> NDArray[np.float64]:
        """How often each surrogate is asked: as it was, one changed, or the most trusted alone."""
        weights = state.weights
        if DECISIONS[kind].alone:
            return np.asarray(np.arange(len(weights)) == state.trust.most, np.float64)
        if kind == FOLLOW and len(weights) > 1:
            weights = weights.copy()
            weights[rng.integers(len(weights))] *= self.tuning.change ** rng.choice([-1, 1])
        return weights

    def told(self, state: GuidedState, answer: Array) -> GuidedState:
        """The state with the classes that the answer holds for the nearest."""
        return replace(state, heard=self._nearest(answer))

    def accept(self, state: GuidedState, proposal: GuidedProposal, margin: float) -> GuidedState:
        """The state after the answer: weights and rivals of a field that lowered the margin are kept."""
        open_margin = self.clean if state.margin is None else state.margin
        gain = open_margin - margin
        won = float(np.clip(gain / max(open_margin, 1e-9), 0, 1))
        new = replace(
            state,
            ripple=self.ripple.accept(state.ripple, proposal.shown, margin),
            record=state.record.after(INDEX[proposal.decision], won),
        )
        if gain > 0 or state.margin is None:
            new = replace(new, rivals=state.heard or state.rivals)
        if proposal.weights is None or proposal.predicted is None:
            return new
        decision = DECISIONS[proposal.decision]
        if gain > 0 and not decision.alone:
            new = replace(new, weights=proposal.weights)
        start = self.clean if decision.anew else open_margin
        trust = state.trust.after(decision.anew, proposal.predicted, start - margin)
        new = replace(new, trust=trust).counted(decision.anew)
        if decision.anew:
            return new
        reward = min(2.0, max(0.0, gain) / typical_fall(state.ripple, self.clean))
        credit = state.credit + self.tuning.credit_rate * (reward - state.credit)
        return replace(new, credit=credit)

    def observe(self, state: GuidedState) -> View:
        """What ripple's view says, and where it is asked for what is known of the surrogates."""
        view = self.ripple.observe(state.ripple)
        return guided_view(view, state, self.tuning) if self._sees_trust else view

    def _nearest(self, answer: Array) -> tuple[int, ...]:
        """As many classes as leaps may go to, the nearest first."""
        return self.goal.rivals(answer, self._most_rank + 1)

"""patchwork with surrogates: a ladder of assignments first, then blocks from its closest flip.

The audited model's answers pick the rung by bisection, since farther rungs flip more often. The gains that
chose it become the mean of the linear model's prior, at the scale that the answers to the rungs have. During
the blocks an operator "remake" asks the surrogates again at the current assignment. All of it leads towards
the class that the audited model itself holds for the nearest, often not the nearest one on the surrogates.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from brittle.core.goal import Goal
from brittle.core.play import Move, Odds, View, draw
from brittle.core.sample import Array
from brittle.core.surrogate import Lead
from brittle.searches.patchwork.effects import no_answers
from brittle.searches.patchwork.guided_state import GUIDED, GuidedProposal, GuidedState, GuidedTuning
from brittle.searches.patchwork.ladder import Gains, Rung, between, climbed, scale_of, worn
from brittle.searches.patchwork.play import PatchworkPlay
from brittle.searches.patchwork.state import THOMPSON, Proposal
from brittle.searches.patchwork.update import gain_of, relative_gain

RUNG, REMAKE = "rung", "remake"


class GuidedPlay:
    """Implements core.play.Play and Listener on the board of cells.

    patchwork: the moves that need no surrogate. clean: the untouched input's answer, (classes,).
    """

    def __init__(
        self,
        patchwork: PatchworkPlay,
        leads: Sequence[Lead],
        goal: Goal,
        clean: Array,
        tuning: GuidedTuning = GUIDED,
    ) -> None:
        self.patchwork, self.leads, self.goal, self.tuning = patchwork, tuple(leads), goal, tuning
        self.operators = (*patchwork.operators, RUNG, REMAKE)
        self.places, self.sizes, self.clean = patchwork.places, patchwork.sizes, patchwork.clean
        self.geometry, self.terms = patchwork.geometry, patchwork.terms
        self._first_rivals = self._nearest(clean)

    @property
    def start(self) -> GuidedState:
        """Before the first rung."""
        return GuidedState(self.patchwork.start, self._first_rivals)

    def moves(self, state: GuidedState) -> Odds:
        """The next rung while there is one; then patchwork's moves, and a remake by its credit."""
        odds = np.zeros((len(self.operators), prod(self.places), self.sizes))
        if state.next_rung is not None:
            odds[-2, 0, 0] = 1
            return odds
        own, weight = self.patchwork.moves(state.patchwork), self.tuning.remake_weight
        odds[:-2] = own / own.sum()
        opening = state.gains is None or state.patchwork.upcoming
        if not opening and state.remakes < self.tuning.most_remakes:
            odds[-1] = weight * max(self.tuning.least_credit, state.credit) / odds[-1].size
        return odds

    def propose(self, state: GuidedState, move: Move, rng: np.random.Generator) -> GuidedProposal | None:
        """A rung, a remake, or what patchwork shows."""
        kind = self.operators[move.operator]
        if kind == RUNG:
            return self._rung(state, move, rng)
        if kind == REMAKE:
            return self._remake(state, move, rng)
        found = self.patchwork.propose(state.patchwork, move, rng)
        return GuidedProposal(found) if found else None

    def _rung(self, state: GuidedState, move: Move, rng: np.random.Generator) -> GuidedProposal | None:
        """The next rung of the ladder, which is made for the first one."""
        ladder = state.ladder
        if ladder is None:
            ladder = climbed(self._gains(), self._heights(), state.rivals, rng)
        index = between(len(ladder), state.answers, highest_first=not self.terms.closest)
        if index is None:
            return self._unguided(state, rng, ladder)
        shown = Proposal(ladder[index].row, ladder[index].l2, move)
        return GuidedProposal(shown, ladder=ladder, rung=index)

    def _heights(self) -> list[float]:
        """L2 that rungs stay below, rising; the last is the greatest that the terms allow, where they do."""
        first = self.tuning.lowest * float(np.median(self.geometry.cost))
        heights = [first * self.tuning.ratio**k for k in range(self.tuning.rungs)]
        limit = self.terms.max_l2
        return heights if limit is None else [*(h for h in heights if h < limit), limit]

    def _gains(self) -> Gains:
        return Gains(self.geometry.canvas, self.leads, self.geometry.squares, self.tuning.climb)

    def _remake(self, state: GuidedState, move: Move, rng: np.random.Generator) -> GuidedProposal | None:
        """All cells by the gains near the current assignment and a draw of the linear model."""
        tuning, current = self.tuning, state.patchwork
        assert state.gains is not None
        turns = [int(k) for k in rng.permutation(len(self.leads))]
        asked = [turns[k % len(turns)] for k in range(tuning.remake_steps)]
        noise = tuning.climb.noise * current.l2
        gains = self._gains().after(state.gains, current.current, asked, noise, state.rivals, rng)
        drops = state.scale * gains + self.geometry.drops(current.effects.posterior_draw(rng))
        bound = min(current.best_l2, self.terms.max_l2 or np.inf)
        if bound == np.inf:
            bound = tuning.ratio * max(current.l2, float(self.geometry.cost.min()))
        row = worn(drops, self.geometry.squares, tuning.remake_shares[move.size] * bound)
        l2 = self.geometry.canvas.l2(row)
        if l2 == 0 or np.array_equal(row, current.current):
            return self._unguided(state, rng)
        return GuidedProposal(Proposal(row, l2, move), gains=gains)

    def _unguided(
        self, state: GuidedState, rng: np.random.Generator, ladder: tuple[Rung, ...] | None = None
    ) -> GuidedProposal | None:
        """What patchwork shows next, where the surrogates have nothing to show."""
        own = state.patchwork
        found = self.patchwork.propose(own, draw(self.patchwork.moves(own), rng), rng)
        return GuidedProposal(found, ladder=ladder) if found else None

    def told(self, state: GuidedState, answer: Array) -> GuidedState:
        """The state with the classes that the answer holds for the nearest."""
        return replace(state, heard=self._nearest(answer))

    def accept(self, state: GuidedState, proposal: GuidedProposal, margin: float) -> GuidedState:
        """The state after the answer."""
        if proposal.rung is not None and proposal.ladder is not None:
            return self._climbed(state, proposal, proposal.ladder, proposal.rung, margin)
        old, shown = state.patchwork, proposal.shown
        if proposal.gains is not None:
            shown = replace(shown, move=replace(shown.move, operator=self.operators.index(THOMPSON)))
        new = self.patchwork.accept(old, shown, margin)
        after = replace(state, patchwork=new, ladder=state.ladder if proposal.ladder is None else ())
        if new.current is shown.row:
            after = replace(after, rivals=state.heard or state.rivals)
        if proposal.gains is None:
            return after
        gain = relative_gain(old, gain_of(old, shown, margin))
        kept = {name: getattr(old, name) for name in ("operator_credit", "place_credit", "side")}
        return replace(
            after,
            patchwork=replace(new, **kept),
            gains=proposal.gains if new.current is shown.row else state.gains,
            remakes=state.remakes + 1,
            credit=state.credit + self.tuning.credit_rate * (gain - state.credit),
        )

    def _climbed(
        self, state: GuidedState, proposal: GuidedProposal, ladder: tuple[Rung, ...], rung: int, margin: float
    ) -> GuidedState:
        """The state after another rung; after the last one on the closest flip, or the best where none is."""
        answers, old = {**state.answers, rung: margin}, state.patchwork
        patchwork = replace(old, queries=old.queries + 1)
        if margin < 0:
            patchwork = replace(patchwork, best_l2=proposal.l2, closest_query=patchwork.queries)
        best = min(answers, key=lambda k: (answers[k] >= 0, ladder[k].l2 if answers[k] < 0 else answers[k]))
        after = replace(state, patchwork=patchwork, ladder=ladder, answers=answers)
        if best == rung:
            after = replace(after, rivals=state.heard or state.rivals)
        return after if after.next_rung is not None else self._opened(after, best)

    def _opened(self, state: GuidedState, best: int) -> GuidedState:
        """The state on this rung, with what the answers to all of them taught."""
        assert state.ladder is not None
        rung, margin = state.ladder[best], state.answers[best]
        scale = scale_of(rung.gains, {k: self.clean - m for k, m in state.answers.items()}, state.ladder)
        patchwork = replace(
            state.patchwork,
            current=rung.row,
            l2=rung.l2,
            margin=margin,
            expected=scale * rung.gains,
            effects=no_answers(self.geometry.prior),
        )
        for k, answer in state.answers.items():
            row = state.ladder[k].row
            drop = self.clean - answer - float(patchwork.expected_of(row).sum())
            effects = patchwork.effects.with_answer(self.geometry.design(row), drop)
            patchwork = replace(patchwork, effects=effects)
        return replace(state, patchwork=patchwork, gains=rung.gains, scale=scale)

    def observe(self, state: GuidedState) -> View:
        """What patchwork's view says."""
        return self.patchwork.observe(state.patchwork)

    def _nearest(self, answer: Array) -> tuple[int, ...]:
        """As many classes as have to come before the label."""
        return self.goal.rivals(answer, self.goal.k)

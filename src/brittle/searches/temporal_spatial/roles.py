"""The game as each of the two agents plays it: its own move, and the other's drawn from what that one sees.

So either can learn while the other stays as it is, and both play together what they have learned.
"""

from functools import cached_property

import numpy as np

from brittle.core.play import Move, Odds, Policy, View, draw
from brittle.searches.temporal_spatial.play import FRAMES, Both
from brittle.searches.temporal_spatial.state import Proposal, State
from brittle.searches.temporal_spatial.tuning import TUNING


class TemporalPlay:
    """The temporal agent's moves: runs of frames. The spatial agent answers each with cells. Implements Play.

    partner: corrects the spatial agent's odds; None leaves the hand-made ones.
    """

    def __init__(self, both: Both, partner: Policy | None) -> None:
        self.both, self.partner = both, partner
        self.operators, self.places, self.sizes = (FRAMES,), (both.runs.places,), len(TUNING.extents)
        self.clean, self.start = both.clean, both.start

    def moves(self, state: State) -> Odds:
        """Odds of runs of frames."""
        return self.both.time_odds(state)

    def observe(self, state: State) -> View:
        """What the temporal agent sees."""
        return self.both.view_in_time(state)

    def propose(self, state: State, move: Move, rng: np.random.Generator) -> Proposal | None:
        """What the spatial agent does in these frames."""
        state = self.both.chosen(state, move)
        odds = self.both.cell_odds(state)
        if self.partner is not None:
            odds = self.partner(self.both.cells.operators, self.both.view_in_space(state), odds)
        return self.both.propose(state, draw(odds, rng), rng)

    def accept(self, state: State, proposal: Proposal, margin: float) -> State:
        """The state after the model's answer."""
        return self.both.accept(state, proposal, margin)


class SpatialPlay:
    """The spatial agent's moves, in frames that the temporal agent has chosen before. Implements Play.

    partner: corrects the temporal agent's odds; None leaves the hand-made ones. seed: of what that one draws,
    by query, so that a state is all that its choice depends on.
    """

    def __init__(self, both: Both, partner: Policy | None, seed: int) -> None:
        self.both, self.partner, self.seed = both, partner, seed
        self.operators, self.places, self.sizes = both.cells.operators, both.cells.places, both.cells.sizes
        self.clean = both.clean

    @cached_property
    def start(self) -> State:
        """The untouched input, and the first choice of frames."""
        return self._chosen(self.both.start)

    def moves(self, state: State) -> Odds:
        """Odds of blocks in these frames."""
        return self.both.cell_odds(state)

    def observe(self, state: State) -> View:
        """What the spatial agent sees."""
        return self.both.view_in_space(state)

    def propose(self, state: State, move: Move, rng: np.random.Generator) -> Proposal | None:
        """A block of cells through these frames."""
        return self.both.propose(state, move, rng)

    def accept(self, state: State, proposal: Proposal, margin: float) -> State:
        """The state after the model's answer, and the next choice of frames."""
        return self._chosen(self.both.accept(state, proposal, margin))

    def _chosen(self, state: State) -> State:
        odds = self.both.time_odds(state)
        if self.partner is not None:
            odds = self.partner((FRAMES,), self.both.view_in_time(state), odds)
        rng = np.random.default_rng([self.seed, state.search.queries])
        return self.both.chosen(state, draw(odds, rng))

"""The game that two agents share: which frames, then which cells in them, then one query."""

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Canvas
from brittle.core.play import Move, Odds, View
from brittle.core.search import Game
from brittle.searches.patchwork.play import PatchworkPlay
from brittle.searches.patchwork.state import initial_credit
from brittle.searches.patchwork.tuning import TUNING as IN_SPACE
from brittle.searches.patchwork.update import Prices, gain_of, relative_gain
from brittle.searches.patchwork.view import bounded, global_features
from brittle.searches.temporal_spatial.runs import Runs
from brittle.searches.temporal_spatial.state import Proposal, State
from brittle.searches.temporal_spatial.tuning import TUNING

FRAMES = "frames"  # the one operator of the temporal agent
CHOICE_FEATURES = ("share of frames", "middle", "share of squared l2")
TIME_FEATURES = (
    *("assigned cells", "share of l2", "mean gain", "tries", "contrast", "motion"),
    "distance from the middle",
)


class Both:
    """What either agent may do, how it is seen, and what an answer teaches both.

    prices, thompson: as of Patchwork. cells: the moves in space, those of patchwork within chosen frames.
    """

    def __init__(self, game: Game[Canvas], prices: Prices, thompson: float) -> None:
        self.runs = Runs(game.board)
        self.cells = PatchworkPlay(game, prices, thompson, opens=True, spanned=(self.runs.axis,))
        self.clean = self.cells.clean

    @cached_property
    def start(self) -> State:
        """The untouched input, and all frames."""
        times, extents = (initial_credit(n) for n in (self.runs.places, len(TUNING.extents)))
        return State(self.cells.start, times, extents, self.runs.choice(0, self.runs.whole))

    def time_odds(self, state: State) -> Odds:
        """Odds of runs of frames by credit, (1, places in time, lengths); all frames are one of them.

        While whole layers are shown they are the only one.
        """
        odds = np.zeros((1, self.runs.places, len(TUNING.extents)))
        if state.search.upcoming:
            odds[0, 0, self.runs.whole] = 1
            return odds
        times, extents = (
            np.maximum(c.mean_gain, IN_SPACE.credit_floor) for c in (state.times, state.extents)
        )
        lengths = extents * TUNING.extent_odds
        odds[0] = (times / times.sum())[:, None] * lengths
        odds[0, :, self.runs.whole] = 0
        odds[0, 0, self.runs.whole] = lengths[self.runs.whole]
        return odds

    def chosen(self, state: State, move: Move) -> State:
        """The state with the frames of a move of the temporal agent."""
        return replace(state, choice=self.runs.choice(move.place, move.size))

    def cell_odds(self, state: State) -> Odds:
        """Patchwork's odds, (operators, places, sizes), removal only where these frames have some."""
        return self.cells.moves(state.search, self._within(state))

    def propose(self, state: State, move: Move, rng: np.random.Generator) -> Proposal | None:
        """A block of cells through the chosen frames."""
        found = self.cells.propose(state.search, move, rng, {self.runs.axis: state.choice.frames})
        return Proposal(found, state.choice) if found else None

    def accept(self, state: State, proposal: Proposal, margin: float) -> State:
        """The state after the model's answer; both agents have the gain as credit."""
        search, choice = state.search, proposal.choice
        after = replace(state, search=self.cells.accept(search, proposal.in_space, margin))
        if search.upcoming:
            return after
        gain = relative_gain(search, gain_of(search, proposal.in_space, margin))
        extents = state.extents.updated(choice.extent, gain)
        if choice.extent == self.runs.whole:
            return replace(after, extents=extents)
        return replace(after, extents=extents, times=state.times.updated(choice.place, gain))

    def view_in_time(self, state: State) -> View:
        """What the temporal agent sees: patchwork's world, the credit of lengths, and TIME_FEATURES."""
        current = state.search.current
        squares = self.runs.per_frame(self.cells.canvas.squares_of(current))
        assigned = self.runs.per_frame(current > 0)
        places = [
            self.runs.per_place(assigned) * self.runs.count / len(current),
            np.sqrt(self.runs.per_place(squares / max(squares.sum(), 1e-12))),
            state.times.mean_gain - 1,
            np.log10(1 + state.times.tries),
            *self.runs.input_features,
        ]
        lengths = np.concatenate([state.extents.mean_gain - 1, np.log10(1 + state.extents.tries)])
        return View(self._world(state), bounded(lengths)[None], bounded(np.array(places)).T)

    def view_in_space(self, state: State) -> View:
        """What the spatial agent sees: all that patchwork's does, and CHOICE_FEATURES."""
        view = self.cells.observe(state.search)
        first, end = state.choice.frames
        squares = self.cells.canvas.squares_of(state.search.current)
        share = squares[self._within(state)].sum() / max(squares.sum(), 1e-12)
        of_choice = np.array([(end - first) / self.runs.count, (first + end) / self.runs.count - 1, share])
        return View(np.append(view.world, bounded(of_choice)), view.operators, view.places)

    def _world(self, state: State) -> NDArray[np.float32]:
        cells = self.cells
        return global_features(state.search, cells.start, cells.geometry, cells.terms)

    def _within(self, state: State) -> NDArray[np.bool_]:
        """Which cells are of the chosen frames, (cells,)."""
        first, end = state.choice.frames
        return np.asarray((self.runs.frame_of >= first) & (self.runs.frame_of < end))

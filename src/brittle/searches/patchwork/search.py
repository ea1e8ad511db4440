"""Patchwork: layers sewn on block by block, where they buy the most margin for the least distance.

One rule from the first query to the last: a block is kept when margin + price x L2 falls. The price steers.
It falls while what is worn does not flip, so that margin is bought, and rises while it does, so that distance
is saved: the search walks along the border of the class, and the closest flip it meets counts (a primal-dual
search for the least L2 at a margin below 0). Moves compete by what they brought in this search (adaptive
pursuit; Thierens, GECCO 2005). Every answer also feeds a linear model of what each distortion does in each
place; the move "mend" wears what that model would, drawn by Thompson's rule.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Canvas
from brittle.core.play import Move, Odds, View, play_out
from brittle.core.search import Game, Search
from brittle.searches.patchwork.effects import no_effects
from brittle.searches.patchwork.geometry import Floats, Ground
from brittle.searches.patchwork.state import LIGHTEN, OTHERS, PACE, REMOVE, Patch, State, even_credit
from brittle.searches.patchwork.view import view_of

SIZES, SIZE_ODDS = (0.5, 1.0, 2.0), np.array([0.2, 0.6, 0.2])  # of the state's block side
SHARE = 0.3  # of the cells in the first block
GROW, SHRINK = 1.1, 0.97  # factors on the block's side after a kept and a refused block
TAKE_BEFORE, TAKE_AFTER = 0.15, 0.6  # share of the moves that take away, beside those that paint
FIRST = 8  # rows before the linear model is asked
FLOOR = 0.1  # worth that no operator or place falls below
PRICES = 1e12  # the price stays within this factor of the first, however long the search
NEARER = 0.98  # of the closest flip's distance, for candidates that would be farther
TRIES = 30  # blocks looked at, each smaller than the last, where a move does not fit


@dataclass(frozen=True)
class Patchwork:
    """Blocks of natural layers along the border of the class; the player of the cells board.

    price: nats that one unit of RMS change costs at first (relative to the input's span).
    cheaper, dearer: factors on the price after each query while what is worn does not flip and does.
    mend: odds of the move that asks the linear model, beside 1 for all others together; 0 never asks it.
    """

    name: ClassVar[str] = "patchwork"
    board: ClassVar[str] = "cells"
    price: float = 4.0
    cheaper: float = 0.92
    dearer: float = 1.06
    mend: float = 1.0

    def __post_init__(self) -> None:
        if not (self.price > 0 and 0 < self.cheaper <= 1 <= self.dearer and self.mend >= 0):
            raise ValueError("expected price > 0, 0 < cheaper <= 1 <= dearer and mend >= 0")

    def play(self, game: Game[Canvas]) -> "PatchworkPlay":
        """The moves of one game."""
        return PatchworkPlay(self, game)

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, one row at a time, until nothing nearer is left to show."""
        return play_out(self.play(game), game)


class PatchworkPlay:
    """The moves of one game: an operator for each colour, then "remove", "lighten" and "mend".

    A colour paints a block; "remove" bares it, "lighten" gives its cells the next weaker level of what they
    wear, "mend" the colours that the linear model would wear there. Implements Play.
    """

    def __init__(self, settings: Patchwork, game: Game[Canvas]) -> None:
        self.settings, self.canvas, self.terms = settings, game.board, game.terms
        self.clean = float(game.goal.margin(game.clean[None])[0])
        self.ground = Ground(game.board)
        self.operators = (*(layer.distortion for layer in self.canvas.layers), *OTHERS)
        self.places, self.sizes = self.ground.places, len(SIZES)

    @cached_property
    def start(self) -> State:
        """Nothing worn."""
        counts = self.canvas.grid.counts
        return State(
            worn=self.canvas.blank(),
            l2=0.0,
            margin=self.clean,
            reach=np.inf,
            price=self.settings.price / self.ground.rms,
            side=float((SHARE * self.canvas.grid.cells) ** (1 / len(counts))),
            operators=even_credit(len(self.operators)),
            places=even_credit(len(self.ground.cells_of)),
            effects=no_effects(self.ground.prior),
            usual=max(0.1 * self.clean, 1e-6),
        )

    def moves(self, state: State) -> Odds:
        """Odds by credit of operators and places; cheap layers first; taking away where most is worn."""
        places = np.maximum(state.places.worth, FLOOR)
        odds = self._operator_odds(state)[:, None] * (places / places.sum())
        taking = [self.operators.index(name) for name in (REMOVE, LIGHTEN)]
        worn = self.ground.per_place(state.worn > 0)
        odds[taking] = odds[taking].sum(axis=1, keepdims=True) * (worn / max(worn.sum(), 1))
        return np.asarray(odds[:, :, None] * SIZE_ODDS)

    def _operator_odds(self, state: State) -> Floats:
        """Odds of the operators whatever the place, sum 1."""
        colours = self.ground.colours
        worth = np.maximum(state.operators.worth, FLOOR)
        paint, take, mend = worth[:colours] / self.ground.cost, worth[colours:-1], worth[-1]
        share = TAKE_AFTER if state.margin < 0 else TAKE_BEFORE
        asked = self.settings.mend * mend / max(1.0, worth.mean()) if state.shown > FIRST else 0.0
        odds = np.concatenate([(1 - share) * paint / paint.sum(), share * take / take.sum(), [asked]])
        return np.asarray(odds / odds.sum())

    def propose(self, state: State, move: Move, rng: np.random.Generator) -> Patch | None:
        """A block about a random cell of the place; if that is too far, other cells are bared for it."""
        counts = self.canvas.grid.counts
        coat = self._coat(state, move.operator, rng)
        side = max(1, round(state.side * SIZES[move.size]))
        for _ in range(TRIES):
            cells = self.ground.cells_of[move.place]
            centre = int(cells[rng.integers(len(cells))])
            block = self.canvas.grid.block(centre, min(side, max(counts)))
            row = state.worn.copy()
            row[block] = coat[block]
            if np.array_equal(row, state.worn):
                side += 1
                continue
            patch = self._within(state, row, block, move, rng)
            if patch:
                return patch
            side = max(1, int(0.8 * side))
        return self._spare(state, move, rng)

    def _coat(self, state: State, operator: int, rng: np.random.Generator) -> Assignment:
        """What every cell would wear after this operator, (cells,)."""
        name = self.operators[operator]
        if operator < self.ground.colours:
            return np.full(len(state.worn), operator + 1, np.int16)
        if name == REMOVE:
            return self.canvas.blank()
        if name == LIGHTEN:
            return self.ground.weaker[state.worn]
        price = state.price / (2 * max(state.l2, self.ground.cost.min()))  # of a square, from that of L2
        gain = self.ground.falls(state.effects.draw(rng)) - price * self.ground.squares
        return np.asarray(gain.argmax(axis=0), np.int16)

    def _within(
        self, state: State, row: Assignment, block: NDArray[np.intp], move: Move, rng: np.random.Generator
    ) -> Patch | None:
        """The colouring as a candidate nearer than the closest flip, other cells bared for that."""
        reach, squares = self._reach(state), self.ground.canvas.squares_of(row)
        if squares[block].sum() >= (NEARER * reach) ** 2:
            return None
        if squares.sum() >= reach**2:
            row = self._bared(state, row, block, NEARER * reach, rng)
        l2 = self.canvas.l2(row)
        changed = 0 < l2 < reach and not np.array_equal(row, state.worn)
        return Patch(row, l2, move) if changed else None

    def _bared(
        self, state: State, row: Assignment, block: NDArray[np.intp], reach: float, rng: np.random.Generator
    ) -> Assignment:
        """Less just so many cells outside the block: those that cost much and bring little come first."""
        outside = row > 0
        outside[block] = False
        cells = np.flatnonzero(outside)
        squares = self.ground.canvas.squares_of(row)
        falls = self.ground.falls_of(state.effects.mean, row)[cells]
        keep = np.maximum(falls, 0.02 * np.abs(falls).max(initial=1e-9))
        hurry = rng.exponential(size=len(cells)) * keep / np.maximum(squares[cells], 1e-12)
        order = cells[np.argsort(hurry, kind="stable")]
        enough = int(np.searchsorted(np.cumsum(squares[order]), squares.sum() - reach**2)) + 1
        bared = row.copy()
        bared[order[:enough]] = 0
        return bared

    def _spare(self, state: State, move: Move, rng: np.random.Generator) -> Patch | None:
        """Where the move fits nowhere: what is worn, less one cell; or any one cell that is near enough."""
        worn = np.flatnonzero(state.worn)
        if len(worn) > 1:
            row = state.worn.copy()
            row[rng.choice(worn)] = 0
        else:
            squares = self.ground.squares
            near = np.argwhere((squares > 0) & (squares < NEARER * self._reach(state) ** 2))
            if not len(near):
                return None
            colour, cell = rng.choice(near)
            row = self.canvas.blank()
            row[cell] = colour
        l2 = self.canvas.l2(row)
        return Patch(row, l2, move) if 0 < l2 < self._reach(state) else None

    def _reach(self, state: State) -> float:
        """The distance that candidates must be below."""
        limit = np.inf if self.terms.max_l2 is None else np.nextafter(self.terms.max_l2, np.inf)
        return float(min(state.reach, limit))

    def accept(self, state: State, proposal: Patch, margin: float) -> State:
        """The state after the model's answer: worn if margin + price x L2 fell, and what was learned."""
        fall = state.margin - margin + state.price * (state.l2 - proposal.l2)
        closer = margin < 0 and proposal.l2 < state.reach
        state = self._learned(state, proposal, margin, max(0.0, fall))
        if fall > 0 or closer:
            side = min(state.side * GROW, max(self.canvas.grid.counts))
            state = replace(state, worn=proposal.row, l2=proposal.l2, margin=margin, side=side, refused=0)
        else:
            state = replace(state, side=max(1.0, state.side * SHRINK), refused=state.refused + 1)
        factor = self.settings.dearer if state.margin < 0 else self.settings.cheaper
        price = float(np.clip(state.price * factor, self.start.price / PRICES, self.start.price * PRICES))
        return replace(state, price=price, reach=proposal.l2 if closer else state.reach)

    def _learned(self, state: State, proposal: Patch, margin: float, fall: float) -> State:
        """With the credit of the move, and one more answer for the linear model."""
        worth = min(3.0, fall / state.usual)
        usual = state.usual + (PACE * (fall - state.usual) if fall > 0 else 0.0)
        amounts = self.ground.amounts(proposal.row)
        return replace(
            state,
            operators=state.operators.after(proposal.move.operator, worth),
            places=state.places.after(proposal.move.place, worth),
            effects=state.effects.after(amounts, self.clean - margin),
            usual=usual,
            shown=state.shown + 1,
        )

    def observe(self, state: State) -> View:
        """What a policy sees: see WORLD, TRAITS and PLACES of view.py."""
        return view_of(state, self.start, self.ground, self.terms, self._operator_odds(state))

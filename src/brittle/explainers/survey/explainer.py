"""The survey: soundings, candidate maps made of them, and the choice by their own measured curves.

Windows kept alone, windows taken away and pairs of complementary random masks sound the sample. Their means
and smooth regressions are candidate maps. Some are measured: the probability is taken as their greatest
elements are kept, and as they are taken away. The best are recombined while rows last. Where few elements
turn out to be enough and needed, a finer regression draws their outline instead. Of an input of time and
space, soundings and regressions are over both, over time alone and over space alone in turn; maps are made on
the likeliest of the three.
"""

from dataclasses import replace
from functools import cached_property
from math import prod
from typing import ClassVar

import numpy as np

from brittle.core.curves import MEASURES, curve_masks
from brittle.core.explainer import Attribution, Explainer, Scene
from brittle.core.play import Move, Odds, View, place_box
from brittle.core.sample import Array
from brittle.core.veil import Masks
from brittle.explainers.masks import (
    Axes,
    Floats,
    as_masks,
    margin_grids,
    margins,
    soft_masks,
    windows,
)
from brittle.explainers.player import play_out
from brittle.explainers.survey.candidates import Candidates
from brittle.explainers.survey.odds import (
    LOOK,
    OPERATORS,
    OUTLINE,
    OUTLINED,
    SOUND,
    first_wanted,
    is_small,
    missing,
    operator_odds,
    place_odds,
    wanted,
)
from brittle.explainers.survey.outline import Outline, found, needs, outlined
from brittle.explainers.survey.soundings import KEEP, SCATTER
from brittle.explainers.survey.state import Proposal, State, fresh, measured
from brittle.explainers.survey.tuning import TUNING
from brittle.explainers.survey.view import view_of
from brittle.settings import Settings


class Survey(Settings):
    """Cheap soundings, then the choice among maps by their own curves; the explainer of images.

    map: the mean rank of an element in the measured maps; where answers add up, its weight in probability;
    sd: its deviation in the same. Fewer than 120 rows are all random masks, and nothing is measured.
    """

    name: ClassVar[str] = "survey"

    def most_rows(self, budget: int) -> int:
        """Rows that a move shows at most, of an explanation of so many: those of a look at a map."""
        return 2 * len(MEASURES)

    def play(self, scene: Scene) -> "SurveyPlay":
        """The moves of one explanation."""
        return SurveyPlay(scene)

    def __call__(self, scene: Scene) -> Explainer:
        """Explains one sample, in at most scene.rows rows."""
        return play_out(self.play(scene), scene)


class SurveyPlay:
    """The moves of one survey. Implements ExplainerPlay."""

    operators = OPERATORS
    sizes = len(TUNING.size_odds)

    def __init__(self, scene: Scene) -> None:
        self.scene, self.sides = scene, scene.sides
        self.clean, self.filled = (float(p) for p in scene.scores(np.stack([scene.clean, scene.filled])))
        spec = scene.sample.spec
        self.names = [spec.axes[i] for i in spec.spatial]
        self.margins = margins(self.sides, self.names)
        most = max(1, round(wanted(scene.rows)[KEEP]))
        self.places = margin_grids(self.sides, self.margins, min(TUNING.places, most))[0]
        self.shares = scene.measures[::2]  # half of them tell maps apart as well
        self.price = 2 * len(self.shares)
        self.candidates = Candidates(self.places, self.sides, self.shares)

    @cached_property
    def start(self) -> State:
        """Before the first row."""
        grids = margin_grids(self.sides, self.margins, TUNING.cells)
        return fresh(len(OPERATORS), prod(self.places), grids)

    def moves(self, state: State) -> Odds:
        """Odds of operators by what is known, of places by where least is, and of sizes by TUNING."""
        outlines = [self._place_of(outline) for outline in state.outlines]
        operators = operator_odds(state, self.scene.rows, self.price)
        places = place_odds(state, outlines)
        sizes = TUNING.fine_odds if state.additive else TUNING.size_odds
        return np.asarray((operators[:, None] * places)[:, :, None] * np.array(sizes))

    def propose(self, state: State, move: Move, rng: np.random.Generator) -> Proposal | None:
        """Soundings, rows of an outline, or a map with the rows that measure it."""
        left = self.scene.rows - state.rows
        if move.operator == SCATTER:
            axes, paired = self._axes(state, move), not is_small(self.scene.rows)
            grid = TUNING.grids[move.size] if len(axes) > 1 else 2 * TUNING.grids[move.size]
            return Proposal(soft_masks(rng, min(2, left), self.sides, grid, paired=paired, axes=axes), move)
        if move.operator < SOUND.stop:
            return Proposal(self._window(self._axes(state, move), move, rng), move)
        if move.operator == OUTLINE:
            number = self._outline_at(state, move.place)
            count, grid = min(TUNING.outline_rows, left), TUNING.outline_grids[move.size]
            return Proposal(
                state.outlines[number].propose(self.sides, count, grid, rng), move, outline=number
            )
        ranked = self.candidates.make(state, move, rng)
        shares = self.scene.measures if move.operator == LOOK else self.shares
        return Proposal(curve_masks(ranked, shares), move, ranked)

    def _axes(self, state: State, move: Move) -> Axes:
        """The axes that a sounding is cut along: each margin in turn."""
        return self.margins[int(state.tried[move.operator]) % len(self.margins)]

    def _window(self, axes: Axes, move: Move, rng: np.random.Generator) -> Masks:
        """The mask that keeps a window about a place, or takes it away, (1, *sides)."""
        box = place_box(move.place, self.places, self.sides)
        centre = [(a + b) / 2 + TUNING.jitter * (b - a) * (rng.random() - 0.5) for a, b in box]
        share = (TUNING.keep_widths if move.operator == KEEP else TUNING.take_widths)[move.size]
        if len(axes) == 1:
            share = share**2  # as much of a signal as of an image
        width = [max(1.0, share * side, b - a) for side, (a, b) in zip(self.sides, box, strict=True)]
        inside = windows(self.sides, np.array([centre]), width, TUNING.edge, axes)
        return as_masks(inside if move.operator == KEEP else 1 - inside)

    def accept(self, state: State, proposal: Proposal, answers: Array) -> State:
        """The state after the model's answers, (k, classes)."""
        p = self.scene.scores(answers)
        if proposal.outline is not None:
            outline = state.outlines[proposal.outline].accept(proposal.rows, p, self.clean, self.filled)
            return state.with_outline(proposal, proposal.outline, outline)
        if proposal.map is None:
            return self._sounded(state.with_sounding(proposal, p))
        outlines = state.outlines
        if proposal.move.operator == LOOK:
            outlines, p = self._found(proposal.map, p), p.reshape(2, -1)[:, ::2].reshape(-1)
        new = measured(self.scene, proposal.map, proposal.move.operator, self.shares, p)
        state = state.with_measured(proposal, new, TUNING.credit_rate, TUNING.memory)
        return replace(state, outlines=outlines)

    def _sounded(self, state: State) -> State:
        """The state that knows whether answers add up: looked at when the first soundings end, and all do."""
        ends = (first_wanted(self.scene.rows), wanted(self.scene.rows))
        ended = sum(bool(missing(state, end).max() < 1) for end in ends)
        if state.additive or ended <= state.asked or is_small(self.scene.rows):
            return state
        return replace(state, asked=ended, additive=state.soundings.adds_up())

    def _found(self, ranked: Array, p: Floats) -> tuple[Outline, ...]:
        """Outlines to draw, where the answers p to a look at a map show few elements enough and needed."""
        shares, (kept, taken) = np.array(self.scene.measures), p.reshape(2, -1)
        enough = (kept >= TUNING.enough * self.clean) & (taken <= (1 - TUNING.enough) * self.clean)
        at = np.flatnonzero(enough & (shares <= TUNING.few) & (self.clean > self.filled))
        return found(ranked > 1 - shares[at[0]], self.names) if len(at) else ()

    def _place_of(self, outline: Outline) -> int:
        """The place of the middle of a box."""
        middles = [
            (cut.start + cut.stop) * n // (2 * side)
            for cut, n, side in zip(outline.box, self.places, self.sides, strict=True)
        ]
        return int(np.ravel_multi_index(middles, self.places))

    def _outline_at(self, state: State, place: int) -> int:
        """The outline nearest to a place, among equals the one most in need of rows, by number."""
        at = np.array(np.unravel_index(place, self.places))
        away = [np.array(np.unravel_index(self._place_of(o), self.places)) - at for o in state.outlines]
        order = [(int(d @ d), *need) for d, need in zip(away, needs(state.outlines), strict=True)]
        return order.index(min(order))

    def observe(self, state: State) -> View:
        """What a policy sees."""
        return view_of(self, state)

    def attribution(self, state: State) -> Attribution:
        """The mean of the measured maps weighted by score, and their deviation; or the outlined map."""
        if state.additive:
            return Attribution(*self.candidates.additive(state.soundings))
        if not state.measured:
            if not len(state.soundings):
                return Attribution(np.zeros(self.sides, np.float32))
            # as average beyond the border, or what lies near to the border would be greatest at it
            soundings = state.soundings
            coarse = self.candidates.map_of(soundings.scattered, soundings.counts, beyond="constant")
            return Attribution(coarse)
        scores = np.array([m.score for m in state.measured])
        weights = np.exp((scores - scores[0]) / TUNING.temperature)
        maps = np.stack([m.map for m in state.measured])
        mean = np.average(maps, axis=0, weights=weights)
        sd = np.sqrt(np.average((maps - mean) ** 2, axis=0, weights=weights))
        fine = self._trusted(state)
        self.scene.notes.update(maps_measured=len(maps), outlined=fine is not None)
        return Attribution(mean.astype(np.float32) if fine is None else fine, sd.astype(np.float32))

    def _trusted(self, state: State) -> Array | None:
        """The outlined map, unless it measured worse than others or there is none."""
        least = state.measured[0].score - TUNING.trust
        fine = [m for m in state.measured if m.operator == OUTLINED]
        if fine:
            return fine[0].map if fine[0].score >= least else None
        return outlined(self.candidates.looked(state), state.outlines) if state.drawn else None

"""The moves of ripple: how likely each is, and what it shows."""

from dataclasses import replace
from functools import cached_property
from math import prod

import numpy as np

from brittle.core.field import Window, unit
from brittle.core.play import Move, Odds, View, place_box
from brittle.core.sample import Array, Sample
from brittle.core.search import Terms
from brittle.core.sphere import L2Sphere
from brittle.searches.ripple.learned import WavePrior, next_wave
from brittle.searches.ripple.setup import GameSetup
from brittle.searches.ripple.state import INDEX, OPERATORS, Proposal, State, start_state
from brittle.searches.ripple.steps import STEPS, StepContext
from brittle.searches.ripple.tuning import TUNING
from brittle.searches.ripple.update import after_answer
from brittle.searches.ripple.view import view_of


class RipplePlay:
    """Implements core.play.Play on the board of whole inputs.

    clean: the untouched input's margin, nats. tiles: learned tiles that fit the sample, (count, channels,
    *sides), or none. waves: as of Ripple. prior: of waves, learned; None is the hand-made one.
    waves_first: before tiles.
    """

    operators = OPERATORS
    sizes = TUNING.window_sizes

    def __init__(
        self,
        sample: Sample,
        terms: Terms,
        clean: float,
        tiles: Array,
        waves: int = TUNING.waves,
        prior: WavePrior | None = None,
        waves_first: bool = False,
    ) -> None:
        waves = min(waves, max(1, terms.budget // TUNING.queries_per_wave))
        self.setup = GameSetup(sample, terms, clean, tiles, waves)
        self.clean, self.places = clean, self.setup.places
        self.sphere, self.prior = L2Sphere(sample), prior
        self._opening = ("wave", "tile") if waves_first else ("tile", "wave")
        left_out = set() if len(tiles) else {"windowed tile"}
        weights = TUNING.operator_weights
        self._weights = np.array(
            [0 if n not in STEPS or n in left_out else weights.get(n, 1.0) for n in OPERATORS]
        )

    @cached_property
    def start(self) -> State:
        """Before the first candidate."""
        return start_state(self.setup)

    def moves(self, state: State) -> Odds:
        """Steps by weight times credit; but first tiles and waves, and a refused step reversed."""
        climbs = state.margin is not None or state.flipped
        odds = np.zeros(len(OPERATORS))
        if climbs:
            odds = self._weights * np.maximum(TUNING.least_credit, state.credit)
        if not odds.any():
            odds[INDEX["wave"]] = 1
        odds /= odds.sum()
        planned = self._planned(state)
        if planned is not None:
            odds *= 1 - TUNING.plan_probability
            odds[INDEX[planned]] += TUNING.plan_probability
        shape = (len(OPERATORS), prod(self.places), self.sizes)
        return np.broadcast_to(odds[:, None, None] / prod(shape[1:]), shape)

    def _planned(self, state: State) -> str | None:
        """The operator whose turn it is; None where a step is drawn."""
        left = {
            "tile": len(self.setup.tiles) - state.tiles_shown,
            "wave": self.setup.waves - len(state.observations.waves),
        }
        if not state.flipped and (opening := [kind for kind in self._opening if left[kind] > 0]):
            return opening[0]
        if state.margin is None:
            return "shrink"
        return None if state.to_reverse is None else "reverse"

    def propose(self, state: State, move: Move, rng: np.random.Generator) -> Proposal | None:
        """A candidate at the state's radius."""
        operator = OPERATORS[move.operator]
        if operator in STEPS:
            context = self._context(state, self._window(move, rng))
            return self._stepped(state, move, operator, STEPS[operator](context, rng))
        if operator == "reverse":
            refused = state.to_reverse
            if refused is None or refused.step is None:
                return None
            opposite = self._stepped(state, refused.move, refused.operator, -refused.step)
            return replace(opposite, is_reverse=True)
        fields, tiles = self.setup.fields, self.setup.tiles
        wave, field = None, state.current
        if operator == "wave":
            wave = next_wave(self.prior, state.observations, fields, self.clean, rng)
            field = fields.wave(wave)
        elif operator == "tile":
            if state.tiles_shown >= len(tiles):
                return None
            field = fields.repeated(tiles[state.tiles_shown], [0] * len(fields.sides))
        shown = self.sphere.at(field, state.radius, state.scale)
        return Proposal(move, operator, shown.codes, field, shown.l2, shown.scale, wave=wave)

    def _context(self, state: State, window: Window) -> StepContext:
        return StepContext(
            current=state.current,
            observations=state.observations,
            momentum=state.momentum,
            window=window,
            fields=self.setup.fields,
            tiles=self.setup.tiles,
        )

    def _window(self, move: Move, rng: np.random.Generator) -> Window:
        """A Gaussian window with its centre in the move's place, as wide as the move's size says."""
        fields = self.setup.fields
        box = place_box(move.place, self.places, fields.sides)
        width = (move.size + rng.random()) / self.sizes
        narrow, wide = TUNING.narrowest_window, TUNING.widest_window
        share = narrow * (wide / narrow) ** width
        return fields.window([low + rng.random() * (high - low) for low, high in box], share)

    def _stepped(self, state: State, move: Move, operator: str, step: Array) -> Proposal:
        """The current field plus a step of the operator's size, at the state's radius."""
        size = np.float32(state.step_sizes[INDEX[operator]])
        field = size * step
        field += state.current
        unit(field, out=field)
        shown = self.sphere.at(field, state.radius, state.scale)
        return Proposal(move, operator, shown.codes, field, shown.l2, shown.scale, step)

    def accept(self, state: State, proposal: Proposal, margin: float) -> State:
        """The state after the answer to a candidate: its field is kept if the margin fell."""
        return after_answer(state, proposal, margin, self.setup)

    def observe(self, state: State) -> View:
        """The margin, the radius and the budget; the record of every operator and of every place."""
        return view_of(state, self.setup)

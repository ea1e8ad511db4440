"""The moves of ripple: what may be shown next, and what is learned from the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Field, Lines, Waves, unit, usual_l2
from brittle.core.play import Move, Odds, View, coarse_places, place_box
from brittle.core.sample import Array, Codes, Sample
from brittle.core.search import Terms
from brittle.core.sphere import L2Sphere
from brittle.searches.ripple.steps import EVERYWHERE, NUDGES, WEIGHTS, Around
from brittle.searches.ripple.waves import Heard, promising_wave, silent

OPERATORS = ("tile", "wave", "mirror", "shrink", *NUDGES)
NUMBER = {name: i for i, name in enumerate(OPERATORS)}
FIRM = 0.97  # how surely the hand-made player follows its own plan; the rest lets an agent leave it
SIZES = 4  # of windows
NARROW, WIDE = 1 / 14, 1 / 3.2  # sigma of windows, of the longest side (16 to 70 of 224)
STRIDE, LEAST, MOST = 0.3, 0.1, 1.2  # how far a nudge goes, beside a field of norm 1
LONGER, SHORTER = 1.3, 0.95  # strides after a kept and a refused nudge
FLOOR, LEARN = 0.02, 0.1  # credit that no operator falls below; weight of the newest gain
FADE = 0.95  # of the lesson is left after another nudge
PATIENCE = 40  # refusals in a row below the closest flip, before the level rises half-way to it
LONG, FARTHER = 60, 1.5  # without a limit: candidates without a flip before the level rises, and by how much


@dataclass(frozen=True)
class Proposal:
    """An input to show. row: its codes; worn: its field; nudge: what was added to the state's; again: the
    other way round.
    """

    move: Move
    operator: str
    row: Codes
    worn: Array
    l2: float
    scale: float
    nudge: Array | None = None
    wave: Waves | None = None
    again: bool = False


@dataclass(frozen=True)
class State:
    """All that is known during a search.

    worn:   the field that the input wears; margin: what it leaves, nats; None where that was not shown yet.
    level:  L2 of the next candidates; reach: of the closest flip so far. heard: whole-input waves tried.
    scale:  the field's factor that gave this level. turn: a refused nudge, to be tried the other way.
    strides, credit, tried: of each operator. lesson: recent nudges, each by how much more than expected it
    gained; expected: that is, nats by the square of the stride.
    power:  the worn field's share of each place; place_tried, place_credit: how often a window was there, and
    what it brought.
    queries: candidates shown; shown: at this level; refused: the last of them that brought nothing.
    """

    worn: Array
    margin: float | None
    level: float
    heard: Heard
    strides: NDArray[np.float64]
    credit: NDArray[np.float64]
    tried: NDArray[np.float64]
    lesson: Array
    power: NDArray[np.float64]
    place_tried: NDArray[np.float64]
    place_credit: NDArray[np.float64]
    expected: float = 0.0
    scale: float | None = None
    reach: float = float("inf")
    turn: Proposal | None = None
    tiles: int = 0
    queries: int = 0
    shown: int = 0
    refused: int = 0


class RipplePlay:
    """Implements core.play.Play on the board of whole inputs. waves, tiles: as of Ripple."""

    operators = OPERATORS
    sizes = SIZES

    def __init__(self, sample: Sample, terms: Terms, clean: float, tiles: Array, waves: int = 22) -> None:
        self.clean, self.tiles, self.terms = clean, tiles, terms
        self.waves = min(waves, max(1, terms.budget // 10))
        self.limited = terms.max_l2 is not None
        self.level = terms.max_l2 or usual_l2(sample.spec)
        self.fields, self.sphere, self.sample = Field(sample.spec), L2Sphere(sample), sample
        self.places = coarse_places(self.fields.sides)
        self._still = np.zeros((self.fields.channels, *self.fields.sides), np.float32)
        left_out = set() if len(tiles) else {"windowed tile"}
        self._weights = np.array(
            [0 if n not in NUDGES or n in left_out else WEIGHTS.get(n, 1.0) for n in OPERATORS]
        )

    @cached_property
    def start(self) -> State:
        """Nothing worn, nothing known."""
        places, each = np.zeros(prod(self.places)), np.ones(len(OPERATORS))
        heard = silent(self.fields)
        return State(
            self._still,
            None,
            self.level,
            heard,
            STRIDE * each,
            FLOOR * each,
            0 * each,
            self._still,
            places,
            places,
            places,
        )

    def moves(self, state: State) -> Odds:
        """Nudges by weight times credit; but first tiles and waves, and a refused nudge the other way."""
        wearing = state.margin is not None or state.reach < np.inf
        odds = self._weights * np.maximum(FLOOR, state.credit) if wearing else np.zeros(len(OPERATORS))
        if not odds.any():
            odds[NUMBER["wave"]] = 1
        odds /= odds.sum()
        plan = self._plan(state)
        if plan is not None:
            odds *= 1 - FIRM
            odds[NUMBER[plan]] += FIRM
        shape = (len(OPERATORS), prod(self.places), SIZES)
        return np.broadcast_to(odds[:, None, None] / prod(shape[1:]), shape)

    def _plan(self, state: State) -> str | None:
        if state.reach == np.inf and state.tiles < len(self.tiles):
            return "tile"
        if state.reach == np.inf and len(state.heard.waves) < self.waves:
            return "wave"
        if state.margin is None:
            return "shrink"
        return None if state.turn is None else "mirror"

    def propose(self, state: State, move: Move, rng: np.random.Generator) -> Proposal | None:
        """A candidate at the state's level."""
        operator = OPERATORS[move.operator]
        if operator in NUDGES:
            around = Around(
                state.worn, state.heard, state.lesson, self._window(move, rng), self.fields, self.tiles
            )
            return self._nudged(state, move, operator, NUDGES[operator](around, rng))
        if operator == "mirror":
            turn = state.turn
            if turn is None or turn.nudge is None:
                return None
            return replace(self._nudged(state, turn.move, turn.operator, -turn.nudge), again=True)
        wave, worn = None, state.worn
        if operator == "wave":
            wave = promising_wave(state.heard, self.fields, rng)
            worn = self.fields.wave(wave)
        elif operator == "tile":
            if state.tiles >= len(self.tiles):
                return None
            worn = self.fields.repeated(self.tiles[state.tiles], [0] * len(self.fields.sides))
        shown = self.sphere.at(worn, state.level, state.scale)
        return Proposal(move, operator, shown.codes, worn, shown.l2, shown.scale, wave=wave)

    def _window(self, move: Move, rng: np.random.Generator) -> Lines:
        """A Gaussian window somewhere in the place, as wide as the size says."""
        box = place_box(move.place, self.places, self.fields.sides)
        width = (move.size + rng.random()) / SIZES
        sigma = max(self.fields.sides) * NARROW * (WIDE / NARROW) ** width
        return self.fields.window([low + rng.random() * (high - low) for low, high in box], sigma)

    def _nudged(self, state: State, move: Move, operator: str, nudge: Array) -> Proposal:
        stride = np.float32(state.strides[NUMBER[operator]])
        worn = stride * nudge
        worn += state.worn
        unit(worn, out=worn)
        shown = self.sphere.at(worn, state.level, state.scale)
        return Proposal(move, operator, shown.codes, worn, shown.l2, shown.scale, nudge)

    def accept(self, state: State, proposal: Proposal, margin: float) -> State:
        """The state after the answer to a candidate: worn if the margin fell, and what was learned by it."""
        gain = float("inf") if state.margin is None else state.margin - margin
        new: dict[str, Any] = {"queries": state.queries + 1, "shown": state.shown + 1, "turn": None}
        if proposal.wave is not None:
            new["heard"] = state.heard.after(proposal.wave, self.clean - margin)
        if proposal.operator == "tile":
            new["tiles"] = state.tiles + 1
        if proposal.nudge is not None and state.margin is not None:
            new |= self._learned(state, proposal, proposal.nudge, gain)
        if gain > 0:
            new |= {"worn": proposal.worn, "margin": margin, "scale": proposal.scale, "refused": 0}
            new["power"] = self._power(proposal.worn)
        else:
            new["refused"] = state.refused + 1
            new["turn"] = proposal if proposal.nudge is not None and not proposal.again else None
        state = replace(state, **new)
        if margin < 0:
            return self._closer(state, proposal.l2, margin)
        return self._farther(state)

    def _farther(self, state: State) -> State:
        """When nothing helps: half-way back to the closest flip; or farther, where there is no limit."""
        level = state.level
        if state.reach < np.inf and state.refused >= PATIENCE:
            level = (state.level + state.reach) / 2
        elif state.reach == np.inf and state.shown >= LONG and not self.limited:
            level = FARTHER * state.level
        return state if level == state.level else self._at(state, level)

    def _at(self, state: State, level: float) -> State:
        """The state at another level, where the worn field was not shown yet."""
        scale = None if state.scale is None else state.scale * level / state.level
        return replace(state, level=level, margin=None, scale=scale, turn=None, shown=0, refused=0)

    def _learned(self, state: State, proposal: Proposal, nudge: Array, gain: float) -> dict[str, Any]:
        """What is new in the state: stride and credit of a nudge, in units of the usual fall of a wave, and
        its lesson.
        """
        usual = self._usual(state)
        worth = min(2.0, max(0.0, gain) / usual)
        operator, place = NUMBER[proposal.operator], proposal.move.place
        square = state.strides[operator] ** 2
        surprise = np.float32(np.clip((gain - state.expected * square) / usual, -1, 1))
        lesson = FADE * state.lesson + surprise * nudge
        expected = state.expected + (1 - FADE) * (gain / square - state.expected)
        credit, strides, tried = state.credit.copy(), state.strides.copy(), state.tried.copy()
        credit[operator] += LEARN * (worth - credit[operator])
        strides[operator] = np.clip(strides[operator] * (LONGER if gain > 0 else SHORTER), LEAST, MOST)
        tried[operator] += 1
        new = {"credit": credit, "strides": strides, "tried": tried, "lesson": lesson, "expected": expected}
        if proposal.operator in EVERYWHERE:
            return new
        place_tried, place_credit = state.place_tried.copy(), state.place_credit.copy()
        place_tried[place] += 1
        place_credit[place] += (worth - place_credit[place]) / min(place_tried[place], 1 / LEARN)
        return new | {"place_tried": place_tried, "place_credit": place_credit}

    def _usual(self, state: State) -> float:
        """The usual fall of a wave, nats."""
        falls = state.heard.falls
        return max(float(np.sqrt(np.mean(falls**2))) if len(falls) else abs(self.clean), 1e-9)

    def _closer(self, state: State, reach: float, margin: float) -> State:
        """After a flip: a shorter level, where a straight line from the clean margin says flips end."""
        crossing = reach * self.clean / max(self.clean - margin, 1e-9)
        level = float(np.clip(0.97 * crossing, 0.5 * reach, 0.95 * reach))
        return replace(self._at(state, level), reach=min(reach, state.reach))

    def observe(self, state: State) -> View:
        """The margin, the level and the budget; every operator's record; every place's record and looks."""
        flipped = state.reach < np.inf
        margin = self.clean if state.margin is None else state.margin
        usual = self._usual(state)
        world = [
            margin / max(abs(self.clean), 1e-9),
            np.log1p(max(margin, 0.0) / usual),
            np.log1p(abs(self.clean)) - 1,
            np.log(usual / max(abs(self.clean), 1e-9)),
            flipped,
            np.log(state.level / self.level),
            state.queries / self.terms.budget,
            np.log1p(state.queries) / 3 - 1,
            state.refused / PATIENCE,
            len(state.heard.waves) / self.waves,
            state.turn is not None,
            state.margin is None,
        ]
        operators = np.stack([state.credit, state.strides, np.log1p(state.tried) / 2], axis=1)
        places = [
            np.log(0.05 + state.power * len(state.power)) / 2,
            np.log1p(state.place_tried) / 2,
            state.place_credit,
        ]
        return View(
            np.array(world, np.float32),
            operators.astype(np.float32),
            np.concatenate([np.stack(places, axis=1), self._looks], axis=1).astype(np.float32),
        )

    @cached_property
    def _looks(self) -> NDArray[np.float64]:
        """Mean, contrast and roughness of the untouched input at each place, and the way to its middle."""
        spec = self.sample.spec
        x = (self.sample.x - spec.bounds[0]) / spec.span
        grey = self.fields.of(x).mean(axis=0)
        rough = sum(
            np.abs(np.diff(grey, axis=a, append=np.take(grey, [-1], axis=a))) for a in range(grey.ndim)
        )
        mean, square = _mean(grey, self.places), _mean(grey**2, self.places)
        spread = np.sqrt(np.maximum(square - mean**2, 0))
        middle = [(np.arange(n) + 0.5) / n * 2 - 1 for n in self.places]
        away = np.sqrt(sum(m**2 for m in np.meshgrid(*middle, indexing="ij"))).reshape(-1)
        return np.stack(
            [2 * mean - 1, 4 * spread, 10 * _mean(np.asarray(rough), self.places), away - 1], axis=1
        )

    def _power(self, worn: Array) -> NDArray[np.float64]:
        """The share of each place in the squares of a field."""
        squares = np.einsum("c...,c...->...", worn, worn)
        return np.asarray(_mean(squares, self.places) * (squares.size / prod(self.places)))


def _mean(x: NDArray[Any], counts: Sequence[int]) -> NDArray[np.float64]:
    """Mean over each coarse place, (places,)."""
    for axis, count in enumerate(counts):
        starts = np.arange(count) * x.shape[axis] // count
        lengths = np.diff([*starts, x.shape[axis]])
        shape = [1] * x.ndim
        shape[axis] = count
        x = np.add.reduceat(x, starts, axis=axis) / lengths.reshape(shape)
    return np.asarray(x, np.float64).reshape(-1)

"""Interference: waves picked by a Gaussian process, then a climb by operators that earn credit.

An input is changed by a field of fixed L2 length. First whole-input waves (and learned tiles, where there are
any) are tried, then the best field is nudged by small operators, and a nudge is kept when the margin falls.
After a flip the length shrinks and the climb goes on.

Where the ideas come from: classifiers react to single frequencies far more than to white noise (Yin et al.,
"A Fourier Perspective on Model Robustness in Computer Vision", NeurIPS 2019; Tsuzuku and Sato, "On the
Structural Sensitivity of Deep Convolutional Networks to the Directions of Fourier Basis Functions", CVPR
2019); procedural textures transfer between inputs and models (Co et al., "Procedural Noise Adversarial
Examples for Black-Box Attacks on Deep CNNs", CCS 2019); accept-if-better climbing is as in SimBA (Guo et al.,
ICML 2019) and Square (Andriushchenko et al., ECCV 2020); operators compete by adaptive pursuit (Thierens,
GECCO 2005).
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from brittle.core.field import Field, Shell, Waves, surface, unit
from brittle.core.sample import Array, Sample
from brittle.core.search import Game, InputBoard, Search
from brittle.searches.ripple_waves import Heard, drawn_wave, promising_wave, silent
from brittle.store.tiles import Tiles, read_tiles

SHIPPED = Path(__file__).parent / "tiles" / "imagenet.safetensors"
TOP = 6  # waves that nudges are drawn near to
STRIDE, LEAST, MOST = 0.3, 0.1, 1.2  # how far a nudge goes, beside a field of norm 1
LONGER, SHORTER = 1.3, 0.95  # strides after a kept and a refused nudge
FLOOR, LEARN = 0.02, 0.1  # credit that no operator falls below; weight of the newest gain
PATIENCE = 40  # refusals in a row below the closest flip, before the level rises half-way to it
LONG, FARTHER = 60, 1.5  # without a limit: candidates without a flip before the level rises, and by how much
PHOTO = 150528  # elements of a photo, 3 x 224 x 224, for which L2 5 is the usual limit


@dataclass(frozen=True)
class State:
    """All that is known during a search.

    worn:   the field that the input wears; margin: what it leaves, nats; None where that was not shown yet.
    level:  L2 of the next candidates; reach: of the closest flip so far. clean: the untouched input's margin.
    scale:  the field's factor that gave this level. heard: whole-input waves tried.
    strides, credit: of each operator. shown: candidates at this level; refused: the last of them that brought
    nothing.
    """

    worn: Array
    margin: float | None
    level: float
    clean: float
    heard: Heard
    scale: float | None = None
    reach: float = float("inf")
    strides: Mapping[str, float] = field(default_factory=dict)
    credit: Mapping[str, float] = field(default_factory=dict)
    shown: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Candidate:
    """An input to show. worn: its field; nudge: what was added to the state's."""

    operator: str
    x: Array
    worn: Array
    l2: float
    scale: float
    nudge: Array | None = None
    wave: Waves | None = None


@dataclass(frozen=True)
class Kit:
    """What operators work with: fields of this kind of input, and learned tiles (count, channels, *sides)."""

    fields: Field
    tiles: Array


# Nudges: each returns a field of norm 1 to be added to the one that is worn.


def windowed_wave(state: State, kit: Kit, rng: np.random.Generator) -> Array:
    """A random wave under a random window."""
    return kit.fields.wave(kit.fields.random_waves(1, rng), kit.fields.random_window(rng))


def wave_near_top(state: State, kit: Kit, rng: np.random.Generator) -> Array:
    """A wave near one of the best heard, under a random window."""
    return kit.fields.wave(_near_top(state, kit, rng), kit.fields.random_window(rng))


def window(state: State, kit: Kit, rng: np.random.Generator) -> Array:
    """More or less of what is worn, under a random window."""
    return unit(state.worn * surface(kit.fields.random_window(rng)))


def whole_wave(state: State, kit: Kit, rng: np.random.Generator) -> Array:
    """A wave over the whole input, by a Thompson draw from the Gaussian process."""
    return kit.fields.wave(drawn_wave(state.heard, kit.fields, rng))


def colour(state: State, kit: Kit, rng: np.random.Generator) -> Array:
    """What is worn in another colour: every channel times a random factor."""
    return unit(state.worn * kit.fields.random_colour(rng))


def windowed_tile(state: State, kit: Kit, rng: np.random.Generator) -> Array:
    """A learned tile at a random shift, under a random window."""
    tile = kit.tiles[rng.integers(len(kit.tiles))]
    shift = [int(rng.integers(side)) for side in tile.shape[1:]]
    return unit(kit.fields.repeated(tile, shift) * surface(kit.fields.random_window(rng)))


def smooth_field(state: State, kit: Kit, rng: np.random.Generator) -> Array:
    """More and less of what is worn, by a slowly varying surface."""
    return unit(state.worn * kit.fields.smooth(rng))


def swap(state: State, kit: Kit, rng: np.random.Generator) -> Array:
    """Towards a wave near one of the best heard, away from what is worn, under a random window."""
    away = kit.fields.wave(_near_top(state, kit, rng)) - state.worn
    return unit(away * surface(kit.fields.random_window(rng)))


def _near_top(state: State, kit: Kit, rng: np.random.Generator) -> Waves:
    top = state.heard.best(TOP)
    if not len(top):
        return kit.fields.random_waves(1, rng)
    return kit.fields.waves_near(state.heard.waves.pick([rng.choice(top)]), rng)


Nudge = Callable[[State, Kit, np.random.Generator], Array]
NUDGES: Mapping[str, Nudge] = {
    "windowed wave": windowed_wave,
    "wave near top": wave_near_top,
    "window": window,
    "whole wave": whole_wave,
    "colour": colour,
    "windowed tile": windowed_tile,
    "smooth field": smooth_field,
    "swap": swap,
}
WEIGHTS = {"windowed wave": 3.0, "window": 2.0, "whole wave": 0.5}  # 1 for the others


class Play:
    """The moves of one game: propose makes a candidate, accept learns from the answer. Nothing else changes.

    Beside the nudges there are the operators that show a whole field of their own ("wave", "tile 0", ...) and
    "shrink", which shows the worn field at a new level.
    """

    def __init__(self, sample: Sample, max_l2: float | None, clean: float, tiles: Array) -> None:
        self.limited = max_l2 is not None
        level = max_l2 or 5 * sample.spec.span * float(np.sqrt(sample.x.size / PHOTO))
        self.kit = Kit(Field(sample.spec), tiles)
        self.shell = Shell(sample)
        still = np.zeros((self.kit.fields.channels, *self.kit.fields.sides), np.float32)
        self.start = State(still, None, level, clean, silent(self.kit.fields))
        self.nudges = [n for n in NUDGES if len(tiles) or n != "windowed tile"]

    def choose(self, state: State, rng: np.random.Generator) -> str:
        """A nudge, by its weight times its credit."""
        odds = [WEIGHTS.get(n, 1.0) * max(FLOOR, state.credit.get(n, FLOOR)) for n in self.nudges]
        return str(rng.choice(self.nudges, p=np.array(odds) / sum(odds)))

    def propose(self, state: State, operator: str, rng: np.random.Generator) -> Candidate:
        """A candidate at the state's level."""
        wave = None
        if operator == "wave":
            wave = promising_wave(state.heard, self.kit.fields, rng)
            worn = self.kit.fields.wave(wave)
        elif operator == "shrink":
            worn = state.worn
        elif operator.startswith("tile "):
            tile = self.kit.tiles[int(operator.removeprefix("tile "))]
            worn = self.kit.fields.repeated(tile, [0] * len(self.kit.fields.sides))
        else:
            return self._nudged(state, operator, NUDGES[operator](state, self.kit, rng))
        shown = self.shell.at(worn, state.level, state.scale)
        return Candidate(operator, shown.x, worn, shown.l2, shown.scale, wave=wave)

    def mirrored(self, state: State, candidate: Candidate) -> Candidate:
        """The same nudge the other way."""
        assert candidate.nudge is not None
        return self._nudged(state, candidate.operator, -candidate.nudge)

    def _nudged(self, state: State, operator: str, nudge: Array) -> Candidate:
        stride = np.float32(state.strides.get(operator, STRIDE))
        worn = unit(state.worn + stride * nudge)
        shown = self.shell.at(worn, state.level, state.scale)
        return Candidate(operator, shown.x, worn, shown.l2, shown.scale, nudge)

    def accept(self, state: State, candidate: Candidate, margin: float) -> State:
        """The state after the answer to a candidate: worn if the margin fell, and what was learned by it."""
        gain = float("inf") if state.margin is None else state.margin - margin
        state = replace(state, shown=state.shown + 1)
        if candidate.wave is not None:
            state = replace(state, heard=state.heard.after(candidate.wave, state.clean - margin))
        if candidate.nudge is not None:
            state = self._learned(state, candidate.operator, gain)
        if gain > 0:
            state = replace(state, worn=candidate.worn, margin=margin, scale=candidate.scale, refused=0)
        else:
            state = replace(state, refused=state.refused + 1)
        if margin < 0:
            return self._closer(state, candidate.l2, margin)
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
        return replace(state, level=level, margin=None, scale=scale, shown=0, refused=0)

    def _learned(self, state: State, operator: str, gain: float) -> State:
        """Stride and credit of a nudge; gains are counted in units of the usual fall of a wave."""
        falls = state.heard.falls
        usual = np.sqrt(np.mean(falls**2)) if len(falls) else abs(state.clean)
        worth = min(2.0, max(0.0, gain) / max(float(usual), 1e-9))
        credit = state.credit.get(operator, FLOOR)
        stride = state.strides.get(operator, STRIDE) * (LONGER if gain > 0 else SHORTER)
        return replace(
            state,
            credit={**state.credit, operator: credit + LEARN * (worth - credit)},
            strides={**state.strides, operator: float(np.clip(stride, LEAST, MOST))},
        )

    def _closer(self, state: State, reach: float, margin: float) -> State:
        """After a flip: a shorter level, where a straight line from the clean margin says flips end."""
        crossing = reach * state.clean / max(state.clean - margin, 1e-9)
        level = float(np.clip(0.97 * crossing, 0.5 * reach, 0.95 * reach))
        return replace(self._at(state, level), reach=reach)


@dataclass(frozen=True)
class Ripple:
    """Interference waves and learned tiles, then a climb by credited operators; the player of the L2 track.

    Candidates are at the distance max_l2 of the terms. Where there is none they begin at L2 5 for a photo and
    as much per element elsewhere, 5 * span * sqrt(elements / 150528), and go farther when nothing helps.

    waves: whole-input waves tried before the climb, at most a tenth of the budget.
    tile:  "shipped" (worn where the input's axes and channels fit), "none", or a file of brittle train.
    """

    name: ClassVar[str] = "ripple"
    board: ClassVar[str] = "input"
    waves: int = 22
    tile: str = "shipped"

    def __post_init__(self) -> None:
        if self.waves < 1:
            raise ValueError(f"expected waves of 1 or more, got {self.waves}")
        _tiles(self.tile)

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, one row at a time, for ever."""
        play, tiles = self._play(game)
        state, rng = play.start, game.rng
        waves = min(self.waves, max(1, game.terms.budget // 10))
        for operator in [f"tile {k}" for k in range(tiles)] + ["wave"] * waves:
            state = yield from _turn(game, play, state, play.propose(state, operator, rng))
            if state.reach < np.inf:
                break
        while True:
            operator = "shrink" if state.margin is None else play.choose(state, rng)
            candidate = play.propose(state, operator, rng)
            refused = state.refused
            state = yield from _turn(game, play, state, candidate)
            if state.refused > refused and candidate.nudge is not None:
                state = yield from _turn(game, play, state, play.mirrored(state, candidate))

    def _play(self, game: Game[InputBoard]) -> tuple[Play, int]:
        tiles = _tiles(self.tile)
        values = tiles.for_spec(game.sample.spec) if tiles else np.empty((0,), np.float32)
        if tiles and len(values):
            game.notes["tile"] = tiles.name
        clean = float(game.goal.margin(game.clean[None])[0])
        return Play(game.sample, game.terms.max_l2, clean, values), len(values)


def _turn(
    game: Game[InputBoard], play: Play, state: State, candidate: Candidate
) -> Generator[Array, Array, State]:
    """Show one candidate and learn from the answer; returns the new state."""
    answers = yield candidate.x[None]
    return play.accept(state, candidate, float(game.goal.margin(answers)[0]))


@lru_cache(maxsize=4)
def _tiles(name: str) -> Tiles | None:
    if name == "none" or (name == "shipped" and not SHIPPED.is_file()):
        return None
    return read_tiles(SHIPPED if name == "shipped" else name)

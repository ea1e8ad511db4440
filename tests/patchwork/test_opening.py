"""The opening: whole layers first, each shown once and counted, and what the search makes of them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from brittle.core.canvas import Canvas, Palette
from brittle.core.goal import Goal
from brittle.core.grid import Grid
from brittle.core.play import draw
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.search import Game, Terms
from brittle.searches.patchwork.play import PatchworkPlay
from brittle.searches.patchwork.search import Patchwork
from brittle.searches.patchwork.state import State
from brittle.searches.patchwork.tuning import TUNING

IMAGE = InputSpec((1, 8, 8), ("channel", "height", "width"), bits=8)
CLIP = InputSpec((1, 4, 8, 8), ("channel", "frame", "height", "width"), bits=8)
SIGNAL = InputSpec((1, 64), ("channel", "time"), bits=16, rate=100.0)
CELLS = {IMAGE: (2, 2), CLIP: (4, 2, 2), SIGNAL: (4,)}


@dataclass(frozen=True)
class Brighter:
    """Adds a level; "a" is the dearest of its kind, "c" the cheapest."""

    name: str
    levels: tuple[float, ...]
    needs: tuple[str, ...] = ()
    unit: str = "of the span"
    varies: bool = False

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        return np.asarray(np.clip(x + level, *spec.bounds), np.float32)


KINDS = (
    Brighter("a", (0.1, 0.2, 0.4)),
    Brighter("b", (0.05, 0.3)),
    Brighter("c", (0.02,)),
    Brighter("none", (0.0,)),
)
LAYERS = {"a": (1, 2, 3), "b": (4, 5), "c": (6,), "none": (7,)}


def play_of(spec: InputSpec, budget: int = 250, **settings: Any) -> tuple[Game[Canvas], PatchworkPlay]:
    x = np.full(spec.shape, 0.2, np.float32)
    sample = Sample("s", spec.decode(spec.encode(x)), 0, spec)
    canvas = Canvas(sample, Grid(spec, CELLS[spec]), Palette(KINDS), 0)
    clean = np.array([0.9, 0.1], np.float32)
    terms = Terms(budget, settings.pop("max_l2", None))
    game = Game(sample, canvas, Goal(0), terms, clean, np.random.default_rng(0))
    play = Patchwork(**settings).play(game)
    assert isinstance(play, PatchworkPlay)
    return game, play


def opened(
    game: Game[Canvas], play: PatchworkPlay, margins: dict[int, float], rows: int = 99
) -> tuple[list[int], State]:
    """The layers that the opening showed, with these margins (else 1), and the state then."""
    state, shown = play.start, list[int]()
    while state.upcoming and len(shown) < rows:
        odds = play.moves(state)
        assert np.count_nonzero(odds) == 1
        move = draw(odds, game.rng)
        proposal = play.propose(state, move, game.rng)
        assert proposal is not None and len(set(proposal.row.tolist())) == 1
        assert proposal.l2 == pytest.approx(game.board.l2(proposal.row))
        shown.append(int(proposal.row[0]))
        state = play.accept(state, proposal, margins.get(shown[-1], 1.0))
    return shown, state


def test_signals_and_clips_open_with_whole_layers_and_images_do_not() -> None:
    for spec, setting, opens in [
        (CLIP, "auto", True),
        (SIGNAL, "auto", True),
        (IMAGE, "auto", False),
        (IMAGE, "whole", True),
        (CLIP, "none", False),
    ]:
        assert (play_of(spec, opening=setting)[1].start.upcoming > 0) is opens


def test_every_kind_shows_its_costliest_layer_cheap_kinds_first() -> None:
    game, play = play_of(CLIP)
    shown, state = opened(game, play, {})
    assert shown == [6, 5, 3]  # "none" changes nothing, and is not shown
    assert (state.queries, len(state.effects.drops), state.best_l2) == (4, 3, np.inf)


def test_what_flips_is_made_lighter_for_as_long_as_it_flips() -> None:
    game, play = play_of(CLIP)
    shown, state = opened(game, play, {3: -2.0, 2: -1.0, 1: 0.5})
    assert shown == [6, 5, 3, 2, 1]
    assert state.best_l2 == pytest.approx(game.board.l2(np.full(16, 2)))
    assert state.closest_query == 5  # the clean row, then four
    assert not state.current.any() and state.margin == pytest.approx(play.clean)


def test_levels_farther_than_the_nearest_flip_are_passed_over() -> None:
    game, play = play_of(CLIP)
    shown, _ = opened(game, play, {3: -2.0, 5: -1.0, 4: 0.5, 2: -1.0, 1: -1.0})
    assert shown == [6, 5, 3, 4, 2, 1]
    shown, _ = opened(game, play, {6: -1.0, 3: -2.0, 5: -2.0})
    assert shown == [6, 5, 3]  # all others are farther than the cheapest


def test_credit_follows_what_a_kind_brought_for_its_distance() -> None:
    game, play = play_of(CLIP)
    _, state = opened(game, play, {6: 2.1, 5: 1.0, 3: -3.0})
    gain = state.operator_credit.mean_gain
    layers = {name: gain[np.array(of) - 1] for name, of in LAYERS.items()}
    assert all(np.ptp(of) == 0 for of in layers.values())
    assert layers["a"][0] == pytest.approx(TUNING.gain_cap)
    assert layers["a"][0] > layers["b"][0] > TUNING.credit_floor
    assert layers["c"][0] > TUNING.credit_floor
    assert layers["none"][0] == TUNING.credit_floor
    assert (gain[-3:] == 1).all()


def test_where_no_whole_layer_flips_the_search_goes_on_from_the_best() -> None:
    game, play = play_of(CLIP)
    _, state = opened(game, play, {5: 0.25})
    assert set(state.current.tolist()) == {5}
    assert state.margin == 0.25
    assert state.l2 == pytest.approx(game.board.l2(state.current))


def test_the_opening_takes_a_quarter_of_the_budget_and_keeps_to_the_greatest_l2() -> None:
    game, play = play_of(CLIP, budget=9)
    assert opened(game, play, {})[0] == [6, 5]
    game, play = play_of(CLIP, budget=3)
    assert play.start.upcoming == 0
    limit = 0.25 * 16  # of 256 elements
    game, play = play_of(CLIP, max_l2=limit)
    assert opened(game, play, {})[0] == [6, 4, 2]


def test_without_a_closer_flip_for_long_the_search_takes_away_from_the_nearest_whole_one() -> None:
    game, play = play_of(CLIP)
    shown, state = opened(game, play, {3: -2.0})
    waits = TUNING.opening_patience
    for row in range(waits + 1):
        before = state
        move = draw(play.moves(state), game.rng)
        proposal = play.propose(state, move, game.rng)
        assert proposal is not None and proposal.l2 < state.best_l2
        state = play.accept(state, proposal, play.clean + 1)
        assert (set(state.current.tolist()) == {3}) is (row >= waits - 1)
    assert before.margin == -2.0
    assert shown == [6, 5, 3, 2]


def test_a_closer_flip_in_time_leaves_the_search_where_it_is() -> None:
    game, play = play_of(CLIP)
    _, state = opened(game, play, {3: -2.0})
    for row in range(TUNING.opening_patience + 5):
        proposal = play.propose(state, draw(play.moves(state), game.rng), game.rng)
        assert proposal is not None
        state = play.accept(replace(state, margin=1.0), proposal, -0.1 if row == 5 else play.clean + 1)
    assert set(state.current.tolist()) != {3}

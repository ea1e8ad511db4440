"""Patchwork: the laws of Play on any board of cells, honest counts, the same for any batch."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.agent.file import TrainedAgent, read_agent, write_agent
from brittle.agent.network import fresh, shape_of
from brittle.agent.player import player_of
from brittle.core.canvas import Canvas, Palette
from brittle.core.errors import UsageError
from brittle.core.goal import Goal
from brittle.core.grid import Grid
from brittle.core.play import Move, coarse_places, draw
from brittle.core.referee import Referee
from brittle.core.result import SearchResult, Status
from brittle.core.sample import InputSpec, Sample
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import Game, Terms
from brittle.core.seeds import generator
from brittle.searches import open_search
from brittle.searches.patchwork.effects import Effects, no_answers, prior_of
from brittle.searches.patchwork.play import PatchworkPlay
from brittle.searches.patchwork.search import Patchwork
from brittle.searches.patchwork.state import NON_LAYER_OPERATORS, THOMPSON, State
from brittle.searches.patchwork.tuning import TUNING
from tiny import MemoryArchive, Shade, TinyModel

IMAGE = InputSpec((3, 16, 16), ("channel", "height", "width"), bits=8)
SIGNAL = InputSpec((2, 90), ("channel", "time"), (-5.0, 5.0))
CLIP = InputSpec((1, 4, 6, 6), ("channel", "frame", "height", "width"), bits=8)
CELLS = {IMAGE: (2, 2), SIGNAL: (4,), CLIP: (1, 2, 2)}
SPECS = pytest.mark.parametrize("spec", list(CELLS), ids=["image", "signal", "clip"])


def sample_of(spec: InputSpec, number: int = 0) -> Sample:
    change = np.random.default_rng([3, number]).uniform(-0.3, 0.3, spec.shape).astype(np.float32)
    x = spec.decode(spec.encode(np.mean(spec.bounds) + spec.span * change))
    return Sample(f"s{number}", x, int(model_of(spec)(x[None])[0].argmax()), spec)


def model_of(spec: InputSpec) -> TinyModel:
    return TinyModel(spec=spec, gain=3.0 / spec.span)


def canvas_of(sample: Sample) -> Canvas:
    palette = Palette((Shade(), Shade("other shade", levels=(0.1,))), 2)
    return Canvas(sample, Grid(sample.spec, CELLS[sample.spec]), palette, 0)


def game_of(spec: InputSpec, budget: int = 250, **terms: Any) -> Game[Canvas]:
    sample = sample_of(spec)
    clean = model_of(spec)(sample.x[None])[0]
    rng = generator(0, sample.id)
    assert sample.label is not None
    return Game(sample, canvas_of(sample), Goal(sample.label), Terms(budget, **terms), clean, rng)


def ask(game: Game[Canvas], row: Any) -> float:
    x = np.empty(game.sample.spec.shape, np.float32)
    game.board.render(row, x)
    return float(game.goal.margin(model_of(game.sample.spec)(x[None]))[0])


def played(spec: InputSpec, rows: int, **terms: Any) -> tuple[Game[Canvas], PatchworkPlay, State]:
    """A game after some moves."""
    game = game_of(spec, **terms)
    moves = Patchwork().play(game)
    assert isinstance(moves, PatchworkPlay)
    state = moves.start
    for _ in range(rows):
        proposal = moves.propose(state, draw(moves.moves(state), game.rng), game.rng)
        assert proposal is not None
        state = moves.accept(state, proposal, ask(game, proposal.row))
    return game, moves, state


def frozen(state: State) -> list[Any]:
    """All that a state holds, as plain values."""
    arrays: list[Any] = [state.current, state.effects.posterior_mean]
    for credit in (state.operator_credit, state.place_credit):
        arrays += [credit.mean_gain, credit.tries]
    numbers = (state.l2, state.margin, state.best_l2, state.price, state.side)
    return [*(a.tolist() for a in arrays), *numbers, state.typical_gain, state.queries]


@SPECS
@pytest.mark.parametrize("rows", [0, 1, 40])
def test_odds_and_views_have_their_shapes_at_any_time(spec: InputSpec, rows: int) -> None:
    game, moves, state = played(spec, rows)
    odds, view = moves.moves(state), moves.observe(state)
    places = int(np.prod(moves.places))
    assert moves.places == coarse_places(game.board.grid.counts)
    assert odds.shape == (len(moves.operators), places, moves.sizes)
    assert (odds >= 0).all() and np.isfinite(odds).all() and odds.sum() > 0
    fresh = moves.observe(moves.start)
    for part, first in zip(
        (view.world, view.operators, view.places), (fresh.world, fresh.operators, fresh.places), strict=True
    ):
        assert part.dtype == np.float32 and part.shape == first.shape
        assert np.isfinite(part).all() and np.abs(part).max() <= 3
    assert view.operators.shape[0] == len(moves.operators) and view.places.shape[0] == places
    assert moves.operators[-len(NON_LAYER_OPERATORS) :] == NON_LAYER_OPERATORS
    assert moves.operators[: game.board.layer_count] == tuple(layer.distortion for layer in game.board.layers)


@SPECS
@pytest.mark.parametrize("limited", [True, False])
def test_every_move_is_an_assignment_nearer_than_the_closest_flip(spec: InputSpec, limited: bool) -> None:
    game, moves, state = played(spec, 30, max_l2=0.8 * spec.span if limited else None)
    rng = np.random.default_rng(0)
    limit = game.terms.max_l2 or np.inf
    for _ in range(100):
        move = Move(*(int(rng.integers(n)) for n in moves.moves(state).shape))
        proposal = moves.propose(state, move, rng)
        if proposal is not None:
            assert proposal.row.shape == (game.board.grid.cells,) and proposal.row.dtype == np.int16
            assert proposal.row.min() >= 0 and 1 <= proposal.row.max() <= game.board.layer_count
            assert proposal.l2 == pytest.approx(game.board.l2(proposal.row)) and proposal.move == move
            assert proposal.l2 < state.best_l2 and proposal.l2 <= limit
            assert not np.array_equal(proposal.row, state.current)


@SPECS
def test_proposing_and_accepting_leave_the_state_as_it_is(spec: InputSpec) -> None:
    _, moves, state = played(spec, 20)
    before = frozen(state)
    for operator in range(len(moves.operators)):
        one = moves.propose(state, Move(operator, 1, 1), np.random.default_rng(5))
        two = moves.propose(state, Move(operator, 1, 1), np.random.default_rng(5))
        assert (one is None) == (two is None)
        if one is not None and two is not None:
            assert np.array_equal(one.row, two.row)
            for margin in (-1.0, 5.0):
                assert frozen(moves.accept(state, one, margin)) == frozen(moves.accept(state, two, margin))
    moves.observe(state)
    assert frozen(state) == before


def test_a_block_is_kept_when_it_is_worth_its_price_and_a_closer_flip_always() -> None:
    game, moves, state = played(IMAGE, 0)
    proposal = moves.propose(state, Move(0, 3, 1), game.rng)
    assert proposal is not None
    gain = state.price * proposal.l2
    kept = moves.accept(state, proposal, state.margin - 1.01 * gain)
    refused = moves.accept(state, proposal, state.margin - 0.99 * gain)
    assert np.array_equal(kept.current, proposal.row) and kept.refused == 0
    assert np.array_equal(refused.current, state.current) and refused.refused == 1
    assert kept.operator_credit.mean_gain[0] > refused.operator_credit.mean_gain[0]
    flip = moves.accept(state, proposal, -0.001)
    assert flip.best_l2 == flip.l2 == proposal.l2 and flip.price > state.price > kept.price


def test_where_nothing_fits_there_is_nothing_to_show() -> None:
    game, moves, state = played(IMAGE, 0, max_l2=1e-6)
    assert all(moves.propose(state, Move(k, 0, 1), game.rng) is None for k in range(len(moves.operators)))
    results, model = referee_results(IMAGE, 4, max_l2=1e-6)
    assert {r.status for r in results} == {Status.SURVIVED} and model.rows == len(results)


def referee_results(spec: InputSpec, batch: int, **terms: Any) -> tuple[list[SearchResult], TinyModel]:
    model, archive = model_of(spec), MemoryArchive(spec)
    rules = Rules(Patchwork(), canvas_of, Terms(**{"budget": 50, **terms}), archive)
    matches = (play_sample(f"s{k}", partial(sample_of, spec, k), rules) for k in range(4))
    return sorted(Referee(model, batch).play(matches), key=lambda r: r.sample), model


def plain(results: list[SearchResult]) -> list[dict[str, Any]]:
    times = ("seconds", "started", "finished")
    return [{k: v for k, v in r.to_dict().items() if k not in times} for r in results]


@SPECS
@pytest.mark.parametrize("closest", [True, False])
def test_counts_are_the_rows_shown_and_no_batch_changes_a_result(spec: InputSpec, closest: bool) -> None:
    one, model = referee_results(spec, 16, closest=closest)
    assert sum(r.queries for r in one) == model.rows and all(r.queries <= 50 for r in one)
    assert any(r.status is Status.FLIPPED for r in one)
    assert {r.status for r in one} <= {Status.FLIPPED, Status.SURVIVED}
    other, _ = referee_results(spec, 3, closest=closest)
    assert plain(one) == plain(other)


def test_it_goes_on_towards_a_smaller_distance() -> None:
    results, _ = referee_results(IMAGE, 8, budget=200)
    both = [(r.first.l2, r.closest.l2) for r in results if r.first and r.closest]
    assert len(both) == 4 and np.mean([last / first for first, last in both]) < 0.8


def learned(rows: int, groups: int = 2, places: tuple[int, ...] = (4, 3)) -> tuple[Effects, Any, list[Any]]:
    """Effects after noiseless answers of a linear world, that world, and the design rows shown."""
    rng = np.random.default_rng(0)
    truth, effects, shown = rng.normal(size=(groups, 12)), no_answers(prior_of(groups, places)), []
    for _ in range(rows):
        shown.append(rng.uniform(0, 1, truth.shape) * (rng.random(truth.shape) < 0.4))
        effects = effects.with_answer(shown[-1], float(np.sum(truth * shown[-1])))
    return effects, truth, shown


def test_effects_are_those_of_bayesian_linear_regression() -> None:
    effects, _, shown = learned(9)
    design = np.array([a.reshape(-1) for a in shown])
    prior = np.kron(effects.prior.groups, effects.prior.places)
    from_scratch = np.linalg.inv(design @ prior @ design.T + 0.1 * np.eye(9))
    assert effects.precision == pytest.approx(from_scratch, abs=1e-4)
    expected = prior @ design.T @ from_scratch @ effects.drops
    assert effects.posterior_mean.reshape(-1) == pytest.approx(expected, abs=1e-4)


def test_effects_find_a_linear_world_and_draws_scatter_about_the_mean() -> None:
    effects, truth, _ = learned(150)
    assert np.corrcoef(effects.posterior_mean.reshape(-1), truth.reshape(-1))[0, 1] > 0.95
    rng = np.random.default_rng(1)
    few, _, _ = learned(5)
    for known in (few, effects):
        draws = np.array([known.posterior_draw(rng) for _ in range(400)])
        assert draws.mean(axis=0) == pytest.approx(known.posterior_mean, abs=0.2 * known.scale)
    assert np.std([few.posterior_draw(rng) for _ in range(50)], axis=0).mean() > 0.2 * few.scale


def test_old_answers_are_forgotten_and_the_newer_ones_are_not() -> None:
    effects, truth, shown = learned(TUNING.memory + 40)
    assert len(effects.drops) == TUNING.memory // 2 + 40
    assert effects.drops[-1] == pytest.approx(np.sum(truth * shown[-1]))
    assert np.corrcoef(effects.posterior_mean.reshape(-1), truth.reshape(-1))[0, 1] > 0.95


def test_two_games_that_part_ways_share_no_answers() -> None:
    base, _, shown = learned(3)
    left = base.with_answer(shown[0], 1.0)
    right = base.with_answer(shown[1], -1.0)
    again = base.with_answer(shown[0], 1.0)
    assert np.array_equal(left.posterior_mean, again.posterior_mean)
    assert not np.allclose(left.posterior_mean, right.posterior_mean)
    left, again = left.with_answer(shown[2], 0.5), again.with_answer(shown[2], 0.5)
    assert np.array_equal(left.posterior_mean, again.posterior_mean)


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("price", 0.0, "greater than 0"),
        ("cheaper", 0.0, "greater than 0"),
        ("cheaper", 1.01, "less than or equal to 1"),
        ("dearer", 0.99, "greater than or equal to 1"),
        ("thompson", -0.1, "greater than or equal to 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(setting: str, value: float, told: str) -> None:
    with pytest.raises(UsageError, match=f"{setting}: .*{told}"):
        open_search("patchwork", **{setting: value})


def test_an_unknown_setting_is_said_so() -> None:
    with pytest.raises(UsageError, match="did you mean 'thompson'"):
        open_search("patchwork", thomson=1.0)


def test_agents_trained_under_the_old_names_of_operators_and_settings_are_read(tmp_path: Path) -> None:
    shape = shape_of(Patchwork().play(game_of(IMAGE)))
    old = replace(shape, kinds=tuple("mend" if kind == THOMPSON else kind for kind in shape.kinds))
    write_agent(tmp_path / "old.safetensors", TrainedAgent(fresh(old, 0), "patchwork", {"mend": 0.5}))
    agent = read_agent(tmp_path / "old.safetensors")
    assert agent.network.shape == shape != old
    assert player_of(agent) == Patchwork(thompson=0.5)

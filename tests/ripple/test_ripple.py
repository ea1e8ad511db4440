"""Ripple through the referee: honest distances, the same for any batch, any input, better than chance."""

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, ClassVar

import numpy as np
import pytest

from brittle.core.errors import UsageError
from brittle.core.field import Field, unit
from brittle.core.play import Move, draw
from brittle.core.result import Status
from brittle.core.sample import Array, InputSpec
from brittle.core.search import Game, InputBoard, Search, Terms
from brittle.core.sphere import L2Sphere
from brittle.searches import open_search
from brittle.searches.ripple.play import RipplePlay
from brittle.searches.ripple.search import SHIPPED, Ripple
from brittle.searches.ripple.state import INDEX, OPERATORS, Proposal, State
from brittle.searches.ripple.waves import Observations, kernel, no_observations, posterior, ucb_wave
from brittle.store.tiles import read_tiles, write_tiles
from ripple_games import IMAGE, KINDS, plain, play_all, samples_of


def start_of(
    spec: InputSpec = IMAGE, tiles: Array | None = None, max_l2: float | None = 1.0
) -> tuple[RipplePlay, State]:
    none = np.empty((0,), np.float32)
    terms = Terms(budget=200, max_l2=max_l2)
    game = RipplePlay(samples_of(spec, 1)[0], terms, 2.0, none if tiles is None else tiles)
    return game, game.start


def move_of(operator: str, place: int = 3) -> Move:
    return Move(INDEX[operator], place, 1)


def shown(game: RipplePlay, state: State, operator: str, seed: int = 0) -> Proposal:
    proposal = game.propose(state, move_of(operator), np.random.default_rng(seed))
    assert proposal is not None
    return proposal


@pytest.mark.parametrize("spec", KINDS, ids=lambda s: "x".join(map(str, s.shape)))
@pytest.mark.parametrize("closest", [False, True])
def test_it_plays_inputs_of_any_kind(spec: InputSpec, closest: bool) -> None:
    results, archive = play_all(Ripple(), spec, closest=closest)
    assert {r.status for r in results} <= {Status.FLIPPED, Status.SURVIVED}
    assert any(r.status is Status.FLIPPED for r in results)
    samples = {s.id: s for s in samples_of(spec, 6)}
    for result in results:
        for flip in (result.first, result.closest):
            if flip:
                x = archive.read(flip.file)
                assert flip.l2 == pytest.approx(np.linalg.norm(x - samples[result.sample].x), abs=1e-4)


@pytest.mark.parametrize("spec", [IMAGE, KINDS[3]], ids=["image", "signal"])
def test_the_same_seed_is_the_same_search_for_any_batch(spec: InputSpec) -> None:
    one, _ = play_all(Ripple(), spec, 1)
    assert any(r.first for r in one)
    for batch in (3, 32):
        other, _ = play_all(Ripple(), spec, batch)
        assert plain(one) == plain(other)


@dataclass(frozen=True)
class Listening:
    """Ripple, noting every input that it shows."""

    shown: list[Array]
    name: ClassVar[str] = "ripple"
    board: ClassVar[str] = "input"

    def __call__(self, game: Game[InputBoard]) -> Search:
        search = Ripple()(game)
        moves = next(search)
        while True:
            self.shown.append(game.sample.spec.decode(moves[0]) - game.sample.x)
            moves = search.send((yield moves))


def test_nothing_is_shown_beyond_the_limit_and_all_is_in_codes() -> None:
    shown: list[Array] = []
    play_all(Listening(shown), IMAGE, max_l2=0.4, count=2)
    lengths = [float(np.linalg.norm(change)) for change in shown]
    assert len(lengths) > 60 and max(lengths) <= 0.4
    assert min(lengths[:4]) > 0.39
    codes = np.concatenate([change.reshape(-1) for change in shown]) * 255
    assert np.abs(codes - np.rint(codes)).max() < 1e-3


def test_closest_goes_on_towards_a_smaller_distance() -> None:
    results, _ = play_all(Ripple(), IMAGE, budget=400)
    both = [(r.first.l2, r.closest.l2) for r in results if r.first and r.closest]
    assert len(both) == 6
    assert np.mean([last / first for first, last in both]) < 0.7


def test_without_a_limit_it_goes_as_far_as_it_takes() -> None:
    for max_l2, goes_on in ((1.0, False), (None, True)):
        game, state = start_of(max_l2=max_l2)
        first = state.radius
        state = game.accept(state, shown(game, state, "wave"), 1.0)
        for seed in range(59):
            assert state.radius == first
            state = game.accept(state, shown(game, state, "colour", seed), 5.0)
        assert (state.radius > first) == goes_on


@dataclass(frozen=True)
class Chance:
    """Random fields at the limit, one after the other."""

    name: ClassVar[str] = "chance"
    board: ClassVar[str] = "input"

    def __call__(self, game: Game[InputBoard]) -> Search:
        shell = L2Sphere(game.sample)
        assert game.terms.max_l2
        while True:
            field = unit(game.rng.normal(size=game.sample.spec.shape).astype(np.float32))
            yield shell.at(field, game.terms.max_l2).codes[None]


def test_it_needs_fewer_queries_than_chance() -> None:
    def mean(search: Any) -> float:
        results, _ = play_all(search, IMAGE, count=12, max_l2=0.35, closest=False, budget=300)
        return float(np.mean([r.first.query if r.first else 300 for r in results]))

    assert mean(Ripple()) < 0.5 * mean(Chance())


def test_proposing_changes_nothing_and_accepting_makes_a_new_state() -> None:
    tiles = np.random.default_rng(0).normal(size=(2, 3, 5, 5)).astype(np.float32)
    game, state = start_of(tiles=tiles)
    state = game.accept(state, shown(game, state, "wave"), 1.5)
    refused = game.accept(state, shown(game, state, "swap"), 1.8)
    before = {name: np.copy(value) for name, value in vars(refused).items() if isinstance(value, np.ndarray)}
    for operator in OPERATORS:
        one, two = shown(game, refused, operator, 5), shown(game, refused, operator, 5)
        assert np.array_equal(one.row, two.row) and one.l2 <= 1.0
        after = game.accept(refused, one, 0.5)
        assert after.margin == 0.5 and after.current is one.field
        assert game.accept(refused, one, 1.7).current is refused.current
    for name, value in before.items():
        assert np.array_equal(getattr(refused, name), value), name


def test_credit_follows_gains_at_operators_and_places() -> None:
    game, state = start_of()
    state = game.accept(state, shown(game, state, "wave"), 2.0)
    for margin in (1.8, 1.6, 1.4):
        proposal = game.propose(state, move_of("window", place=3), np.random.default_rng(0))
        assert proposal is not None
        state = game.accept(state, proposal, margin)
    for _ in range(3):
        proposal = game.propose(state, move_of("swap", place=8), np.random.default_rng(0))
        assert proposal is not None
        state = game.accept(state, proposal, 5.0)
    window, swap = INDEX["window"], INDEX["swap"]
    assert state.credit[window] > state.credit[swap]
    assert state.step_sizes[window] > state.step_sizes[swap]
    assert state.place_credit[3] > state.place_credit[8] == 0
    assert state.place_tried[3] == state.place_tried[8] == 3


def test_momentum_goes_the_way_of_what_helped_and_against_what_harmed() -> None:
    game, state = start_of()
    state = game.accept(state, shown(game, state, "wave"), 2.0)
    good, bad = shown(game, state, "windowed wave", 0), shown(game, state, "windowed wave", 1)
    state = game.accept(state, bad, 3.0)
    state = game.accept(state, good, 1.0)
    momentum = shown(game, state, "momentum")
    assert momentum.step is not None and good.step is not None and bad.step is not None
    assert np.vdot(momentum.step, good.step) > 0.1 and np.vdot(momentum.step, bad.step) < -0.1


def test_a_refused_step_is_tried_reversed_once() -> None:
    game, state = start_of()
    state = game.accept(replace(state, best_l2=2.0), shown(game, state, "wave"), 1.5)
    assert game.moves(state)[INDEX["reverse"]].sum() == 0
    step = shown(game, state, "swap")
    state = game.accept(state, step, 5.0)
    assert game.moves(state)[INDEX["reverse"]].sum() > 0.9 * game.moves(state).sum()
    other = shown(game, state, "reverse")
    assert step.step is not None and other.step is not None
    assert np.array_equal(other.step, -step.step)
    assert game.accept(state, other, 5.0).to_reverse is None


@pytest.mark.parametrize("spec", KINDS, ids=lambda s: "x".join(map(str, s.shape)))
def test_what_is_observed_is_finite_of_one_shape_and_told_by_the_odds(spec: InputSpec) -> None:
    game, state = start_of(spec)
    rng, margins = np.random.default_rng(0), np.random.default_rng(1).normal(1.0, 0.7, 60)
    first = game.observe(state)
    for margin in margins:
        view, odds = game.observe(state), game.moves(state)
        for name in ("world", "operators", "places"):
            value, before = getattr(view, name), getattr(first, name)
            assert value.dtype == np.float32 and value.shape == before.shape
            assert np.isfinite(value).all() and np.abs(value).max() < 10, name
        assert odds.shape == (len(view.operators), len(view.places), game.sizes) and (odds >= 0).all()
        proposal = game.propose(state, draw(odds, rng), rng)
        assert proposal is not None
        state = game.accept(state, proposal, float(margin))


def test_the_gaussian_process_finds_the_wave_that_works() -> None:
    field, rng = Field(InputSpec((3, 64, 64), ("channel", "height", "width"))), np.random.default_rng(0)
    secret = field.random_waves(1, rng)

    def falls(waves: Any) -> Any:
        return kernel(waves, secret)[:, 0]

    observations = no_observations(field)
    for _ in range(25):
        wave = ucb_wave(observations, field, rng)
        observations = observations.after(wave, float(falls(wave)[0]))
    chance = falls(field.random_waves(25, rng)).max()
    assert observations.falls.max() > max(0.8, chance)
    many = field.random_waves(300, rng)
    assert np.corrcoef(posterior(observations, many).mean, falls(many))[0, 1] > 0.6


def test_the_process_does_not_mind_no_observations_or_equal_answers() -> None:
    field, rng = Field(IMAGE), np.random.default_rng(0)
    flat = Observations(field.random_waves(5, rng), np.zeros(5))
    for observations in (no_observations(field), flat):
        expected = posterior(observations, field.random_waves(7, rng))
        assert np.isfinite(expected.mean).all() and (expected.deviation > 0).all()


def test_a_tile_is_shown_where_it_fits_and_named_in_the_result(tmp_path: Any) -> None:
    tiles = np.random.default_rng(0).normal(size=(2, 3, 5, 5)).astype(np.float32)
    write_tiles(tmp_path / "mine.safetensors", tiles, ("height", "width"), {})
    search = Ripple(tile=str(tmp_path / "mine.safetensors"))
    on_images, _ = play_all(search, IMAGE, count=2)
    on_grey, _ = play_all(search, KINDS[1], count=2)
    on_signals, _ = play_all(search, KINDS[3], count=2)
    assert all((r.notes or {})["tile"].startswith("mine ") for r in on_images + on_grey)
    assert all("tile" not in (r.notes or {}) for r in on_signals)


@pytest.mark.parametrize("damage", ["missing", "text", "cut", "foreign", "nan"])
def test_a_bad_tile_file_gives_one_clear_line(tmp_path: Any, damage: str) -> None:
    path = tmp_path / "bad.safetensors"
    tiles = np.ones((1, 3, 4, 4), np.float32)
    if damage == "nan":
        tiles[0, 0, 0, 0] = np.nan
    write_tiles(path, tiles, () if damage == "foreign" else ("height", "width"), {})
    if damage == "missing":
        path.unlink()
    elif damage == "text":
        path.write_text("hello, this is no tile at all")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UsageError) as error:
        open_search("ripple", tile=str(path))
    assert "bad.safetensors" in str(error.value) and "\n" not in str(error.value)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match=r"waves: .*greater than or equal to 1, got 0"):
        open_search("ripple", waves=0)
    with pytest.raises(UsageError, match="did you mean 'tile'"):
        open_search("ripple", tiles="x")


def test_the_shipped_tile_is_the_one_of_its_card() -> None:
    card = json.loads(SHIPPED.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["sha256"] == sha256(SHIPPED.read_bytes()).hexdigest()
    assert card["command"].startswith("brittle train --kind tile") and card["rows"] > 0
    tiles = read_tiles(SHIPPED).for_spec(InputSpec((3, 224, 224), ("channel", "height", "width"), bits=8))
    assert len(tiles) == card["settings"]["tiles"]

"""SimBA through the referee: one direction at a time, minus first, plus only where minus did not help."""

import sys
from itertools import islice
from typing import Any

import numpy as np
import pytest
from scipy.fft import dctn

from brittle.core.field import Field
from brittle.core.goal import Goal
from brittle.core.result import Status
from brittle.core.sample import Array, InputSpec, Sample
from brittle.searches import open_search
from brittle.searches.losses import cross_entropy, label_odds
from brittle.searches.simba import SimbaDct, SimbaPixel, in_codes
from whole_inputs import IMAGE, KINDS, changes, counted_for_any_batch, game_of, plain, play, sample_of, told

NAMES = ["simba-pixel", "simba-dct"]
SEARCHES = [SimbaPixel(), SimbaDct()]
FREE = InputSpec((3, 32, 32), ("channel", "height", "width"))
CLEAN, BETTER, BEST, WORSE = (0.6, 0.3, 0.1), (0.5, 0.4, 0.1), (0.45, 0.44, 0.11), (0.8, 0.1, 0.1)


def steps(search: Any, answers: Any, sample: Sample, **terms: Any) -> list[Array]:
    """What is changed in the inputs that a search shows when it is given these answers."""
    shown = told(search, answers, game_of(sample, clean=CLEAN, **terms))
    return [sample.spec.decode(x) - sample.x for x in shown]


@pytest.mark.parametrize("search", SEARCHES, ids=NAMES)
def test_plus_is_asked_only_where_minus_did_not_help(search: Any) -> None:
    sample = sample_of(spec=FREE)
    minus, plus, second = steps(search, [WORSE, WORSE], sample)
    first = next(search.directions(Field(FREE), np.random.default_rng(0)))
    assert np.vdot(minus[first[0]], first[1]) == pytest.approx(-0.2, rel=1e-3)
    assert np.linalg.norm(minus) == pytest.approx(0.2, rel=1e-3)
    assert plus == pytest.approx(-minus, abs=1e-6)
    assert abs(np.vdot(second, minus)) < 1e-4
    helped = steps(search, [BETTER], sample)
    assert np.array_equal(helped[0], minus)
    assert helped[1] == pytest.approx(minus + second, abs=1e-6)


@pytest.mark.parametrize("search", SEARCHES, ids=NAMES)
def test_a_step_is_kept_if_the_label_lost_and_only_then(search: Any) -> None:
    sample = sample_of(spec=FREE)
    shown = steps(search, [WORSE, BETTER, BETTER, WORSE, BEST], sample)
    assert np.vdot(shown[2], shown[1]) == pytest.approx(0.04, rel=1e-2)  # plus was kept
    assert np.vdot(shown[4] - shown[1], shown[2] - shown[1]) == pytest.approx(
        0, abs=1e-4
    )  # as good is not kept
    assert np.linalg.norm(shown[5]) == pytest.approx(0.2 * np.sqrt(3), rel=1e-2)


def test_a_pixel_step_is_one_value_and_each_is_tried_once() -> None:
    sample = Sample("grey", np.full(IMAGE.shape, 128 / 255, np.float32), 0, IMAGE)
    shown = steps(SimbaPixel(), [WORSE] * 99, sample)
    places = [tuple(np.argwhere(np.abs(x) > 1e-6)[0]) for x in shown]
    assert all(np.count_nonzero(np.abs(x) > 1e-6) == 1 for x in shown)
    assert len(set(places)) == 50
    assert {round(float(x.sum()), 4) for x in shown} == {-0.2, 0.2}
    assert {place[0] for place in places} == {0, 1, 2}


def test_frequencies_are_orthonormal_cosines_low_ones_first() -> None:
    field = Field(FREE)
    drawn = list(SimbaDct().directions(field, np.random.default_rng(0)))
    assert len(drawn) == 3 * 32 * 32
    coefficients = [np.abs(dctn(direction, norm="ortho")) for _, direction in drawn[:108]]
    frequencies = [np.unravel_index(c.argmax(), c.shape) for c in coefficients]
    assert all(c.max() == pytest.approx(1, rel=1e-5) for c in coefficients)
    highest = [int(max(pair)) for pair in frequencies]
    assert highest[:48] != sorted(highest[:48])
    assert (set(highest[:48]), set(highest[48:75]), set(highest[75:])) == ({0, 1, 2, 3}, {4}, {5})
    assert len({(channel, *pair) for (channel, _), pair in zip(drawn, frequencies, strict=False)}) == 108
    order = [channel for channel, _ in drawn]
    assert order != [c for c, _ in SimbaDct().directions(field, np.random.default_rng(1))]


def test_a_step_below_half_a_code_is_made_of_whole_codes_where_it_is_largest() -> None:
    spec = InputSpec((3, 224, 224), ("channel", "height", "width"), bits=8)
    sample = Sample("grey", np.full(spec.shape, 128 / 255, np.float32), 0, spec)
    channel, direction = next(SimbaDct().directions(Field(spec), np.random.default_rng(0)))
    assert np.abs(0.2 * 255 * direction).max() < 0.5  # plain rounding would show nothing of it
    minus, plus = (x / spec.code for x in steps(SimbaDct(), [WORSE], sample))
    assert plus == pytest.approx(-minus, abs=1e-3)
    assert np.linalg.norm(minus) * spec.code == pytest.approx(0.2, rel=1e-3)
    assert not np.delete(minus, channel, axis=0).any()
    moved = np.abs(minus[channel]) > 0.5
    assert moved.sum() == 51**2
    assert np.abs(direction)[moved].min() >= np.abs(direction)[~moved].max() - 1e-6
    assert (np.sign(minus[channel]) == -np.sign(direction))[moved].all()


def test_directions_in_codes_are_whole_and_as_long_as_asked_but_never_longer() -> None:
    rng = np.random.default_rng(0)
    field = Field(IMAGE)
    for length in (1.0, 7.3, 51.0, 400.0):
        for _, direction in islice(SimbaDct().directions(field, rng), 40):
            codes = in_codes(direction, length, rng)
            assert (codes == np.rint(codes)).all()
            assert length**2 - 2 * np.abs(codes).max() - 1 <= np.square(codes).sum() <= length**2 + 0.01
            assert np.abs(codes - length * direction).max() <= 1 + 1e-3
    one = np.zeros((16, 16), np.float32)
    one[3, 4] = 1
    assert np.array_equal(in_codes(one, 51.0, rng), 51 * one)
    assert np.array_equal(in_codes(one, 50.9, rng), 50 * one)
    flat = np.full((16, 16), 1 / 16, np.float32)
    assert in_codes(flat, 5.0, rng).sum() == 25
    assert not np.array_equal(in_codes(flat, 5.0, rng), in_codes(flat, 5.0, rng))


def test_a_step_is_one_code_at_least() -> None:
    sample = Sample("grey", np.full(IMAGE.shape, 128 / 255, np.float32), 0, IMAGE)
    assert [float(x.sum()) for x in steps(SimbaPixel(epsilon=1e-4), [WORSE], sample)] == pytest.approx(
        [-1 / 255, 1 / 255], rel=1e-3
    )


@pytest.mark.parametrize("search", SEARCHES, ids=NAMES)
@pytest.mark.parametrize("spec", KINDS, ids=lambda s: "x".join(map(str, s.shape)))
def test_it_plays_inputs_of_any_kind_within_the_limit(spec: InputSpec, search: Any) -> None:
    limit = 0.3 * spec.span
    lengths = [float(np.linalg.norm(c)) for c in changes(search, spec, spread=0.5, max_l2=limit)]
    assert lengths and max(lengths) <= limit + 1e-6
    results, _, _ = play(search, spec)
    assert {r.status for r in results} <= {Status.FLIPPED, Status.SURVIVED}


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_counted_and_the_batch_changes_nothing(name: str) -> None:
    assert any(r.first for r in counted_for_any_batch(open_search(name)))


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_at_its_first_flip(name: str) -> None:
    flipped = [r for r in play(open_search(name), closest=True)[0] if r.first]
    assert flipped
    assert all(r.first == r.closest and r.queries == r.first.query + 1 for r in flipped if r.first)


@pytest.mark.parametrize("name", NAMES)
def test_a_target_is_reached_or_not_but_never_another_class(name: str) -> None:
    results, _, _ = play(open_search(name), target=2, budget=600, count=6)
    reached = [r for r in results if r.status is Status.FLIPPED]
    assert reached
    assert all(r.first and r.first.predicted == 2 for r in reached)


def test_probabilities_near_one_are_told_apart() -> None:
    sample = sample_of(spec=FREE)
    near = [(1.0, 3e-6, 1e-6), (1.0, 4e-6, 1e-6)]
    moves = told(SimbaPixel(), [near[1]], game_of(sample, clean=near[0]))
    assert np.linalg.norm(moves[1] - sample.x) == pytest.approx(0.2 * np.sqrt(2), rel=1e-3)  # kept


def test_losses_are_log_odds_and_cross_entropies_in_nats() -> None:
    answers = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]], np.float32)
    assert label_odds(Goal(0), answers) == pytest.approx(np.log([1.5, 0.25]), rel=1e-5)
    assert label_odds(Goal(0, target=2), answers) == pytest.approx(-np.log([1 / 9, 1]), abs=1e-6)
    assert cross_entropy(Goal(0), answers) == pytest.approx(np.log([0.6, 0.2]), rel=1e-5)
    assert cross_entropy(Goal(0, target=2), answers) == pytest.approx(-np.log([0.1, 0.5]), rel=1e-5)


def test_a_target_is_sought_by_its_own_probability() -> None:
    sample, goal = sample_of(spec=FREE), Goal(0, target=2)
    moves = told(SimbaPixel(), [(0.7, 0.15, 0.15)], game_of(sample, goal, (0.8, 0.1, 0.1)))
    assert np.linalg.norm(moves[1] - sample.x) == pytest.approx(0.2 * np.sqrt(2), rel=1e-3)
    moves = told(SimbaPixel(), [(0.4, 0.52, 0.08)], game_of(sample, goal, (0.8, 0.1, 0.1)))
    assert moves[1] - sample.x == pytest.approx(sample.x - moves[0], abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_no_extra_is_needed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "art", None)
    assert plain(play(open_search(name), count=1)[0])

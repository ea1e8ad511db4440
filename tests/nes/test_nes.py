"""NES through the referee: pairs of opposite noise in one request, then a signed step within the radius."""

from typing import Any

import numpy as np
import pytest

from brittle.core.sample import Array, InputSpec, Sample
from brittle.searches.nes import Nes
from whole_inputs import IMAGE, KINDS, changes, counted_for_any_batch, game_of, play, sample_of

FREE = InputSpec((3, 8, 8), ("channel", "height", "width"))
GREY = Sample("grey", np.full(FREE.shape, 0.5, np.float32), 0, FREE)


def linear(moves: Array, slope: Array) -> Array:
    """Answers (n, 2) of a model whose label loses along a slope."""
    p = 0.5 + 0.4 * np.tanh(((moves - 0.5) * slope).reshape(len(moves), -1).sum(axis=1)) + 0.05
    return np.stack([p, 1 - p], axis=1).astype(np.float32)


def steps(search: Any, slope: Array, count: int) -> tuple[list[Array], list[int]]:
    """The inputs that it steps to, and how many rows each request has."""
    playing = search(game_of(GREY, clean=(0.6, 0.4)))
    moves, found, rows = next(playing), list[Array](), list[int]()
    while len(found) < count:
        rows.append(len(moves))
        if len(moves) == 1:
            found.append(moves[0] - GREY.x)
        moves = playing.send(linear(moves, slope))
    return found, rows


def test_a_request_is_all_pairs_of_opposite_noise_and_then_one_row() -> None:
    slope = np.full(FREE.shape, 0.02, np.float32)
    first = next(Nes(samples=10, sigma=0.01)(game_of(GREY, clean=(0.6, 0.4)))) - GREY.x
    assert first[:5] == pytest.approx(-first[5:], abs=1e-6)
    assert float(first.std()) == pytest.approx(0.01, rel=0.1)
    assert steps(Nes(samples=10), slope, 3)[1] == [10, 1] * 3


def test_steps_go_down_the_slope_and_stay_within_the_radius() -> None:
    slope = np.random.default_rng(0).choice([-0.02, 0.02], FREE.shape).astype(np.float32)
    (first, *_, last), _ = steps(Nes(samples=400, eps=0.03), slope, 12)
    assert np.abs(first) == pytest.approx(np.full(FREE.shape, 0.01), rel=1e-3)
    assert np.mean(np.sign(first) == -np.sign(slope)) > 0.8
    assert np.mean(np.sign(last) == -np.sign(slope)) > 0.9
    assert np.abs(last).max() == pytest.approx(0.03, rel=1e-3)


@pytest.mark.parametrize(("momentum", "goes_on"), [(0.0, False), (0.9, True)])
def test_momentum_goes_on_where_no_noise_makes_a_difference(momentum: float, goes_on: bool) -> None:
    playing = Nes(samples=2, momentum=momentum)(game_of(GREY, clean=(0.6, 0.4)))
    next(playing)
    first = playing.send(np.array([[0.6, 0.4], [0.61, 0.39]], np.float32))[0] - GREY.x
    playing.send(np.array([[0.6, 0.4]], np.float32))
    second = playing.send(np.array([[0.6, 0.4], [0.6, 0.4]], np.float32))[0] - GREY.x
    assert np.abs(first) == pytest.approx(np.full(FREE.shape, 0.01), rel=1e-3)
    assert second == pytest.approx(first * (2 if goes_on else 1), abs=1e-6)


def test_a_loss_that_is_higher_than_four_steps_ago_halves_the_rate() -> None:
    playing = Nes(samples=2, eps=0.5)(game_of(GREY, clean=(0.6, 0.4)))
    next(playing)
    before, rates = GREY.x, list[float]()
    for label in (0.6, 0.6, 0.6, 0.6, *[0.7] * 7):
        row = playing.send(np.array([[label, 1 - label], [label + 0.01, 0.99 - label]], np.float32))[0]
        rates.append(float(np.abs(row - before).max()))
        before = row
        playing.send(np.array([[0.6, 0.4]], np.float32))
    assert rates == pytest.approx([0.01] * 4 + [0.005] * 7, rel=1e-3)


@pytest.mark.parametrize("spec", KINDS, ids=lambda s: "x".join(map(str, s.shape)))
def test_steps_are_within_the_limits_as_a_file_has_them(spec: InputSpec) -> None:
    limit = 0.03 * spec.span * float(np.sqrt(np.prod(spec.shape)))
    for change in changes(Nes(samples=2), spec, spread=0.5, max_l2=limit, budget=60)[2::3]:
        assert np.linalg.norm(change) <= limit + 1e-6
        assert np.abs(change).max() <= 0.03 * spec.span + 1e-6
    for change in changes(Nes(samples=2, eps=0.02), spec, spread=0.5, budget=60)[2::3]:
        assert np.abs(change).max() <= 0.02 * spec.span + 1e-6 * spec.span


def test_noise_in_8_bits_is_one_code_at_least() -> None:
    sample = Sample("grey", np.full(IMAGE.shape, 128 / 255, np.float32), 0, IMAGE)
    shown = next(Nes()(game_of(sample)))
    assert shown.dtype == np.uint8
    assert float((shown.astype(float) - 128).std()) == pytest.approx(np.sqrt(1 + 1 / 12), rel=0.05)


def test_every_row_is_counted_and_the_batch_changes_nothing() -> None:
    assert any(r.first for r in counted_for_any_batch(Nes(), (3, 64), budget=400))


def test_a_target_is_reached_or_not_but_never_another_class() -> None:
    reached = [r for r in play(Nes(eps=0.2), target=2, budget=900, count=6)[0] if r.first]
    assert reached
    assert all(r.first and r.first.predicted == 2 for r in reached)


def test_fewer_samples_than_a_pair_are_refused() -> None:
    assert sample_of().x.shape == IMAGE.shape
    for samples in (0, 3):
        with pytest.raises(ValueError, match="samples"):
            Nes(samples=samples)

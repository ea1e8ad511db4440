"""Ladders: gains are first-order falls, rungs are within their L2 and the best there, bisection is short."""

from typing import Any

import numpy as np
import pytest

from brittle.core.canvas import Canvas
from brittle.core.goal import Goal
from brittle.core.sample import Array, InputSpec, Sample
from brittle.searches.patchwork.geometry import Geometry
from brittle.searches.patchwork.ladder import Climb, Gains, Rung, between, climbed, scale_of, worn
from patchwork.test_patchwork import IMAGE, SPECS, canvas_of, model_of, sample_of
from toy_surrogates import ToyLead, ToySurrogate

HEIGHTS = (0.2, 0.4, 0.8)


def gains_of(
    spec: InputSpec, leads: int = 2, power: int = 2, **how: Any
) -> tuple[Gains, list[ToyLead], Sample]:
    sample = sample_of(spec)
    assert sample.label is not None
    board = canvas_of(sample)
    canvas = Canvas(sample, board.grid, board.palette, 0, power)
    made = [ToySurrogate(model_of(spec), 1.0, k).on(sample, Goal(sample.label)) for k in range(leads)]
    return Gains(canvas, made, Geometry(canvas).squares, Climb(**how)), made, sample


def overheard(lead: ToyLead, answer: Any, monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """The inputs that a lead is asked from now on. answer: what it says then."""
    seen: list[Array] = []

    def gradient(x: Array, rivals: Any) -> Any:
        seen.append(x[0].copy())
        return answer(x)

    monkeypatch.setattr(lead, "gradient", gradient)
    return seen


def rows_of(gains: Gains, count: int = 20) -> Any:
    shape = count, gains.squares.shape[1]
    return np.random.default_rng(2).integers(0, len(gains.squares), shape).astype(np.int16)


@SPECS
def test_gains_are_what_an_assignment_lowers_a_linear_function_by(spec: InputSpec) -> None:
    gains, _, sample = gains_of(spec)
    gradient = np.random.default_rng(1).normal(size=spec.shape).astype(np.float32)
    table, x = gains.of(gradient), np.empty(spec.shape, np.float32)
    assert table.shape == gains.squares.shape and not table[0].any()
    for row in rows_of(gains):
        gains.canvas.render(row, x)
        fall = float(((sample.x - x) * gradient).sum(dtype=np.float64))
        assert table[row, np.arange(len(row))].sum() == pytest.approx(fall, abs=1e-3 * spec.span)


def test_steps_sum_up_with_decay_and_come_back_from_their_shift() -> None:
    gains, leads, sample = gains_of(IMAGE, decay=0.5, shift=0.2, noise=0.0)
    row, rng = gains.canvas.blank(), np.random.default_rng(0)
    one = gains.after(np.zeros_like(gains.squares), row, [1], 0.0, (), rng)
    assert [lead.rows for lead in leads] == [0, 1]
    assert np.linalg.norm(one) > 0
    gains, leads, sample = gains_of(IMAGE, decay=0.5, shift=0.0)
    slope = leads[0].gradient(sample.x[None])[0]
    expected = gains.of(slope / np.linalg.norm(slope))
    three = gains.after(np.zeros_like(gains.squares), row, [0, 1, 0], 0.0, (), rng)
    assert three == pytest.approx(1.75 * expected, rel=1e-4, abs=1e-6)


def test_a_shift_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    gains, leads, sample = gains_of(IMAGE, shift=0.3)
    seen = overheard(leads[0], np.copy, monkeypatch)
    nothing, rng = np.zeros_like(gains.squares), np.random.default_rng(4)
    found = gains.after(nothing, gains.canvas.blank(), [0], 0.0, (), rng)
    assert not np.array_equal(seen[0], sample.x)
    assert found == pytest.approx(gains.of(sample.x / np.linalg.norm(sample.x)), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("power", [1, 2])
@SPECS
def test_rungs_rise_and_stay_within_their_l2(spec: InputSpec, power: int) -> None:
    gains, leads, _ = gains_of(spec, 2, power, first_steps=3, steps=2)
    scale = gains.canvas.l2(np.full(gains.squares.shape[1], 1, np.int16))
    heights = [share * scale for share in HEIGHTS]
    rungs = climbed(gains, heights, (), np.random.default_rng(0))
    assert len(rungs) >= 2 and [lead.rows for lead in leads] == [4, 3]
    for rung in rungs:
        height = min(h for h in heights if h > rung.l2)
        assert rung.l2 == pytest.approx(gains.canvas.l2(rung.row)) and 0.5 * height < rung.l2
        x = np.empty(spec.shape, np.float32)
        gains.canvas.render(rung.row, x)
        change = np.abs(x - gains.canvas.sample.x).astype(np.float64) ** power
        assert np.sqrt(change.sum()) == pytest.approx(rung.l2, rel=1e-3)
    assert [r.l2 for r in rungs] == sorted(r.l2 for r in rungs)


def test_surrogates_are_asked_at_the_rung_before_with_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    gains, leads, _ = gains_of(IMAGE, 1, shift=0.0, noise=0.25, first_steps=1, steps=1)
    seen = overheard(leads[0], leads[0].gradient, monkeypatch)
    first, second, _ = climbed(gains, HEIGHTS, (), np.random.default_rng(0))
    x = np.empty(IMAGE.shape, np.float32)
    for asked, row, height in zip(seen, (gains.canvas.blank(), first.row, second.row), HEIGHTS, strict=True):
        gains.canvas.render(row, x)
        assert np.linalg.norm(asked - x) == pytest.approx(0.25 * height, rel=1e-3)


def test_rungs_that_are_no_farther_are_left_out() -> None:
    gains, _, _ = gains_of(IMAGE, first_steps=2, steps=1)
    far = float(np.sqrt(gains.squares.max(axis=0).sum()))
    rungs = climbed(gains, [1e-9, far, 2 * far, 3 * far], (), np.random.default_rng(0))
    assert 1 <= len(rungs) <= 3 and len({rung.l2 for rung in rungs}) == len(rungs)


def test_what_is_worn_is_the_best_of_a_linear_model_within_its_l2() -> None:
    rng = np.random.default_rng(0)
    table = np.vstack([np.zeros(3), rng.normal(size=(2, 3))])
    squares = np.vstack([np.zeros(3), rng.uniform(0.1, 1, size=(2, 3))])
    every = np.array(np.meshgrid(*3 * [range(3)])).reshape(3, -1).T
    cost = np.array([squares[row, range(3)].sum() for row in every])
    worth = np.array([table[row, range(3)].sum() for row in every])
    for l2 in (0.3, 0.6, 0.9, 1.2, 5.0):
        row = worn(table, squares, l2)
        spent, gained = squares[row, range(3)].sum(), table[row, range(3)].sum()
        assert spent < l2**2 and row.dtype == np.int16
        assert gained == pytest.approx(worth[cost <= spent + 1e-12].max())  # nothing as near is worth more
    assert not worn(-np.abs(table), squares, 5.0).any()
    assert worn(table, squares, 5.0).tolist() == table.argmax(axis=0).tolist()


@pytest.mark.parametrize("count", [1, 2, 3, 11])
def test_bisection_finds_the_lowest_rung_that_flips(count: int) -> None:
    for lowest in range(count + 1):
        answers: dict[int, float] = {}
        while (rung := between(count, answers)) is not None:
            assert rung not in answers
            answers[rung] = -1.0 if rung >= lowest else 1.0
        assert len(answers) <= np.ceil(np.log2(count + 1))
        assert min((k for k, m in answers.items() if m < 0), default=count) == lowest
    assert between(0, {}) is None


def test_where_the_first_flip_ends_it_the_highest_rung_comes_first() -> None:
    assert between(11, {}, highest_first=True) == 10
    assert between(11, {10: 1.0}, highest_first=True) is None
    assert between(11, {10: -1.0}, highest_first=True) == 4


def test_the_scale_is_by_least_squares_and_never_below_zero() -> None:
    gains = np.array([[0.0, 0.0], [1.0, 2.0], [4.0, 4.0]])
    ladder = [Rung(np.array(row, np.int16), 1.0, gains) for row in ([1, 0], [1, 1], [2, 2])]
    drops = {0: 2.1, 1: 5.9, 2: 16.0}
    told = np.array([1.0, 3.0, 8.0])
    assert scale_of(gains, drops, ladder) == pytest.approx(
        np.linalg.lstsq(told[:, None], np.array(list(drops.values())))[0][0]
    )
    assert scale_of(gains, {0: -1.0, 1: -2.0}, ladder) == 0

"""Square through the referee: within its radius as a file has it, counted, seeded, and as its paper says."""

import sys
from typing import Any

import numpy as np
import pytest

from brittle.core.field import usual_l2
from brittle.core.goal import Goal
from brittle.core.result import Status
from brittle.core.sample import Array, InputSpec
from brittle.searches import open_search
from brittle.searches.square.search import SquareL2, SquareLinf
from whole_inputs import (
    IMAGE,
    KINDS,
    as_field,
    changes,
    counted_for_any_batch,
    game_of,
    plain,
    play,
    sample_of,
    told,
)

NAMES = ["square-l2", "square-linf"]
HOLDS, WORSE = (0.6, 0.3, 0.1), (0.8, 0.1, 0.1)


@pytest.mark.parametrize("spec", KINDS, ids=lambda s: "x".join(map(str, s.shape)))
def test_every_input_is_within_the_l2_limit_as_a_file_has_it(spec: InputSpec) -> None:
    limit = 6 * usual_l2(spec)
    shown = [float(np.linalg.norm(c)) for c in changes(SquareL2(), spec, spread=0.5, max_l2=limit, budget=60)]
    assert shown
    assert max(shown) <= limit
    middle = [float(np.linalg.norm(c)) for c in changes(SquareL2(), spec, 0.1, max_l2=limit, budget=60)]
    assert min(middle) > 0.98 * limit


@pytest.mark.parametrize("spec", KINDS, ids=lambda s: "x".join(map(str, s.shape)))
def test_every_input_is_within_the_linf_radius_and_the_l2_limit(spec: InputSpec) -> None:
    for max_l2 in (None, 0.02 * spec.span * float(np.sqrt(np.prod(spec.shape)))):
        radius = (8.4 / 255 if max_l2 is None else 0.02) * spec.span
        for change in changes(SquareLinf(eps=8.4 / 255), spec, spread=0.5, max_l2=max_l2, budget=60):
            assert np.abs(change).max() <= radius + 1e-6 * spec.span
            assert max_l2 is None or np.linalg.norm(change) <= max_l2 + 1e-6
            if spec.bits == 8:
                assert np.abs(change).max() == pytest.approx(
                    int(radius / spec.span * 255) / 255 * spec.span, rel=1e-4
                )


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_counted_and_the_batch_changes_nothing(name: str) -> None:
    assert any(r.first for r in counted_for_any_batch(open_search(name)))


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_at_its_first_flip(name: str) -> None:
    results, _, _ = play(open_search(name), closest=True)
    flipped = [r for r in results if r.first]
    assert flipped
    assert all(r.first == r.closest and r.queries == r.first.query + 1 for r in flipped if r.first)


@pytest.mark.parametrize("name", NAMES)
def test_a_target_is_reached_or_not_but_never_another_class(name: str) -> None:
    results, _, _ = play(open_search(name), target=2, budget=400, count=6, max_l2=2.0)
    reached = [r for r in results if r.status is Status.FLIPPED]
    assert reached
    assert all(r.first and r.first.predicted == 2 for r in reached)


@pytest.mark.parametrize("name", NAMES)
def test_no_extra_is_needed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "art", None)
    assert plain(play(open_search(name), count=1)[0])


def test_the_first_input_shown_is_the_start_whatever_the_answer() -> None:
    sample = sample_of()
    for search in (SquareL2(eps=1.0), SquareLinf()):
        start = search.squares(game_of(sample)).start(np.random.default_rng(0))
        shown = search.squares(game_of(sample)).shown(start)
        assert np.array_equal(told(search, [], game_of(sample))[0], shown)


@pytest.mark.parametrize("search", [SquareL2(eps=1.0), SquareLinf()], ids=NAMES)
def test_a_candidate_is_kept_if_it_lowers_the_loss_and_only_then(search: Any) -> None:
    sample = sample_of()

    def differing(moves: list[Array], one: int, other: int) -> float:
        """The share of elements in which two of the inputs shown differ by more than rounding."""
        x = [as_field(IMAGE, m).astype(np.float32) / (255 if m.dtype == np.uint8 else 1) for m in moves]
        return float((np.abs(x[one] - x[other]) > 1.5 / 255).any(axis=0).mean())

    refused = told(search, [HOLDS, *[WORSE] * 12], game_of(sample))
    one_step = max(differing(refused, 0, k) for k in range(1, 13))
    assert 0 < one_step < 0.3
    kept = told(
        search, [HOLDS, *[(0.6 - k / 100, 0.3 + k / 100, 0.1) for k in range(1, 13)]], game_of(sample)
    )
    assert differing(kept, 0, 12) > 1.8 * one_step
    assert max(differing(kept, k, k + 1) for k in range(12)) <= 1.1 * one_step


@pytest.mark.parametrize("search", [SquareL2(eps=1.0), SquareLinf()], ids=NAMES)
def test_a_target_is_sought_by_its_cross_entropy(search: Any) -> None:
    sample, goal = sample_of(), Goal(0, target=2)
    nearer, farther = (0.7, 0.1, 0.2), (0.4, 0.45, 0.15)  # by margin the second is as good as it gets
    clean = (0.8, 0.1, 0.1)

    def after(answers: Any) -> Array:
        return told(search, answers, game_of(sample, goal, clean))[-1]

    assert not np.array_equal(after([clean, nearer]), after([clean, clean]))  # kept: its target gained
    assert not np.array_equal(after([farther, nearer, clean]), after([farther, clean, clean]))
    assert np.array_equal(after([farther, (0.3, 0.55, 0.15)]), after([farther, (0.85, 0.1, 0.05)]))


def test_the_radius_is_the_limit_or_as_ripples() -> None:
    spec = InputSpec((12, 500), ("channel", "time"), (-2.0, 2.0))
    sample = sample_of(0, spec)
    assert SquareL2().squares(game_of(sample)).radius == usual_l2(spec)
    assert SquareL2().squares(game_of(sample, max_l2=0.4)).radius == 0.4
    assert SquareL2(eps=0.3).squares(game_of(sample, max_l2=0.4)).radius == 0.3
    assert SquareL2(eps=0.5).squares(game_of(sample, max_l2=0.4)).radius == 0.4
    assert SquareLinf().squares(game_of(sample)).radius == pytest.approx(8 / 255 * 4)


def test_a_linf_radius_below_one_code_is_refused_with_one_line() -> None:
    results, _, _ = play(SquareLinf(eps=0.5 / 255))
    assert {r.status for r in results} == {Status.FAILED}
    assert "at least 0.00392157, one step of its 8 bits" in results[0].message

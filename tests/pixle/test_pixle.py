"""Pixle through the referee: pixels of a patch at other places, the best of many kept."""

from typing import Any

import numpy as np
import pytest

from brittle.core.goal import Goal
from brittle.core.sample import Array, InputSpec, Sample
from brittle.searches.pixle import Pixle
from whole_inputs import (
    IMAGE,
    KINDS,
    as_field,
    changes,
    counted_for_any_batch,
    game_of,
    play,
    sample_of,
    told,
)

CLEAN, BETTER, BEST, WORSE = (0.6, 0.3, 0.1), (0.5, 0.4, 0.1), (0.45, 0.44, 0.11), (0.8, 0.1, 0.1)


def numbered() -> Sample:
    """An image in which every pixel has a colour of its own."""
    codes = np.stack(
        [np.arange(256).reshape(16, 16), np.arange(256).reshape(16, 16)[::-1], np.zeros((16, 16))]
    )
    return Sample("numbered", IMAGE.decode(codes.astype(np.uint8)), 0, IMAGE)


def touched(x: Array, y: Array) -> Any:
    """Where two inputs differ, as (n, 2)."""
    return np.argwhere((np.abs(x - y) > 1e-6).any(axis=0))


def test_what_is_new_are_the_pixels_of_one_patch() -> None:
    sample = numbered()
    pixels = {tuple(p) for p in sample.x.reshape(3, -1).T}
    sizes = set[tuple[int, int]]()
    for shown in told(Pixle(tries=1000), [WORSE] * 60, game_of(sample, clean=CLEAN)):
        places = touched(shown, sample.x)
        codes = np.array([IMAGE.encode(shown)[0, *place] for place in places]).astype(int)
        rows, columns = codes // 16, codes % 16
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert {tuple(p) for p in shown.reshape(3, -1).T} <= pixels
        assert 1 <= len(places) <= 100 and height <= 10 and width <= 10
        sizes.add((height, width))
    assert max(h for h, _ in sizes) > 7 and min(w for _, w in sizes) < 4


def test_the_best_of_a_round_is_kept_if_it_helps_and_not_before_its_end() -> None:
    sample = numbered()
    answers = [WORSE, BETTER, BEST, BETTER, WORSE, WORSE]
    shown = told(Pixle(tries=4, greatest_side=3), answers, game_of(sample, clean=CLEAN))
    assert all(len(touched(x, sample.x)) <= 9 for x in shown[:4])
    assert all(len(touched(x, shown[2])) <= 9 for x in shown[4:])
    assert len(touched(shown[4], sample.x)) > len(touched(shown[4], shown[2]))
    refused = told(
        Pixle(tries=2, greatest_side=3), [WORSE, WORSE, WORSE, CLEAN], game_of(sample, clean=CLEAN)
    )
    assert all(len(touched(x, sample.x)) <= 9 for x in refused)


@pytest.mark.parametrize("spec", KINDS, ids=lambda s: "x".join(map(str, s.shape)))
def test_it_plays_inputs_of_any_kind_within_the_limit(spec: InputSpec) -> None:
    limit = 1.5 * spec.span
    lengths = [np.linalg.norm(c) for c in changes(Pixle(), spec, max_l2=limit)]
    assert lengths and max(lengths) <= limit
    x = as_field(spec, sample_of(0, spec).x)
    known = {tuple(pixel) for pixel in x.reshape(len(x), -1).T}
    for change in changes(Pixle(), spec, budget=10):
        shown = as_field(spec, sample_of(0, spec).x + change)
        assert all(
            np.abs(np.array(list(known)) - p).max(axis=1).min() < 1e-5 for p in shown.reshape(len(x), -1).T
        )


def test_it_ends_where_every_copy_is_too_far() -> None:
    results, _, _ = play(Pixle(), max_l2=1e-4, budget=50)
    assert all(r.queries < 50 and not r.first for r in results)


def test_every_row_is_counted_and_the_batch_changes_nothing() -> None:
    one = counted_for_any_batch(Pixle(tries=5))
    assert any(r.first and r.queries == r.first.query + 1 for r in one)


def test_a_target_is_reached_or_not_but_never_another_class() -> None:
    reached = [r for r in play(Pixle(tries=10), target=2, budget=900, count=6)[0] if r.first]
    assert reached
    assert all(r.first and r.first.predicted == 2 for r in reached)


def test_a_target_is_sought_by_its_own_probability() -> None:
    sample, goal = numbered(), Goal(0, target=2)
    search = Pixle(tries=1, greatest_side=2)
    gained = told(search, [(0.7, 0.1, 0.2), WORSE], game_of(sample, goal, clean=WORSE))
    assert len(touched(gained[2], gained[0])) <= 4 < len(touched(gained[2], sample.x))
    lost = told(search, [(0.4, 0.52, 0.08), WORSE], game_of(sample, goal, clean=WORSE))
    assert len(touched(lost[2], sample.x)) <= 4

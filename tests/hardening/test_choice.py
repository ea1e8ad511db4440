"""Which place on the line of weights is taken."""

from math import nan

import numpy as np
import pytest

from brittle.hardening.records import HardeningTask, Point

pytest.importorskip("torch")

from brittle.hardening.choice import best_of, line_of, measure
from brittle.hardening.lost import lost_at_most, lost_points, samples_to_keep
from brittle.hardening.weights import between, load_weights, weights_of

ORIGINAL = Point(nan, 0.80, 0.0, 0.0, 1.0)


def line(*rows: tuple[float, float, float]) -> list[Point]:
    """Of accuracy, lost_at_most and distance, evenly spaced."""
    return [Point(k / (len(rows) - 1), c, 0.0, most, d) for k, (c, most, d) in enumerate(rows)]


def test_the_farthest_that_keeps_enough() -> None:
    made_up = line((0.85, 0.1, 1.2), (0.85, 0.3, 1.5), (0.84, 0.5, 1.4), (0.80, 4.0, 2.0))
    best = best_of(made_up, ORIGINAL, 0.5)
    assert best is made_up[1]
    assert best_of(made_up, ORIGINAL, 5.0) is made_up[3]


def test_none_where_none_keeps_enough_or_brings_anything() -> None:
    assert best_of(line((0.85, 0.1, 1.2), (0.84, 0.6, 1.9)), ORIGINAL, 0.5) is None
    assert best_of(line((0.85, 0.1, 1.2), (0.85, 0.1, 1.1)), ORIGINAL, 0.5) is None
    assert best_of(line((0.70, 9.0, 0.5), (0.80, 0.1, 0.9)), ORIGINAL, 0.5) is None


def test_a_control_worse_than_the_original_is_no_rival() -> None:
    made_up = line((0.79, 0.1, 1.6), (0.80, 0.1, 1.5))
    assert best_of(made_up, ORIGINAL, 0.5) is made_up[1]


def test_lost_points_are_paired() -> None:
    before = np.repeat([True, False], [900, 100])
    now = before.copy()
    assert lost_points(before, now)[0] == 0 and 0 < lost_points(before, now)[1] < 0.3
    now[:20], now[-5:] = False, True
    lost, at_most = lost_points(before, now)
    assert lost == pytest.approx(1.5) and 2.3 < at_most < 2.6


def test_how_many_samples_show_that_enough_is_kept() -> None:
    needed = samples_to_keep(0.5)
    assert needed == 553 and lost_at_most(553, 0, 0) <= 0.5 < lost_at_most(552, 0, 0)
    same = np.ones(553, bool)
    assert lost_points(same, same)[1] <= 0.5 < lost_points(same[1:], same[1:])[1]
    more = samples_to_keep(0.5, lost=0.01, won=0.01) or 0
    assert lost_at_most(more, 0.01 * more, 0.01 * more) <= 0.5 and more > 5 * needed
    assert samples_to_keep(0.5, lost=0.02) is None and samples_to_keep(0.0) is None


def test_the_ends_of_the_line_are_the_trained_weights(task: HardeningTask) -> None:
    control = weights_of(task.module)
    hardened = {name: w * w.dtype.type(0.5) for name, w in control.items()}
    original = measure(task.logits, task.choose)
    found = line_of(task, control, hardened, original)
    assert [point.share for point in found] == pytest.approx([k / 10 for k in range(11)])
    assert found[0].clean == original.clean and found[0].distance == original.distance
    load_weights(task.module, hardened)
    assert measure(task.logits, task.choose).distance == pytest.approx(found[-1].distance, rel=1e-5)
    assert all(np.array_equal(w, control[name]) for name, w in between(control, hardened, 0.0).items())

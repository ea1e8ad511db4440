"""What counts as a flip."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.goal import Goal

ANSWERS = st.lists(st.floats(2**-20, 1.0, width=32), min_size=4, max_size=4).map(
    lambda p: np.array([p], np.float32) / np.float32(sum(p))
)


@given(ANSWERS, st.integers(0, 3))
def test_untargeted_flips_exactly_when_another_class_is_greater(p: np.ndarray, label: int) -> None:
    others = np.delete(p[0], label)
    assert Goal(label).flipped(p)[0] == bool(others.max() > p[0, label])


@given(ANSWERS, st.integers(0, 3), st.integers(0, 3))
def test_targeted_flips_exactly_when_the_target_is_greatest(p: np.ndarray, label: int, target: int) -> None:
    others = np.delete(p[0], target)
    assert Goal(label, target).flipped(p)[0] == bool(p[0, target] > others.max())


@given(ANSWERS, st.integers(0, 3), st.integers(1, 3))
def test_top_k_flips_exactly_when_k_classes_are_greater(p: np.ndarray, label: int, k: int) -> None:
    greater = int((np.delete(p[0], label) > p[0, label]).sum())
    assert Goal(label, k=k).flipped(p)[0] == (greater >= k)


def test_margin_is_the_log_odds_and_survives_saturation() -> None:
    p = np.array([[0.8, 0.2, 0.0], [1.0, 1e-20, 0.0], [1.0, 1e-22, 0.0]], np.float32)
    margins = Goal(0).margin(p)
    assert margins[0] == pytest.approx(np.log(4), abs=1e-6)
    assert margins[1] < margins[2]


def test_a_tie_is_no_flip() -> None:
    assert not Goal(0).flipped(np.array([[0.5, 0.5]], np.float32))[0]

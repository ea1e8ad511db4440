"""How far corruptions must go for the error of a hard set."""

import numpy as np
import pytest

from hard_sets import Curve

ALL = np.arange(2)


def curve(wrong: list[float], far: list[float]) -> Curve:
    return Curve(*(np.repeat(np.array(of)[:, None], 2, axis=1) for of in (wrong, far, [1 - d for d in far])))


def test_between_two_stages_it_is_a_straight_line() -> None:
    far, like = curve([0, 0.2, 0.6], [0, 10, 20]).reaching(0.4, ALL)
    assert far == pytest.approx(15) and like == pytest.approx(-14)


def test_a_farther_stage_of_less_error_counts_as_the_nearer_one() -> None:
    assert curve([0, 0.5, 0.1, 0.7], [0, 10, 20, 30]).reaching(0.6, ALL)[0] == pytest.approx(25)


def test_stages_are_taken_by_distance() -> None:
    assert curve([0, 0.8, 0.4], [0, 20, 10]).reaching(0.4, ALL)[0] == pytest.approx(10)


def test_what_is_never_reached_is_infinitely_far() -> None:
    assert np.isinf(curve([0, 0.5], [0, 10]).reaching(0.6, ALL)[0])


def test_photos_are_weighed_as_they_are_drawn() -> None:
    one = Curve(np.array([[0, 0], [1.0, 0]]), np.array([[0, 0], [10.0, 30]]), np.ones((2, 2)))
    assert one.reaching(0.5, np.array([0, 0]))[0] == pytest.approx(5)

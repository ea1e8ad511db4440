"""How far corruptions must go for the error of a hard set, and what is counted as one."""

import numpy as np
import pytest

from hard_study import Column, Values, mean
from hard_tables import POOLED, Curve, difference, rates

ONE = np.ones((1, 2))
"""Two photos, both once."""


def stage(wrong: float, far: float, photos: int = 2) -> Column:
    return Column(np.full((photos, 1), wrong), np.full(photos, far), np.full(photos, 1 - far / 100))


def reaching(error: float, *stages: Column, weights: Values = ONE) -> tuple[float, float]:
    far, like = Curve.of(stages, POOLED, weights).reaching(np.array([error]))
    return far[0], like[0]


def test_between_two_stages_it_is_a_straight_line() -> None:
    far, like = reaching(0.4, stage(0.2, 10), stage(0.6, 20))
    assert far == pytest.approx(15) and like == pytest.approx(0.85)


def test_a_farther_stage_of_less_error_counts_as_the_nearer_one() -> None:
    assert reaching(0.6, stage(0.5, 10), stage(0.1, 20), stage(0.7, 30))[0] == pytest.approx(25)


def test_stages_are_taken_by_distance() -> None:
    assert reaching(0.4, stage(0.8, 20), stage(0.4, 10))[0] == pytest.approx(10)


def test_what_is_never_reached_is_infinitely_far() -> None:
    assert np.isinf(reaching(0.6, stage(0.5, 10))[0])


def test_photos_are_weighed_as_they_are_drawn() -> None:
    one = Column(np.array([[1.0], [0]]), np.array([10.0, 30]), np.ones(2))
    assert reaching(0.5, one, weights=np.array([[2.0, 0]]))[0] == pytest.approx(5)


def test_the_error_at_an_ssim_lies_between_stages() -> None:
    curve = Curve.of([stage(0.2, 10), stage(0.6, 20)], POOLED, ONE)
    assert curve.at_ssim(np.array([0.85])) == pytest.approx(0.4)
    assert curve.at_ssim(np.array([0.1])) == pytest.approx(0.6)


def test_every_family_counts_alike_over_the_photos_that_it_is_asked() -> None:
    wrong = np.array([[1.0, np.nan], [0, np.nan], [0, 1], [1, 1]])
    assert rates(wrong, np.ones((1, 4)))[0] == pytest.approx([0.5, 1])
    assert difference(wrong, np.zeros_like(wrong)).startswith("75 ")


def test_a_mean_is_of_those_that_have_a_photo() -> None:
    one = Column(np.array([[1.0], [np.nan]]), np.array([4.0, np.nan]), np.array([0.9, np.nan]))
    other = Column(np.array([[0.0], [np.nan]]), np.array([2.0, np.nan]), np.array([0.7, np.nan]))
    found = mean([one, other])
    assert found.wrong[0, 0] == pytest.approx(0.5) and np.isnan(found.wrong[1, 0])
    assert found.l2[0] == pytest.approx(3) and found.ssim[0] == pytest.approx(0.8)

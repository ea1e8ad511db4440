"""The bandit: an arm is drawn as often as it is likely to be the best one."""

import numpy as np
import pytest

from brittle.searches.ripple.bandit import bandit, best_of
from brittle.searches.ripple.decisions import CLIMB, FOLLOW, INDEX, LEAP
from brittle.searches.ripple.guided_state import no_record

ALL = np.ones(len(INDEX), bool)


def test_the_odds_are_those_of_drawing_from_every_posterior() -> None:
    means, deviations = np.array([0.0, 0.5, 0.3]), np.array([1.0, 0.5, 0.05])
    drawn = np.random.default_rng(0).normal(means, deviations, (200_000, 3)).argmax(axis=1)
    expected = np.bincount(drawn) / len(drawn)
    assert best_of(means, deviations, np.ones(3, bool)) == pytest.approx(expected, abs=0.01)


def test_what_cannot_be_made_is_not_drawn() -> None:
    may = ALL.copy()
    may[[INDEX[LEAP], INDEX[FOLLOW]]] = False
    odds = bandit(no_record(), may)
    assert np.array_equal(odds > 0, may) and odds.sum() == pytest.approx(1)
    assert np.ptp(odds[may]) < 1e-9  # nothing is known of any


def test_it_goes_to_what_wins_and_away_from_what_wins_no_more() -> None:
    record = no_record()
    for _ in range(6):
        record = record.after(INDEX[FOLLOW], 0.4).after(INDEX[LEAP], 0.0).after(INDEX[CLIMB], 0.0)
    odds = bandit(record, ALL)
    assert odds.argmax() == INDEX[FOLLOW] and odds[INDEX[FOLLOW]] > 5 * odds[INDEX[LEAP]]
    for _ in range(25):
        record = record.after(INDEX[FOLLOW], 0.0)
    assert bandit(record, ALL)[INDEX[FOLLOW]] < odds[INDEX[FOLLOW]] / 3

"""The view of a game with surrogates: bounded, and the same however many surrogates there are."""

from dataclasses import replace

import numpy as np
import pytest

from brittle.agent.network import FEATURE_LIMIT, fresh, shape_of
from brittle.searches.ripple.decisions import DECISIONS, LEAP_TRUSTED
from brittle.searches.ripple.state import OPERATORS
from guided_games import play_of, states


@pytest.mark.parametrize("leads", [1, 2, 4])
def test_it_has_one_shape_and_is_finite_and_bounded(leads: int) -> None:
    play = play_of("open", leads)
    network = fresh(shape_of(play), 0)
    for state in states(play, 30):
        view = play.observe(state)
        assert view.operators.shape == (len(OPERATORS) + len(DECISIONS), 8) and view.world.shape == (24,)
        assert np.isfinite(view.world).all() and np.isfinite(view.operators).all()
        assert np.abs(view.world[12:]).max() <= 2 * FEATURE_LIMIT
    assert np.array_equal(network(play.operators, view, play.moves(state)), play.moves(state))


def test_the_schedule_shows_agents_what_it_always_did() -> None:
    play = play_of("schedule")
    for state in states(play, 10):
        view, alone = play.observe(state), play.ripple.observe(state.ripple)
        assert np.array_equal(view.world, alone.world) and np.array_equal(view.operators, alone.operators)


def test_it_says_what_a_decision_brought_and_whom_to_trust() -> None:
    play = play_of("open")
    row = len(OPERATORS) + list(DECISIONS).index(LEAP_TRUSTED)
    before = play.observe(play.start)
    assert not before.world[12:].any() or before.world[14] == 1  # nothing but the rows that are left
    helped, refused = (states(play, 2, margin)[1] for margin in (play.clean / 2, play.clean))
    seen = [play.observe(state) for state in (helped, refused)]
    won, tried, _, ratio, _ = (seen[0].operators - seen[1].operators)[len(OPERATORS), -5:]
    assert won > 1 and tried == 0 and ratio > 0
    trust = play.start.trust.after(True, np.array([9.0, 3.0]), 2.0)
    told = play.observe(replace(play.start, trust=trust)).operators
    assert told[row, -2] == pytest.approx(2 / 3)
    assert told[len(OPERATORS), -2] == pytest.approx((2 / 3 + 2 / 9) / 2)

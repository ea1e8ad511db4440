"""Who decides with surrogates: the schedule as it always was, room for an agent, and the limit of rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from brittle.searches.ripple.decisions import CLIMB, DECISIONS, FOLLOW, INDEX, LEAPS, STEPS
from brittle.searches.ripple.guided import GuidedPlay
from brittle.searches.ripple.state import OPERATORS
from guided_games import play_of, states


def by_hand(play: GuidedPlay, state: Any) -> Any:
    """The odds of ripple with surrogates as first written: of ripple's operators, leaps and follows."""
    tuning, alone = play.tuning, play.ripple.moves(state.ripple)
    if state.best_l2 == np.inf and state.leaps < 6:
        return 0 * alone, (0, 0, 1, 0, 2, 0)[state.leaps], 0.0
    weight = 4.0 * max(0.05, state.credit)
    share = (
        0.0
        if state.follows >= tuning.most_follows or not state.ripple.current.any()
        else weight / (1 + weight)
    )
    return alone * (1 - share), None, share


def test_the_schedule_is_the_hand_made_player_bit_by_bit() -> None:
    play = play_of("schedule")
    for state in states(play, 40):
        odds, (alone, leap, share) = play.moves(state), by_hand(play, state)
        assert np.array_equal(odds[: len(OPERATORS)], alone)
        for name, decided in zip(DECISIONS, odds[len(OPERATORS) :], strict=True):
            expected = 1.0 if leap is not None and name == LEAPS[leap] else share if name == FOLLOW else 0.0
            assert np.all(decided == expected / decided.size)


def test_every_decision_that_can_be_made_is_open_to_an_agent() -> None:
    play = play_of("open")
    first, *later = states(play, 60)
    shares = play.moves(first)[len(OPERATORS) :].sum(axis=(1, 2))
    anew = np.array([d.anew for d in DECISIONS.values()])
    assert np.array_equal(shares > 0, anew) and shares[0] > 0.8
    for state in later:
        odds = play.moves(state)
        assert odds.sum() == pytest.approx(1) and odds[: len(OPERATORS)].sum() > 0
        if state.ripple.current.any() and state.rows + max(STEPS) <= play.tuning.most_rows:
            assert np.all(odds[len(OPERATORS) :].sum(axis=(1, 2)) > 0.01)


@pytest.mark.parametrize("trust", ["open", "bandit"])
def test_no_game_takes_more_rows_than_the_schedule_may(trust: str) -> None:
    play = play_of(trust)
    state = replace(states(play, 2)[1], record=replace(play.start.record, tried=np.full(len(INDEX), 4.0)))
    tuning = replace(play.tuning, most_rows=state.rows + 18)
    shares = play._decider(state, tuning)
    assert np.array_equal(shares[1:] > 0, np.array(STEPS) <= 18) and shares.sum() == pytest.approx(1)
    spent = play._decider(state, replace(tuning, most_rows=state.rows))
    assert spent[INDEX[CLIMB]] == pytest.approx(1)


def test_the_bandit_leaves_surrogates_that_lie() -> None:
    play = play_of("bandit", share=-1.0)
    last = states(play, 60)[-1]
    assert last.record.tried[INDEX[CLIMB]] > 15  # of 59; alike it would be seven or eight


def test_leaps_end_with_the_first_flip() -> None:
    play = play_of("open", closest=True)
    flipped = states(play, 3, margin=-1.0)[-1]
    anew = np.array([d.anew for d in DECISIONS.values()])
    assert np.array_equal(play.moves(flipped)[len(OPERATORS) :].sum(axis=(1, 2)) > 0, ~anew)

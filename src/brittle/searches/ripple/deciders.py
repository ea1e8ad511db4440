"""Who decides between leaps, follows and ripple's climb: a schedule, or one that leaves room for an agent.

A decider gives the odds of the climb and of every decision, (1 + decisions,), which sum to 1.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from brittle.searches.ripple.bandit import bandit
from brittle.searches.ripple.decisions import CLIMB, FOLLOW, INDEX, LEAPS, STEPS
from brittle.searches.ripple.guided_state import GUIDED, GuidedState, GuidedTuning

Shares = NDArray[np.float64]
Decider = Callable[[GuidedState, GuidedTuning], Shares]


def schedule(state: GuidedState, tuning: GuidedTuning = GUIDED) -> Shares:
    """Leaps first; then the climb, and a follow by its credit."""
    shares = np.zeros(len(INDEX))
    if state.best_l2 == np.inf and state.leaps < len(tuning.ranks):
        shares[INDEX[LEAPS[tuning.ranks[state.leaps]]]] = 1
        return shares
    weight = tuning.follow_weight * max(tuning.least_credit, state.credit)
    if state.follows >= tuning.most_follows or not state.ripple.current.any():
        weight = 0.0
    shares[INDEX[FOLLOW]] = weight / (1 + weight)
    shares[INDEX[CLIMB]] = 1 - shares[INDEX[FOLLOW]]
    return shares


def open_schedule(state: GuidedState, tuning: GuidedTuning = GUIDED) -> Shares:
    """The schedule, and a share that all decisions have alike: the odds that an agent corrects."""
    may = affordable(state, tuning)
    planned = schedule(state, tuning) * may
    planned = planned / planned.sum() if planned.any() else may / may.sum()
    return np.asarray((1 - tuning.open_share) * planned + tuning.open_share * may / may.sum())


def thompson(state: GuidedState, tuning: GuidedTuning = GUIDED) -> Shares:
    """A bandit over all decisions, which begins with the leap that the schedule begins with."""
    if not state.record.tried.any():
        return schedule(state, tuning)
    return bandit(state.record, affordable(state, tuning))


def affordable(state: GuidedState, tuning: GuidedTuning) -> NDArray[np.bool_]:
    """Which decisions can be made within the rows of surrogates that a game has, (1 + decisions,)."""
    return state.may & (state.rows + np.array([0, *STEPS]) <= tuning.most_rows)


DECIDERS: Mapping[str, Decider] = MappingProxyType(
    {"schedule": schedule, "bandit": thompson, "open": open_schedule}
)

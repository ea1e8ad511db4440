"""What searches after a paper bring down: the numbers that their authors compare candidates by."""

import numpy as np
from numpy.typing import NDArray

from brittle.core.goal import Goal
from brittle.core.sample import Array

LEAST = 1e-30  # probability that is told from none


def label_odds(goal: Goal, answers: Array) -> NDArray[np.float64]:
    """The label's log-odds against all others, or minus the target's; nats, (n, classes) -> (n,).

    It falls as the label's probability does, and also where that is rounded to 1.
    """
    own = goal.label if goal.target is None else goal.target
    others = answers.astype(np.float64)
    others[:, own] = 0
    odds = np.log(np.maximum(answers[:, own], LEAST)) - np.log(np.maximum(others.sum(axis=1), LEAST))
    return np.asarray(odds if goal.target is None else -odds, np.float64)


def cross_entropy(goal: Goal, answers: Array) -> NDArray[np.float64]:
    """The target's cross-entropy, or the label's with its sign changed, nats, (n, classes) -> (n,)."""
    own = goal.label if goal.target is None else goal.target
    logs = np.log(np.maximum(answers[:, own], LEAST), dtype=np.float64)
    return np.asarray(logs if goal.target is None else -logs, np.float64)

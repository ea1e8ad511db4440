"""A bandit that learns within one game which decision wins most of the open margin a row.

Thompson sampling (Biometrika 1933) with a normal posterior for each arm: an arm is drawn as often as it is
the best one in a draw from all posteriors (Russo et al., "A Tutorial on Thompson Sampling", 2018, section 3).
"""

from math import erf

import numpy as np
from numpy.typing import NDArray

from brittle.searches.ripple.guided_state import Record

PRIOR_MEAN = 0.05  # share of the open margin that a row is expected to win
PRIOR_ROWS = 1.0  # that this is worth
DEVIATION = 0.05  # of what one row wins
MOST_ROWS = 9.0  # that a mean is worth: the record forgets
GRID = np.linspace(-4, 4, 81)  # standard deviations around a posterior's mean


def bandit(record: Record, may: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Probability that each decision is the best one, (1 + decisions,); 0 for those that cannot be made."""
    heard = np.minimum(record.tried, MOST_ROWS)
    rows = heard + PRIOR_ROWS
    means = (PRIOR_MEAN * PRIOR_ROWS + heard * record.won) / rows
    return best_of(means, DEVIATION / np.sqrt(rows), may)


def best_of(
    means: NDArray[np.float64], deviations: NDArray[np.float64], may: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Probability that each of these normal variables is the greatest one, among those that may be."""
    best = np.zeros(len(means))
    for i in np.flatnonzero(may):
        x = means[i] + deviations[i] * GRID
        density = np.exp(-0.5 * GRID**2)
        for j in np.flatnonzero(may):
            if j != i:
                density = density * _below((x - means[j]) / deviations[j])
        best[i] = density.sum()
    return np.asarray(best / best.sum())


def _below(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard normal distribution function."""
    return np.array([(1 + erf(v / np.sqrt(2))) / 2 for v in x])

"""95 % intervals: Wilson for a share, bootstrap for means and medians."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
RESAMPLES = 2000
VALUES_AT_ONCE = 1_000_000

Statistic = Callable[..., NDArray[Any]]


@dataclass(frozen=True)
class Interval:
    """Where a value lies with 95 % confidence."""

    low: float
    high: float

    def to_list(self) -> list[float]:
        """[low, high], for JSON."""
        return [self.low, self.high]


def wilson(hits: int, trials: int) -> Interval | None:
    """Wilson's score interval (1927) of hits / trials; None without trials."""
    if trials == 0:
        return None
    share, z2 = hits / trials, Z * Z
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z * sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials)) / (1 + z2 / trials)
    # The exact ends are 0 and 1 there; floats may miss them by one unit.
    low = 0.0 if hits == 0 else centre - half
    high = 1.0 if hits == trials else centre + half
    return Interval(low, high)


def bootstrap(values: NDArray[np.float64], statistic: Statistic, rng: np.random.Generator) -> Interval | None:
    """Percentile bootstrap of a statistic that takes `axis` (np.mean, np.median); None below two values."""
    if len(values) < 2:
        return None
    at_once = max(1, VALUES_AT_ONCE // len(values))
    found = []
    for start in range(0, RESAMPLES, at_once):
        rows = min(at_once, RESAMPLES - start)
        drawn = values[rng.integers(len(values), size=(rows, len(values)))]
        found.append(statistic(drawn, axis=1))
    low, high = np.quantile(np.concatenate(found), [0.025, 0.975])
    return Interval(float(low), float(high))

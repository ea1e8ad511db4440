"""95 % intervals: Wilson and Newcombe for shares, order statistics for medians, bootstrap-t for means.

How often they hold the truth on skewed, discrete and paired values is simulated in docs/results/coverage.md.
"""

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
import scipy
from numpy.typing import NDArray

Z = 1.959963984540054
TAIL = 0.025
FEWEST = 8
"""Of fewer values there is no interval: what befalls a quarter of all samples befalls none of 8 with
probability 0.75^8 = 0.10, none of 5 with 0.24, and no interval of a mean can know of what was never seen."""
WIDEST = 3
"""How often the bootstrap may stretch Student's interval: resamples without the outlier know no end."""
RESAMPLES = 2000
VALUES_AT_ONCE = 1_000_000
TINY = 1e-9  # in place of the standard error of a resample of one value

Values = NDArray[np.float64]


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


def newcombe(both: int, ours: int, theirs: int, neither: int) -> Interval | None:
    """Interval of a difference of two shares of the same samples, ours minus theirs; None without samples.

    both, ours, theirs, neither: samples that count on both sides, on ours only, on theirs only, on none.
    Wilson's intervals, squared and added, less what the two sides have in common (Newcombe, Statistics in
    Medicine 17:2635, 1998, method 10). Sides that agree on every sample have an interval around 0.
    """
    trials = both + ours + theirs + neither
    one, other = wilson(both + ours, trials), wilson(both + theirs, trials)
    if one is None or other is None:
        return None
    p, q = (both + ours) / trials, (both + theirs) / trials
    agreement = float(both * neither - ours * theirs)
    if agreement > 0:
        agreement = max(agreement - trials / 2, 0.0)
    scale = sqrt((both + ours) * (theirs + neither) * (both + theirs) * (ours + neither))
    phi = agreement / scale if scale else 0.0

    def joined(a: float, b: float) -> float:
        return sqrt(max(a * a - 2 * phi * a * b + b * b, 0.0))

    return Interval(
        p - q - joined(p - one.low, other.high - q),
        p - q + joined(one.high - p, q - other.low),
    )


def mcnemar(ours: int, theirs: int) -> float:
    """p of McNemar's exact test (1947), two-sided: how likely chance alone tells two sides so far apart.

    ours, theirs: samples that count on one side only; under chance these are binomial (ours + theirs, 1/2).
    """
    return min(1.0, 2 * float(scipy.special.bdtr(min(ours, theirs), ours + theirs, 0.5)))


def median_interval(values: Values) -> Interval | None:
    """The closest symmetric order statistics that hold the median; None below FEWEST values.

    Of n values the r-th smallest and the r-th greatest hold the median of any distribution, ties and all,
    with a probability of at least 1 - 2 P(X < r), X binomial (n, 1/2); r is the greatest for which that is
    95 % (David and Nagaraja, Order Statistics, 2003, section 7.1).
    """
    if len(values) < FEWEST:
        return None
    ordered, below = np.sort(values), int(scipy.special.bdtrik(TAIL, len(values), 0.5))
    return Interval(float(ordered[below]), float(ordered[-1 - below]))


def mean_interval(values: Values, rng: np.random.Generator) -> Interval | None:
    """Bootstrap-t of the mean, never within Student's interval; None below FEWEST values.

    Resamples say how far the mean strays in units of its own standard error (Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993, section 12.5). That follows a skew, but is too short on ties and on
    heavy tails of both sides, where Student's t holds; so each end is the farther of the two, up to WIDEST
    times Student's. Equal values give that value twice; if no value is below 0, neither is the interval. It
    depends on the values and the generator, not on the order of the values.
    """
    if len(values) < FEWEST:
        return None
    ordered = np.sort(values)
    least, width = float(ordered[0]), float(ordered[-1] - ordered[0])
    if width == 0:
        return Interval(least, least)
    scaled = (ordered - least) / width
    low, high = np.quantile(_strays(scaled, rng), [TAIL, 1 - TAIL])
    student = scipy.special.stdtrit(len(scaled) - 1, 1 - TAIL)
    error = scaled.std(ddof=1) / sqrt(len(scaled))
    down = scaled.mean() - error * np.clip(high, student, WIDEST * student)
    up = scaled.mean() - error * np.clip(low, -WIDEST * student, -student)
    floor = 0.0 if least >= 0 else -np.inf
    return Interval(max(float(least + width * down), floor), float(least + width * up))


def _strays(values: Values, rng: np.random.Generator) -> Values:
    """How far the means of resamples lie from the mean, in their own standard errors."""
    mean, count = values.mean(), len(values)
    found = []
    at_once = max(1, VALUES_AT_ONCE // count)
    for start in range(0, RESAMPLES, at_once):
        drawn = values[rng.integers(count, size=(min(at_once, RESAMPLES - start), count))]
        error = np.maximum(drawn.std(axis=1, ddof=1), TINY) / sqrt(count)
        found.append((drawn.mean(axis=1) - mean) / error)
    return np.concatenate(found)


def ratio_interval(ours: Values, theirs: Values, rng: np.random.Generator) -> Interval | None:
    """Interval of mean(ours) / mean(theirs), both above 0, of pairs of values; None below FEWEST pairs.

    The logarithm of the ratio strays, to first order, like the mean of ours / mean(ours) - theirs /
    mean(theirs), pair by pair (the delta method; Cochran, Sampling Techniques, 1977, chapter 6), and that is
    what mean_interval is asked for.
    """
    found = mean_interval(ours / ours.mean() - theirs / theirs.mean(), rng)
    if found is None:
        return None
    ratio = float(ours.mean() / theirs.mean())
    return Interval(ratio * exp(found.low), ratio * exp(found.high))

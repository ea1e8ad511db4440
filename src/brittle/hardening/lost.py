"""How many points of clean accuracy are lost, for sure: paired, with 95 % confidence.

The interval is Wald's with one sample added to each kind of disagreement (Bonett and Price, British Journal
of Mathematical and Statistical Psychology 65:412, 2012).
"""

from bisect import bisect_left
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
MOST = 10**9
"""Samples beyond which nobody counts."""


def lost_points(before: NDArray[np.bool_], now: NDArray[np.bool_]) -> tuple[float, float]:
    """Points of accuracy lost, and the upper end of their interval. before, now: right answers, (n,)."""
    n, lost, won = len(now), int((before & ~now).sum()), int((now & ~before).sum())
    return 100 * (lost - won) / n, lost_at_most(n, lost, won)


def lost_at_most(samples: int, lost: float, won: float) -> float:
    """The upper end where of so many samples some are right before alone (lost), some now alone (won)."""
    p, q = (lost + 1) / (samples + 2), (won + 1) / (samples + 2)
    half = Z * sqrt((p + q - (p - q) ** 2) / (samples + 2))
    return 100 * min(1.0, p - q + half)


def samples_to_keep(keep: float, lost: float = 0.0, won: float = 0.0) -> int | None:
    """The fewest samples that would show that at most `keep` points are lost; None where none would.

    lost, won: shares of the samples that are right before alone, and now alone; 0: no answer changes.
    """

    def shows(n: int) -> bool:
        return lost_at_most(n, lost * n, won * n) <= keep

    return bisect_left(range(MOST), True, lo=1, key=shows) if shows(MOST) else None

"""The learning curves of agents."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np


@dataclass(frozen=True)
class Update:
    """One update of an agent that searches, over the games that ended since the last one.

    queries: rows shown to all models so far. games: how many ended. gain: their mean return.
    flipped: share of them that flipped; first: mean queries to the first flip, l2: median of the closest
    flips, over those that did; NaN where there are none. approx_kl: estimated KL divergence of the
    update, nats.
    """

    update: int
    queries: int
    games: int
    gain: float
    flipped: float
    first: float
    l2: float
    approx_kl: float


@dataclass(frozen=True)
class ExplainerUpdate:
    """One update of an agent that explains, over the games that ended since the last one.

    queries, games, gain, approx_kl: as of Update. score: mean insertion - deletion of their maps, rows: that
    these took, without those of what was measured; NaN where no game ended.
    """

    update: int
    queries: int
    games: int
    gain: float
    score: float
    rows: float
    approx_kl: float


def mean(values: Sequence[float]) -> float:
    """Their mean, NaN of none."""
    return float(np.mean(values)) if values else nan

"""The learning curve of an agent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Update:
    """One update of an agent, over the games that ended since the last one.

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

"""The learning curve of an agent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Update:
    """One update of an agent, over the games that ended since the last one.

    queries: rows shown to all models so far. games: how many ended. gain: their mean sum of rewards.
    flipped: share of them that flipped; first: mean queries to the first flip, l2: median of the closest
    flips, over those that did; NaN where there are none. drift: KL divergence of the update, nats.
    """

    update: int
    queries: int
    games: int
    gain: float
    flipped: float
    first: float
    l2: float
    drift: float

"""How an agent learns; read by those that have no learner, too."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LearningSettings:
    """How an agent learns.

    queries: most rows shown to all models. games: played at once. turns: queries of each game between
    updates, fewer where the limit is small. epochs, batch: passes over what was seen, and how much at once.
    rate: of Adam, falling to a tenth. gamma: what the next query's reward counts; None is .99 where the first
    flip ends a game, else .995. drift: KL divergence at which an update stops. seed: the same gives the same
    agent. hidden: width of the network.
    """

    queries: int = 100_000
    games: int = 32
    turns: int = 64
    epochs: int = 4
    batch: int = 256
    rate: float = 1e-3
    gamma: float | None = None
    clip: float = 0.2
    drift: float = 0.02
    seed: int = 0
    hidden: int = 32

"""The tuned constants of learning, in one place; what a user may set is in learning.settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PPOTuning:
    """Of agents: proximal policy optimisation, and the rewards of its games."""

    # Updates
    least_updates: int = 8  # that a small limit of queries is divided into
    least_turns: int = 8  # queries of each game between two updates
    rate_decay: float = 0.9  # share of the learning rate that is gone when all queries are spent
    gamma_first: float = 0.99  # discount of a query where the first flip ends a game
    gamma_closest: float = 0.995  # the same where the closest flip counts
    gamma_explained: float = 0.95  # discount of a move of an explainer
    entropy_weight: float = 0.0  # in the loss; the hand-made odds explore enough
    adam_epsilon: float = 1e-5  # in the denominator of Adam

    # Rewards
    query_cost: float = 0.005  # reward that a query costs, where the first flip ends a game
    forfeit_queries: int = 100  # that giving up costs at most: were it cheaper, it would be learned
    reference_rms: float = 0.1  # RMS change, relative to the span, that the first flip's L2 is compared with


@dataclass(frozen=True)
class DuelingTuning:
    """Of the agent of rlab: Q-learning with a dueling network."""

    huber_delta: float = 1.0  # error, in reward, beyond which the loss grows linearly
    largest_gradient_norm: float = 5.0  # gradients are scaled down to this
    output_scale: float = (
        0.1  # of initial weights that lead to an output, relative to He's: no choice stands out
    )
    rows_at_once: int = 16  # that a model is shown


@dataclass(frozen=True)
class TileTuning:
    """Of tiles: gradient ascent with momentum."""

    margin_floor: float = -3.0  # nats; margins below it give no gradient
    initial_noise: float = 0.01  # standard deviation of white noise in a new tile, beside a wave of norm 1
    stride_decay: float = 0.9  # share of the stride that is gone by the last step
    win_rate: float = 0.1  # weight of the newest batch in the running mean of wins
    win_penalty: float = 2.0  # nats added to the margins of a tile that wins twice its fair share


PPO_TUNING = PPOTuning()
DUELING_TUNING = DuelingTuning()
TILE_TUNING = TileTuning()

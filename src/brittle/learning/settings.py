"""What a user may set of how agents, the agent of rlab and tiles learn; reading it needs no torch."""

from typing import Literal

from brittle.settings import Settings, setting


class LearningSettings(Settings):
    """How an agent learns, by proximal policy optimisation."""

    queries: int = setting(100_000, "most rows shown to all models", group="training", metavar="N", ge=1)
    games: int = setting(32, "games at once", group="training", metavar="N", ge=1)
    turns: int = setting(
        64,
        "moves of each game between updates, fewer where the limit is small",
        group="training",
        metavar="N",
        ge=1,
    )
    epochs: int = setting(4, "passes over the moves of an update", group="training", metavar="N", ge=1)
    batch: int = setting(256, "moves of a gradient step", group="training", metavar="N", ge=1)
    rate: float = setting(
        1e-3, "learning rate of Adam, falling to a tenth", group="training", metavar="F", gt=0
    )
    gamma: float | None = setting(
        None,
        "discount of a move",
        group="training",
        metavar="F",
        unset="ripple 0.99, cells 0.995, explainer 0.95",
        gt=0,
        le=1,
    )
    clip: float = setting(0.2, "clipping range of the probability ratio", group="training", metavar="F", gt=0)
    target_kl: float = setting(
        0.02, "KL divergence (nats) that stops an update", group="training", metavar="F", gt=0
    )
    seed: int = setting(0, "the same seed gives the same file", group="training", metavar="N", ge=0)
    hidden: int = setting(32, "width of the network", group="training", metavar="N", ge=1)


class DuelingSettings(Settings):
    """How the agent of rlab learns, by double Q-learning with a dueling network."""

    rounds: int = setting(6, "rounds of playing, then learning", group="training", metavar="N", ge=1)
    games: int = setting(
        36, "samples played a round, by turns on each model", group="training", metavar="N", ge=1
    )
    budget: int = setting(600, "rows of one game", group="training", metavar="N", ge=1)
    price: float = setting(
        0.8, "reward that a step costs; 0 is the paper's reward alone", group="training", metavar="F"
    )
    gamma: float = setting(0.9, "discount of a step", group="training", metavar="F", ge=0, le=1)
    explore: float = setting(
        0.7,
        "share of the rounds in which epsilon falls linearly towards 0",
        group="training",
        metavar="F",
        ge=0,
    )
    most: float = setting(
        1.0, "epsilon (share of random choices) of the first round", group="training", metavar="F", ge=0, le=1
    )
    least: float = setting(
        0.05, "epsilon that no round falls below", group="training", metavar="F", ge=0, le=1
    )
    updates: int = setting(300, "gradient steps a round", group="training", metavar="N", ge=1)
    batch: int = setting(64, "transitions of a gradient step", group="training", metavar="N", ge=1)
    rate: float = setting(1e-3, "learning rate of AdamW", group="training", metavar="F", gt=0)
    hidden: int = setting(64, "width of every hidden layer", group="training", metavar="N", ge=1)
    target: float = setting(
        0.02,
        "share by which the target network follows at every gradient step",
        group="training",
        metavar="F",
        gt=0,
        le=1,
    )
    seed: int = setting(0, "the same seed gives the same file", group="training", metavar="N", ge=0)

    def epsilon(self, round_: int) -> float:
        """Probability of a random choice (epsilon-greedy) in this round, counted from 1."""
        left = 1 - (round_ - 1) / max(1.0, self.explore * self.rounds)
        return max(self.least, self.most * left)


class TileSettings(Settings):
    """How tiles are learned, by gradient ascent."""

    tiles: int = setting(4, "tiles that share the work", group="training", metavar="N", ge=1)
    side: int = setting(56, "elements along each axis", group="training", metavar="N", ge=1)
    steps: int = setting(120, "steps of gradient ascent", group="training", metavar="N", ge=1)
    batch: int = setting(12, "samples a step, shared among the models", group="training", metavar="N", ge=1)
    max_l2: float | None = setting(
        None,
        "L2 norm of the change",
        group="training",
        metavar="F",
        unset="5 for a photo, as much per element elsewhere",
        gt=0,
    )
    stride: float = setting(
        0.12, "length of the first step, falling to a tenth", group="training", metavar="F", gt=0
    )
    momentum: float = setting(0.9, "momentum of the steps", group="training", metavar="F", ge=0, lt=1)
    seed: int = setting(0, "the same seed gives the same file", group="training", metavar="N", ge=0)


class PriorSettings(Settings):
    """How a prior of functions is learned, by the likelihood of what it has not seen."""

    form: Literal["transformer", "mlp", "empirical"] = setting(
        "transformer",
        "transformer: features that attend to the history; mlp: that do not; empirical: mean and covariance",
        group="training",
        metavar="NAME",
    )
    steps: int | None = setting(
        None, "gradient steps", group="training", metavar="N", unset="waves 800, families 600", ge=1
    )
    batch: int = setting(16, "tasks of a gradient step", group="training", metavar="N", ge=1)
    context: int | None = setting(
        None,
        "most points of a task that a step lets it see",
        group="training",
        metavar="N",
        unset="waves 25, families 70",
        ge=0,
    )
    targets: int = setting(48, "points that it then has to predict", group="training", metavar="N", ge=1)
    rate: float = setting(1e-3, "greatest learning rate of AdamW", group="training", metavar="F", gt=0)
    width: int | None = setting(
        None,
        "width of every layer, a multiple of 4",
        group="training",
        metavar="N",
        unset="waves 32, families 64",
        ge=4,
        multiple_of=4,
    )
    seed: int = setting(0, "the same seed gives the same file", group="training", metavar="N", ge=0)


class AcquisitionSettings(Settings):
    """How an acquisition function is learned, by reinforcement on generated functions."""

    method: Literal["sac", "ppo"] = setting(
        "sac",
        "sac: Soft Actor-Critic, as RTDK-BO has it; ppo: a correction of log EI",
        group="training",
        metavar="NAME",
    )
    rounds: int = setting(15, "rounds of runs, then learning", group="training", metavar="N", ge=1)
    runs: int = setting(16, "functions of a round", group="training", metavar="N", ge=1)
    evaluations: int = setting(
        20, "of each function, after three at random", group="training", metavar="N", ge=1
    )
    seed: int = setting(0, "the same seed gives the same file", group="training", metavar="N", ge=0)

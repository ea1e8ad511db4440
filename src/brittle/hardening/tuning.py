"""The tuned constants of hardening, in one place; what a user may set is in hardening.settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RowTuning:
    """Of the rows of a batch."""

    # Harmless copies
    most_shift: int = 4  # elements that a signal is moved by

    # Near rows (Wong et al., "Fast is better than free", ICLR 2020; for L2, their repository's issue 1)
    epsilon_in_distances: float = 8.0  # epsilon, in median first-order distances
    least_radius: float = 0.3  # of a row, as a share of epsilon
    start: float = 0.5  # length of the random start, in radii
    stride: float = 1.25  # length of the one step, in radii
    pgd_steps: int = 8
    pgd_stride: float = 2.5  # length of all steps together, in radii (Madry et al., ICLR 2018)

    # Cells chosen by a gradient
    layers: int = 5  # that a row may wear
    offered: float = 0.7  # share of (cell, layer) pairs on offer
    least_reach: float = 0.1  # L2 of a row, as a share of most_reach
    most_reach: float = 4.0  # in epsilons

    # Natural rows
    most_blocks: int = 3  # that a row has, each under a layer of its own
    least_block: float = 0.05  # share of all cells that a block has

    # AugMix (Hendrycks et al., ICLR 2020)
    mixed_layers: int = 3

    most_flips: float = 0.05  # share of a batch in the recipe


@dataclass(frozen=True)
class LoopTuning:
    """Of the training loop and its guard."""

    weight_decay: float = 1e-4
    largest_gradient_norm: float = 1.0  # gradients are scaled down to this
    slow_start: float = 0.1  # share of the steps in which the learning rate grows
    looks_back: float = 0.05  # share of the steps that the moving average of weights is taken over
    first_epsilon: float = 0.2  # at the first step, as a share of epsilon
    growing: float = 0.3  # share of the steps in which epsilon grows (Ngnawe et al., 2025)

    # Guard
    between_looks: float = 0.05  # share of the steps
    samples: int = 64  # that it looks at
    fall: float = 1 / 3  # share of the right answers whose loss sets it off
    least_fall: float = 0.12  # of all samples: fewer may be chance
    less_rate: float = 0.3  # factor, when it goes off in the control
    less_epsilon: float = 0.5  # factor, when it goes off in the hardened arm

    # Minutes to steps
    timed_steps: int = 3


@dataclass(frozen=True)
class ChoiceTuning:
    """Of the line of weights."""

    shares: int = 10  # parts of the line
    rows_at_once: int = 256
    distances: int = 512  # samples whose first-order distance is measured


@dataclass(frozen=True)
class WhiteBoxTuning:
    """Of the attack that sees the weights."""

    starts: int = 3  # within the limit
    starts_nearer: int = 1  # within the radii before it, which are attacked for the curve alone
    steps: int = 20  # of each start
    radii: tuple[float, ...] = (1 / 8, 1 / 4, 1 / 2, 1.0)  # in limits, from near to far
    rows_at_once: int = 64


ROW_TUNING = RowTuning()
LOOP_TUNING = LoopTuning()
CHOICE_TUNING = ChoiceTuning()
WHITE_BOX_TUNING = WhiteBoxTuning()

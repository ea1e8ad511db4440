"""Which numbers make ripple play as it does: all of its tuned constants, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Tuning:
    """The tuned constants of ripple; docs/ripple.md says what else was tried for some of them."""

    # The plan: tiles, then waves, then the hill climb.
    waves: int = 22  # whole-input waves tried before the climb, where the setting says nothing else
    queries_per_wave: int = 10  # of the budget, at least: a small budget tries fewer waves
    plan_probability: float = 0.97  # of following the plan at a query; the rest lets an agent leave it

    # The Gaussian process over waves; falls of the margin in units of their root mean square.
    prior_mean: float = 0.5  # fall expected of a wave before anything is observed
    noise_variance: float = 0.3  # of a fall, that neither frequency, direction nor colour explains
    colour_variance: float = 0.3  # of a fall, that colour explains whatever frequency and direction are
    frequency_length_scale: float = 0.8  # of the kernel, in the natural logarithm of cycles
    random_candidates: int = 300  # waves drawn at random, of which the next one is chosen
    refined_waves: int = 3  # best observed waves that further candidates are drawn near to
    candidates_near_each: int = 20  # candidates near each of these
    near_spread: float = 0.15  # standard deviation of ln(cycles), and of each part of direction and colour

    # Steps of the hill climb.
    best_waves: int = 6  # best observed waves that a step may start from
    window_sizes: int = 4  # sizes of a move; together they span the two widths below
    narrowest_window: float = 1 / 14  # sigma, as a share of the longest side (16 of 224 elements)
    widest_window: float = 1 / 3.2  # the same (70 of 224 elements)
    first_step_size: float = 0.3  # norm of a step beside the current field's, which is 1
    smallest_step_size: float = 0.1
    largest_step_size: float = 1.2
    kept_growth: float = 1.3  # factor on an operator's step size after a kept step
    refused_shrink: float = 0.95  # the same after a refused step
    momentum_decay: float = 0.95  # share of the momentum, and of the expected gain, left after another step
    largest_surprise: float = 1.0  # weight of one step in the momentum, in units of the typical fall

    # Which step is drawn: by its weight times its credit (adaptive pursuit).
    operator_weights: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"windowed wave": 3.0, "window": 2.0, "whole wave": 0.5})
    )  # 1 for the others
    least_credit: float = 0.02  # that no operator falls below when one is drawn, and that all start with
    credit_rate: float = 0.1  # weight of the newest reward in an operator's or a place's credit
    largest_reward: float = 2.0  # of one step, in units of the typical fall

    # The radius, the L2 distance of candidates.
    refusals_before_growth: int = 40  # in a row below the closest flip; then half-way back to that flip
    queries_before_growth: int = 60  # at one radius without any flip, where there is no limit; then farther
    radius_growth: float = 1.5  # factor on the radius then
    crossing_share: float = 0.97  # next radius after a flip, as a share of where the margin would be 0
    least_share_of_flip: float = 0.5  # next radius after a flip, as a share of the flip's L2: at least
    largest_share_of_flip: float = 0.95  # and at most


TUNING = Tuning()

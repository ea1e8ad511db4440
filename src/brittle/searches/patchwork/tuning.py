"""The tuned constants of patchwork, in one place; what a user may change are the settings of Patchwork."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Values chosen on training data, not meant to be set by users; a share or a factor has no unit."""

    # Blocks of cells
    size_factors: tuple[float, ...] = (0.5, 1.0, 2.0)  # sizes of moves, each times the state's block side
    size_odds: tuple[float, ...] = (0.2, 0.6, 0.2)  # odds of each size, sum 1
    first_block_share: float = 0.3  # cells in the first block, as a share of all cells
    block_growth: float = 1.1  # factor on the block side after an accepted block
    block_shrinkage: float = 0.97  # factor on the block side after a refused block
    block_tries: int = 30  # blocks looked at for one move, before the fallback
    retry_shrinkage: float = 0.8  # factor on the side of the next block looked at, after one that is too far

    # The opening: whole layers first
    opening_share: float = 0.25  # of the budget, that it may take at most
    opening_patience: int = 60  # queries after it without a closer flip, until the search starts from a flip

    # Odds of operators
    removal_share: float = 0.15  # "remove" and "lighten" among all moves but "thompson", not flipped now
    removal_share_flipped: float = 0.6  # the same while the current assignment flips
    queries_before_thompson: int = 8  # queries before "thompson" has any odds

    # Adaptive pursuit: credit of operators and places
    credit_rate: float = 0.1  # weight of the newest move in running means of gains
    credit_floor: float = 0.1  # mean gain that the odds of no operator and no place fall below
    gain_cap: float = 3.0  # greatest gain of one move, in typical gains
    first_typical_gain: float = 0.1  # the typical gain at first, as a share of the clean margin

    # Price and distance
    price_range: float = 1e12  # greatest factor between the price and the first price, either way
    thinned_l2: float = 0.98  # L2 that a thinned assignment is brought below, as a share of the L2 bound
    least_drop: float = 0.02  # least drop that thinning counts for a cell, as a share of the greatest drop

    # Linear model of effects: prior covariance, noise and memory
    group_correlation: float = 0.4  # between the effects of any two groups of layers
    place_correlation: float = 0.2  # between the effects in any two places, however far apart
    place_nugget: float = 0.3  # share of the variance that each place has by itself
    length_scale: float = 1.5  # of the squared-exponential covariance between places, in places
    noise_variance: float = 0.1  # of an answer, where a typical whole layer has variance 1
    memory: int = 256  # answers kept; beyond this the older half is forgotten


TUNING = Tuning()

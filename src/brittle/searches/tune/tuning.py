"""The tuned constants of tune, in one place; what a user may change are the settings of Tune."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Values chosen on training data; strengths are shares of the range of a family's levels."""

    first_strengths: tuple[float, ...] = (1.0, 0.7, 0.5)  # of trials at random, before the process is asked
    first_shares: tuple[float, float] = (0.3, 0.95)  # of the least strength that flipped, where that is less
    candidates: int = 512  # considered for every trial
    strength_of_none: float = 1.3  # stands for the least strength that flips before one does
    boldness: float = 0.06  # improvement of the strength that counts for nothing at first
    bold_share: float = 0.9  # of the trials, after which any improvement counts
    deepest: float = 0.3  # margins below minus this share of the clean one count as that
    tries_within: int = 8  # trials in a row beyond max_l2 at every level, which end a hunt
    halvings: int = 7  # levels looked at for the strongest within max_l2


TUNING = Tuning()

"""The tuned constants of temporal-spatial, in one place; those of its moves in space are patchwork's."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Values chosen on training data, not meant to be set by users; a share or a factor has no unit."""

    extents: tuple[float, ...] = (0.05, 0.25, 0.5, 1.0)  # lengths of runs of frames, as shares of all
    extent_odds: tuple[float, ...] = (0.1, 0.15, 0.25, 0.5)  # odds of each length, sum 1


TUNING = Tuning()

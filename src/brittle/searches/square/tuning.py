"""Which numbers make Square play as it does: those of the authors' code, none of them ours."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """The constants of Andriushchenko et al., 2020 (arXiv 1912.00049), section 3 and their code."""

    schedule: int = 10_000  # queries in which squares shrink from the first size to the last
    halve_after: tuple[int, ...] = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)  # of 10,000 queries
    first_patches: int = 5  # along each axis, of the first L2 candidate
    least_side: int = 3  # of an L2 window, elements
    draws: int = 64  # of signs, at most, until an L-infinity window is another than it was


TUNING = Tuning()

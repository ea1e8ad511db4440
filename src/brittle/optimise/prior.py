"""What is believed of a function before it is evaluated: the protocol of priors of a Gaussian process.

A prior may look at the history of the run before it says so: to standardise, to fit lengthscales, or to
compute features that attend to it. It does not condition on it; that is done exactly, in gp.py.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.optimise.history import History

Features = NDArray[np.float64]  # (n, f), as a space makes them


class Given(Protocol):
    """A prior after a history. Values are y = shift + scale * standard; all else is in standard units.

    noise: variance of what an evaluation adds to the function.
    """

    @property
    def shift(self) -> float: ...
    @property
    def scale(self) -> float: ...
    @property
    def noise(self) -> float: ...

    def mean(self, x: Features) -> NDArray[np.float64]:
        """What is expected at these points, (n,)."""
        ...

    def covariance(self, a: Features, b: Features) -> NDArray[np.float64]:
        """Covariance of the function between points, (len(a), len(b))."""
        ...

    def variance(self, x: Features) -> NDArray[np.float64]:
        """Variance of the function at these points, (n,): the diagonal of covariance(x, x)."""
        ...


class Prior(Protocol):
    """A distribution of functions on features."""

    def given(self, history: History) -> Given:
        """What it says of functions after this history; the history may be empty."""
        ...

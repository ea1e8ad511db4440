"""A prior that was counted: mean and covariance of many functions at anchor points, a kernel for the rest.

After Lin et al., "Empirical Gaussian Processes", 2026 (arXiv 2602.12082). With W(x) the kernel's
interpolation from the anchors A to x, that is K(x, A) K(A, A)^-1, functions are

    mean(x)       = W(x) mean
    covariance    = W F F' W' + own * W K(A, A) W' + (K - W K(A, A) W')

so at anchors it is what was counted, F F', plus a share `own` of the kernel, and far from all of them the
kernel.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brittle.optimise.history import History
from brittle.optimise.kernels import KERNELS, squared_distances
from brittle.optimise.prior import Features
from brittle.optimise.transformer import Usual

Values = NDArray[np.float64]
STANDARD = Usual()
RIDGE = 1e-6  # on the diagonal of K(A, A), as a share of its variance


@dataclass(frozen=True, eq=False)
class EmpiricalPrior:
    """Implements optimise.prior.Prior.

    anchors: (m, f), features. expected: (m,), the mean there. factors: (m, r), their product with themselves
    the covariance there. lengthscales: (f,); kernel: "rbf" or "matern", of variance `amplitude`. own: share
    of it at anchors. noise: variance. usual: how values are standardised. All but `usual` in standard units.
    """

    anchors: Features
    expected: Values
    factors: Values
    lengthscales: Values
    amplitude: float = 1.0
    own: float = 0.2
    noise: float = 0.05
    kernel: str = "matern"
    usual: Usual = STANDARD

    def given(self, history: History) -> "EmpiricalGiven":
        """What it says of functions after this history, which it looks at for its units only."""
        return EmpiricalGiven(self, *self.usual.of(history.y))

    def base(self, a: Features, b: Features) -> Values:
        """The kernel between points, (len(a), len(b))."""
        scaled = a / self.lengthscales
        other = scaled if b is a else b / self.lengthscales
        return self.amplitude * KERNELS[self.kernel](squared_distances(scaled, other))[0]

    @cached_property
    def _inverse(self) -> Values:
        ridge = RIDGE * self.amplitude * np.eye(len(self.anchors))
        return np.asarray(np.linalg.inv(self.base(self.anchors, self.anchors) + ridge))

    def interpolation(self, x: Features) -> tuple[Values, Values]:
        """Weights of the anchors at these points, and the kernel with the anchors, each (n, m)."""
        cross = self.base(x, self.anchors)
        return np.asarray(cross @ self._inverse), cross


@dataclass(frozen=True, eq=False)
class EmpiricalGiven:
    """Implements optimise.prior.Given."""

    prior: EmpiricalPrior
    shift: float
    scale: float

    @property
    def noise(self) -> float:
        """Variance of what an evaluation adds."""
        return self.prior.noise

    def mean(self, x: Features) -> Values:
        """What is expected at these points, (n,)."""
        return np.asarray(self.prior.interpolation(x)[0] @ self.prior.expected)

    def covariance(self, a: Features, b: Features) -> Values:
        """Covariance of the function between points, (len(a), len(b))."""
        p = self.prior
        weights, cross = p.interpolation(a)
        others, other_cross = (weights, cross) if b is a else p.interpolation(b)
        counted = (weights @ p.factors) @ (others @ p.factors).T
        return np.asarray(counted + p.base(a, b) - (1 - p.own) * weights @ other_cross.T)

    def variance(self, x: Features) -> Values:
        """Variance of the function at these points, (n,)."""
        weights, cross = self.prior.interpolation(x)
        counted = np.square(weights @ self.prior.factors).sum(axis=1)
        rest = self.prior.amplitude - (1 - self.prior.own) * (weights * cross).sum(axis=1)
        return np.asarray(counted + rest)

"""What a run of an optimiser has seen: points as features, and what was answered there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError


@dataclass(frozen=True, eq=False)
class History:
    """n evaluations in order. x: (n, f) features; y: (n,), to be minimised, finite. Raises UsageError."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.x.ndim != 2 or self.y.shape != (len(self.x),):
            raise UsageError(f"expected features (n, f), values (n,); got {self.x.shape} and {self.y.shape}")
        if not (np.isfinite(self.x).all() and np.isfinite(self.y).all()):
            raise UsageError("a history holds finite numbers only; leave out evaluations that failed")

    def __len__(self) -> int:
        return len(self.y)

    def after(self, x: NDArray[np.float64], y: float) -> "History":
        """With one more evaluation, of x: (f,)."""
        return History(np.concatenate([self.x, x[None]]), np.append(self.y, y))

    def best(self, count: int) -> NDArray[np.intp]:
        """Indices of the least values, at most count; the earliest first of equal ones."""
        return np.argsort(self.y, kind="stable")[:count]

    @property
    def least(self) -> float:
        """The least value so far; infinite where nothing was evaluated."""
        return float(self.y.min(initial=np.inf))


def no_history(features: int) -> History:
    """Nothing was evaluated yet."""
    return History(np.empty((0, features)), np.empty(0))

"""What counts as a flip, and how far a decision is from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array

TINY = np.float32(1e-30)


@dataclass(frozen=True)
class Goal:
    """Untargeted: the label leaves the top `k` classes. Targeted: `target` becomes the top class."""

    label: int
    target: int | None = None
    k: int = 1

    def margin(self, answers: Array) -> NDArray[np.float64]:
        """How far each answer is from a flip, in nats, (n, classes) -> (n,); below 0 is a flip.

        It is the log-odds to the deciding rival: logarithms also tell saturated answers apart.
        """
        logs = np.log(np.maximum(answers, TINY), dtype=np.float64)
        if self.target is not None:
            others = np.delete(logs, self.target, axis=1).max(axis=1)
            return np.asarray(others - logs[:, self.target])
        others = np.delete(logs, self.label, axis=1)
        rival = np.partition(others, -self.k, axis=1)[:, -self.k]
        return np.asarray(logs[:, self.label] - rival)

    def flipped(self, answers: Array) -> NDArray[np.bool_]:
        """Whether each answer is a flip, (n, classes) -> (n,). A tie is not one."""
        return self.margin(answers) < 0

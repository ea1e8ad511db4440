"""What counts as a flip, and how far a decision is from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array


def _log(p: Array) -> NDArray[np.float64]:
    return np.log(np.maximum(p, 1e-30), dtype=np.float64)


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
        own = self.label if self.target is None else self.target
        others = np.array(answers)
        others[:, own] = -1
        if self.k == 1 or self.target is not None:
            rival = others.max(axis=1)
        else:
            rival = np.partition(others, -self.k, axis=1)[:, -self.k]
        odds = _log(answers[:, own]) - _log(rival)
        return odds if self.target is None else -odds

    def flipped(self, answers: Array) -> NDArray[np.bool_]:
        """Whether each answer is a flip, (n, classes) -> (n,). A tie is not one."""
        return self.margin(answers) < 0

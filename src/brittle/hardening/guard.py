"""Does a training go wrong: right answers on clean samples, and under an attack of several steps.

A one-step attack can be learned by heart, whereupon one of several steps finds everything (catastrophic
overfitting; Wong, Rice and Kolter, ICLR 2020; Andriushchenko and Flammarion, NeurIPS 2020).
"""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.hardening.near import margins_and_distances, pgd
from brittle.hardening.records import HardeningTask
from brittle.hardening.tuning import LOOP_TUNING


@dataclass(frozen=True)
class Look:
    """Shares right: on clean samples, and on the same under PGD, 0 where that is not asked for."""

    clean: float
    attacked: float = 0.0


@dataclass(frozen=True)
class Guard:
    """Looks at a model through the same samples of `choose`, and the same starts, every time."""

    task: HardeningTask
    seed: int

    def look(self, epsilon: float | None) -> Look:
        """How the model does now; epsilon: of the attack, None for none."""
        x, y = self.task.choose.x[: LOOP_TUNING.samples], self.task.choose.y[: LOOP_TUNING.samples]
        clean = self._right(x)
        if epsilon is None:
            return Look(clean)
        rng = generator(self.seed, "harden", "guard")
        radii, directions = np.full(len(x), epsilon, np.float32), rng.standard_normal(x.shape, np.float32)
        attacked = pgd(self.task.logits, x, y, radii, directions, self.task.spec.bounds)
        return Look(clean, self._right(attacked))

    def _right(self, x: Array) -> float:
        margins, _ = margins_and_distances(self.task.logits, x, self.task.choose.y[: len(x)])
        return float(np.mean(margins > 0))


def fell(before: float, now: float) -> bool:
    """Whether a share right fell by too much, and by more than chance."""
    return before - now > max(LOOP_TUNING.fall * before, LOOP_TUNING.least_fall)

"""Runs of an optimiser on functions of a family, whose best value is known: what acquisitions learn from."""

from dataclasses import dataclass, replace
from math import log10

import numpy as np
from numpy.typing import NDArray

from brittle.optimise.families import Family, Task
from brittle.optimise.history import History

STARTS = 3  # points at random before the first decision
LEAST_REGRET = 1e-4  # below it nothing more is gained


@dataclass(frozen=True, eq=False)
class Run:
    """A function and what was evaluated of it. steps: decisions of a whole run."""

    task: Task
    history: History
    steps: int

    @property
    def left(self) -> int:
        """Decisions that are left."""
        return self.steps + STARTS - len(self.history)

    @property
    def log_regret(self) -> float:
        """log10 of the normalised regret of the best point."""
        return log10(max(float(self.task.regret(self.history.least)), LEAST_REGRET))

    def after(self, x: NDArray[np.float64]) -> tuple["Run", float]:
        """With one more point, (d,), and the reward: by how much log10 of the regret fell."""
        new = replace(self, history=self.history.after(x, float(self.task.f(x[None])[0])))
        return new, self.log_regret - new.log_regret


def begun(family: Family, steps: int, rng: np.random.Generator) -> Run:
    """A run on a function at random, after its starting points."""
    task, x = family.task(rng), rng.random((STARTS, family.dimensions))
    return Run(task, History(x, task.f(x)), steps)

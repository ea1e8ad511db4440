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

    def rivals(self, answer: Array, count: int) -> tuple[int, ...]:
        """The classes besides the label that an answer, (classes,), holds for the most likely.

        At most count, the nearest first; none for a target, which is the only class to go to.
        """
        if self.target is not None:
            return ()
        order = np.argsort(-answer, kind="stable")[: count + 1]
        return tuple(int(k) for k in order if k != self.label)[:count]


@dataclass(frozen=True)
class JointGoal(Goal):
    """One margin of several surrogates, whose answers stand side by side, (n, surrogates x classes).

    It is the mean over them of max(margin, -kappa), in nats, less its least value: a surrogate that errs by
    kappa brings nothing more, and one that is hard to move does not rule alone. It is never below 0, so that
    a search takes nothing for a flip and goes on lowering it. Sources: ensembles of surrogates, Liu et al.,
    "Delving into Transferable Adversarial Examples and Black-box Attacks", ICLR 2017, section 5; kappa,
    Carlini and Wagner, "Towards Evaluating the Robustness of Neural Networks", 2017, section 5.
    """

    surrogates: int = 1
    kappa: float = 5.0

    def margins(self, answers: Array) -> NDArray[np.float64]:
        """Each surrogate's own margin, (n, surrogates); below 0 it errs."""
        apart = answers.reshape(len(answers), self.surrogates, -1)
        one = Goal(self.label, self.target, self.k)
        return np.stack([one.margin(apart[:, s]) for s in range(self.surrogates)], axis=1)

    def margin(self, answers: Array) -> NDArray[np.float64]:
        """What is to be lowered, (n,); 0 where every surrogate errs by kappa."""
        return np.asarray(np.maximum(self.margins(answers) + self.kappa, 0).mean(axis=1))

"""The training loop: the control and the hardened weights, both from the original ones.

Where it stands is the step, weights, their moving average, the optimiser's moments and a few numbers; random
numbers follow the step. So a training that was stopped ends with the same bytes.
"""

from collections.abc import Mapping
from dataclasses import asdict
from math import ceil
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.optim.swa_utils import get_ema_multi_avg_fn

from brittle.hardening.batches import CONTROL, HARDENED, Batches
from brittle.hardening.guard import Guard, Look, fell
from brittle.hardening.records import HardeningTask, Step, Weights
from brittle.hardening.settings import HardeningSettings
from brittle.hardening.tuning import LOOP_TUNING
from brittle.hardening.weights import parameters, weights_of
from brittle.store.learned import Kept

MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Training:
    """Two trainings, one after the other, from look to look of the guard.

    A module of halves learns too: steps are taken of weights in single precision, of which it gets copies
    (Micikevicius et al., "Mixed precision training", ICLR 2018).


    kept: where an earlier one stood, of the same task and settings. ends: the final weights by arm.
    epsilon: of the hardened arm, after the guard. alarms: what the guard did, a line each.
    """

    def __init__(
        self, task: HardeningTask, settings: HardeningSettings, epsilon: float, kept: Kept[Step] | None
    ) -> None:
        self.task, self.settings = task, settings
        self.rate, self.epsilon = settings.rate, epsilon
        self.batches, self.guard = Batches(task, settings), Guard(task, settings.seed)
        self.parameters = parameters(task.module)
        self.original = weights_of(task.module)
        self.ends: dict[str, Weights] = {}
        self.curve: list[Step] = []
        self.alarms: list[str] = []
        self.first = self.guard.look(None)
        self._begin(CONTROL)
        if kept:
            self._go_on(kept)
        else:
            self.steps = settings.steps or self._affordable()

    @property
    def goes_on(self) -> bool:
        """Whether there is anything left to learn."""
        return HARDENED not in self.ends

    @property
    def kept(self) -> Kept[Step]:
        """What a checkpoint holds."""
        ends = {f"{arm}.{name}": w for arm, end in self.ends.items() for name, w in end.items()}
        state = {
            "arm": self.arm,
            "step": self.step,
            "steps": self.steps,
            "rate": self.rate,
            "epsilon": self.epsilon,
            "last": asdict(self.last),
            "alarms": self.alarms,
        }
        return Kept({**ends, **self._arrays()}, tuple(self.curve), state)

    def advance(self) -> Step:
        """Train up to the next look of the guard, and let it look."""
        good = self._averaged()
        apart = max(1, round(LOOP_TUNING.between_looks * self.steps))
        until, losses = min(self.step + apart, self.steps), list[float]()
        while self.step < until:
            self.step += 1
            losses.append(self._learn())
        self._look(good)
        epsilon = self.epsilon if self.arm == HARDENED else 0.0
        self.curve.append(Step(self.arm, self.step, sum(losses) / len(losses), epsilon))
        if self.step == self.steps:
            self.ends[self.arm] = self._averaged()
            if self.goes_on:
                self._begin(HARDENED)
        return self.curve[-1]

    def _begin(self, arm: str) -> None:
        """From the original weights."""
        self.arm, self.step = arm, 0
        self._start(self.original)
        self.last = self._now()

    def _start(self, weights: Weights) -> None:
        """Learn on from these weights, without momentum."""
        self.weights = {name: _single(w) for name, w in weights.items()}
        self.average = {name: w.clone() for name, w in self.weights.items()}
        self.optimiser = torch.optim.AdamW(
            self.weights.values(), self.rate, weight_decay=LOOP_TUNING.weight_decay
        )
        self._load(self.weights)

    def _learn(self) -> float:
        """One gradient step; the loss before it."""
        x, y = self.batches.make(self.arm, self.step, self.epsilon * self._share_of_epsilon())
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * self._share_of_rate()
        self.task.module.zero_grad()
        loss = torch.nn.functional.cross_entropy(
            self.task.logits(torch.from_numpy(x)).float(), torch.from_numpy(y)
        )
        loss.backward()
        for name, p in self.parameters.items():
            self.weights[name].grad = None if p.grad is None else p.grad.to(self.weights[name])
        torch.nn.utils.clip_grad_norm_(self.weights.values(), LOOP_TUNING.largest_gradient_norm)
        self.optimiser.step()
        self._load(self.weights)
        decay = 1 - 1 / max(1.0, LOOP_TUNING.looks_back * self.steps)
        get_ema_multi_avg_fn(decay)([*self.average.values()], [*self.weights.values()], self.step)
        return float(loss.detach())

    def _load(self, weights: Mapping[str, Any]) -> None:
        """Put weights into the module."""
        with torch.no_grad():
            for name, p in self.parameters.items():
                p.copy_(weights[name])

    def _share_of_rate(self) -> float:
        """Slow start, then linearly towards 0 (Jeddi, Shafiee and Wong, 2020)."""
        start = ceil(LOOP_TUNING.slow_start * self.steps)
        return min(self.step / start, (self.steps + 1 - self.step) / (self.steps + 1 - start))

    def _share_of_epsilon(self) -> float:
        """It grows over the first steps (Ngnawe et al., 2025)."""
        grown, first = self.step / (LOOP_TUNING.growing * self.steps), LOOP_TUNING.first_epsilon
        return first + (1 - first) * min(1.0, grown)

    def _now(self) -> Look:
        """A look at the averaged weights: they are what is kept, and a single step moves them little."""
        self._load(self.average)
        look = self.guard.look(self.epsilon if self.arm == HARDENED else None)
        self._load(self.weights)
        return look

    def _look(self, good: Weights) -> None:
        """Go back to good weights, and on more carefully, where the guard finds something wrong.

        In the control that can only be the learning rate, which both arms then share.
        """
        now = self._now()
        if fell(self.first.clean, now.clean):
            what = (
                f"{100 * now.clean:.0f} % of clean samples were right, {100 * self.first.clean:.0f} % before"
            )
        elif fell(self.last.attacked, now.attacked):
            what = f"under PGD {100 * now.attacked:.0f} % were right, after {100 * self.last.attacked:.0f} %"
        else:
            self.last = now
            return
        self._start(good)
        if self.arm == CONTROL:
            self.rate *= LOOP_TUNING.less_rate
            remedy = f"at a learning rate of {self.rate:.2g}"
        else:
            self.epsilon *= LOOP_TUNING.less_epsilon
            remedy = f"with epsilon {self.epsilon:.3g}"
            self.last = self._now()
        at = f"{self.arm}, step {self.step} of {self.steps}"
        self.alarms.append(f"{at}: {what}; went on from the weights of the look before, {remedy}")

    def _averaged(self) -> Weights:
        """A copy of the moving average of weights."""
        return {name: w.numpy().copy() for name, w in self.average.items()}

    def _arrays(self) -> dict[str, Any]:
        """Copies of weights, their moving average and the optimiser's moments."""
        arrays = {}
        for name, w in self.weights.items():
            arrays[f"weights.{name}"] = w.numpy().copy()
            arrays[f"average.{name}"] = self.average[name].numpy().copy()
            for key, value in self.optimiser.state.get(w, {}).items():
                arrays[f"{key}.{name}"] = value.numpy().copy()
        return arrays

    def _restore(self, arrays: Mapping[str, Any]) -> None:
        """Put such copies in place."""
        for name, w in self.weights.items():
            w.copy_(torch.from_numpy(arrays[f"weights.{name}"]))
            self.average[name].copy_(torch.from_numpy(arrays[f"average.{name}"]))
            if f"step.{name}" in arrays:
                moments = {key: torch.from_numpy(arrays[f"{key}.{name}"].copy()) for key in MOMENTS}
                self.optimiser.state[w] = moments
        self._load(self.weights)

    def _go_on(self, kept: Kept[Step]) -> None:
        """From where another stood."""
        state = kept.state
        self.arm, self.step, self.steps = state["arm"], state["step"], state["steps"]
        self.rate, self.epsilon = state["rate"], state["epsilon"]
        self.last, self.alarms, self.curve = Look(**state["last"]), list(state["alarms"]), list(kept.curve)
        self._restore(kept.arrays)
        for arm in (CONTROL, HARDENED):
            if all(f"{arm}.{name}" in kept.arrays for name in self.parameters):
                self.ends[arm] = {name: kept.arrays[f"{arm}.{name}"] for name in self.parameters}

    def _affordable(self) -> int:
        """Steps of each training that the minutes have room for, by timing a few of both."""
        self.steps = LOOP_TUNING.timed_steps
        self._timed(HARDENED)  # the first steps of a process are slow and do not count
        control, quick = self._timed(CONTROL)
        hardened, careful = self._timed(HARDENED)
        left = 60 * self.settings.minutes - (quick + careful) / LOOP_TUNING.between_looks
        self._begin(CONTROL)
        return max(1, int(left / (control + hardened)))

    def _timed(self, arm: str) -> tuple[float, float]:
        """Seconds of a step and of a look; what is learned is forgotten."""
        began = perf_counter()
        self._begin(arm)
        looked = perf_counter()
        for _ in range(self.steps):
            self.step += 1
            self._learn()
        return (perf_counter() - looked) / self.steps, looked - began


def _single(weights: NDArray[Any]) -> Any:
    """A tensor of a copy of weights, in single precision where they are halves."""
    return torch.from_numpy(weights.astype(np.promote_types(weights.dtype, np.float32)))

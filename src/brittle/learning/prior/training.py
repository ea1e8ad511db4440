"""A training of a prior under way: AdamW on batches of tasks, by one cycle of the learning rate."""

from dataclasses import dataclass, field
from math import cos, pi
from typing import Any, Self

import numpy as np
import torch

from brittle.core.seeds import generator
from brittle.learning.prior.network import Batch, fresh_weights, loss_of
from brittle.learning.prior.source import Source
from brittle.optimise.transformer import Shape
from brittle.store.learned import Arrays

WARM_UP = 0.1  # share of the steps in which the learning rate rises
LEAST_RATE = 0.01  # share of it that is left at the end
LARGEST_GRADIENT_NORM = 1.0
WEIGHT_DECAY = 0.01
MOMENTS = ("exp_avg", "exp_avg_sq")  # what AdamW keeps of each weight


@dataclass(frozen=True)
class Schedule:
    """How long and on what.

    batch: tasks of a step. context: most points of each that it may see. targets: points that it then
    predicts. rate: the greatest learning rate; kernel_rate: that of noise, amplitudes and lengthscales, in
    units of it.
    """

    steps: int
    batch: int
    context: int
    targets: int
    rate: float
    seed: int
    kernel_rate: float = 1.0


@dataclass(frozen=True)
class PriorStep:
    """One step of `of`: negative log-likelihood of the targets, nats each; rows shown to all models."""

    step: int
    of: int
    loss: float
    rows: int


@dataclass
class PriorTraining:
    """Where a training stands. losses: of every step."""

    shape: Shape
    schedule: Schedule
    weights: dict[str, Any]
    optimiser: Any
    losses: list[float] = field(default_factory=list)

    @classmethod
    def begin(cls, shape: Shape, schedule: Schedule, kept: Arrays | None = None) -> Self:
        """Before the first step, or after the last one that was kept."""
        weights = fresh_weights(shape, schedule.seed)
        kernel = [weight for name, weight in weights.items() if name.startswith("log_")]
        others = [weight for name, weight in weights.items() if not name.startswith("log_")]
        faster = {"times": schedule.kernel_rate, "weight_decay": WEIGHT_DECAY / schedule.kernel_rate}
        groups = [{"params": others, "times": 1.0}, {"params": kernel, **faster}]
        optimiser = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
        training = cls(shape, schedule, weights, optimiser)
        if kept is not None:
            training._restore(kept)
        return training

    def _restore(self, kept: Arrays) -> None:
        self.losses = kept["losses"].tolist()
        for name, weight in self.weights.items():
            weight.data.copy_(torch.from_numpy(kept[name]))
            moments = {moment: torch.from_numpy(kept[f"{moment}.{name}"]) for moment in MOMENTS}
            self.optimiser.state[weight] = {"step": torch.tensor(float(len(self.losses))), **moments}

    @property
    def kept(self) -> dict[str, Any]:
        """What begin needs to go on, by name."""
        arrays = {"losses": np.array(self.losses), **self.arrays()}
        for name, weight in self.weights.items():
            state = self.optimiser.state[weight]
            arrays |= {f"{moment}.{name}": state[moment].numpy().copy() for moment in MOMENTS}
        return arrays

    def arrays(self) -> dict[str, Any]:
        """The weights in NumPy."""
        return {name: weight.detach().numpy().copy() for name, weight in self.weights.items()}

    def learn(self, source: Source) -> None:
        """One step."""
        number, schedule = len(self.losses) + 1, self.schedule
        rng = generator(schedule.seed, "prior", "step", number)
        context = int(rng.integers(schedule.context + 1))
        batch = source.batch(rng, schedule.batch, context, schedule.targets)
        for group in self.optimiser.param_groups:
            group["lr"] = group["times"] * schedule.rate * _share(number / schedule.steps)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums in one order; and a small network is slower on more
        try:
            self.losses.append(self._descend(batch))
        finally:
            torch.set_num_threads(threads)

    def _descend(self, batch: Batch) -> float:
        """A gradient step; the loss before it."""
        self.optimiser.zero_grad()
        loss = loss_of(self.weights, self.shape, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights.values(), LARGEST_GRADIENT_NORM)
        self.optimiser.step()
        return float(loss.detach())


def _share(done: float) -> float:
    """Of the learning rate, after this share of the steps: it rises, then falls by half a cosine."""
    if done < WARM_UP:
        return done / WARM_UP
    left = (1 + cos(pi * (done - WARM_UP) / (1 - WARM_UP))) / 2
    return LEAST_RATE + (1 - LEAST_RATE) * left

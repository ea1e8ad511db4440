"""Surrogates of the tiny models: linear, with some of the model's weights and some of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from brittle.core.goal import Goal
from brittle.core.sample import Array, Sample
from tiny import TinyModel


@dataclass
class ToyLead:
    """Implements core.surrogate.Lead. asked: which rivals each request named, and how many rows it had."""

    name: str
    weights: Array
    label: int
    rows: int = 0
    asked: list[tuple[int, ...]] = field(default_factory=list)
    target: int | None = None
    margin: float = 0.0

    @property
    def classes(self) -> int:
        return len(self.weights)

    def gradient(self, x: Array, rivals: Sequence[int] = ()) -> Array:
        self.rows += len(x)
        self.asked.append(tuple(rivals))
        logits = x.reshape(len(x), -1) @ self.weights.reshape(self.classes, -1).T
        own = self.label if self.target is None else self.target
        others = [k for k in (rivals or range(self.classes)) if k != own]
        nearest = [others[int(row[others].argmax())] for row in logits]
        self.margin = float(logits[-1, own] - logits[-1, nearest[-1]])
        falls = np.stack([self.weights[own] - self.weights[k] for k in nearest])
        return falls if self.target is None else -falls

    def along(self, x: Array, weights: Array) -> Array:
        self.rows += len(x)
        return np.repeat(np.tensordot(weights, self.weights, 1)[None], len(x), axis=0)


@dataclass(frozen=True)
class ToySurrogate:
    """Implements core.surrogate.Surrogate. share: of the model's weights in its own; -1 turns them round."""

    model: TinyModel
    share: float = 0.5
    seed: int = 5
    name: str = "toy"
    sha256: str = "5" * 64

    def on(self, sample: Sample, goal: Goal) -> ToyLead:
        weights = self.model.weights
        own = np.random.default_rng(self.seed).normal(0, weights.std(), weights.shape)
        mixed = self.share * weights + (1 - abs(self.share)) * own
        return ToyLead(self.name, mixed.astype(np.float32), goal.label, target=goal.target)

"""Tasks that a prior learns from: tables of waves, or functions of a generated family."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.learning.prior.network import Batch
from brittle.learning.prior.tables import WaveTable
from brittle.optimise.families import Family, Task
from brittle.optimise.transformer import Usual
from brittle.searches.ripple.features import mirror_signs

Values = NDArray[np.float64]
Numbers = NDArray[Any]
FAMILY_TASKS, FAMILY_POINTS = 768, 64  # of a family that are learned from; points that say what is usual
FAMILY_ANCHORS = 128
SCATTER = 0.1  # standard deviation of points that cluster, farthest from the optimum
WAVE_WEIGHT, FAMILY_WEIGHT = 4.0, 1.0  # of what is usual, in values of a run's own


class Source(Protocol):
    """Where batches come from. features: of a point; usual: how values are standardised."""

    @property
    def features(self) -> int: ...
    @property
    def usual(self) -> Usual: ...

    def batch(self, rng: np.random.Generator, tasks: int, context: int, targets: int) -> Batch:
        """Tasks at random, each with as many points of context and targets."""
        ...

    def at_anchors(self, rng: np.random.Generator) -> tuple[Values, Values]:
        """Points that all tasks share, (m, f), and the values of all tasks there, (tasks, m)."""
        ...


@dataclass(frozen=True)
class TableSource:
    """Tables, of as many waves each: y is minus the fall in nats.

    Half of the contexts are drawn with a preference for waves that helped, as a search leaves them; half of
    the tasks are mirrored. mirror: the factors of that, (f,).
    """

    x: Array
    y: Array
    usual: Usual
    mirror: Array

    @classmethod
    def of(cls, tables: Sequence[WaveTable], axes: int, channels: int) -> "TableSource":
        """From at least one table, of waves along so many axes."""
        x, y = np.stack([t.x for t in tables]), -np.stack([t.falls for t in tables])
        shift = float(np.mean(y))
        spread = float(np.median(np.sqrt(np.mean(np.square(y - shift), axis=1))))
        usual = Usual(round(shift, 6), round(spread, 6), WAVE_WEIGHT)
        return cls(x, y, usual, mirror_signs(axes, channels).astype(np.float32))

    @property
    def features(self) -> int:
        """Of a wave."""
        return int(self.x.shape[2])

    def batch(self, rng: np.random.Generator, tasks: int, context: int, targets: int) -> Batch:
        """As of Source."""
        chosen = rng.integers(len(self.x), size=tasks)
        greed = rng.uniform(0, 2, (tasks, 1)) * (rng.random((tasks, 1)) < 0.5)
        spread = self.y.std(axis=1, keepdims=True)[chosen] + 1e-6
        order = np.argsort(
            greed * self.y[chosen] / spread - rng.gumbel(size=(tasks, self.x.shape[1])), axis=1
        )
        seen, rest = order[:, :context], order[:, context:]
        wanted = rng.permuted(rest, axis=1)[:, :targets]
        rows, signs = chosen[:, None], np.where(rng.random((tasks, 1, 1)) < 0.5, self.mirror, 1)
        return standardised(
            self.usual,
            self.x[rows, seen] * signs,
            self.y[rows, seen],
            self.x[rows, wanted] * signs,
            self.y[rows, wanted],
        )

    def at_anchors(self, rng: np.random.Generator) -> tuple[Values, Values]:
        """The waves that all tables begin with."""
        same = np.asarray(np.abs(self.x - self.x[:1]).max(axis=(0, 2)) < 1e-5)
        count = len(same) if same.all() else int(same.argmin())
        return self.x[0, :count].astype(np.float64), self.y[:, :count].astype(np.float64)


@dataclass(frozen=True)
class FamilySource:
    """Functions of a family; half of the points cluster between a random one and the optimum."""

    tasks: tuple[Task, ...]
    dimensions: int
    usual: Usual

    @classmethod
    def of(cls, family: Family, seed: int) -> "FamilySource":
        """Functions drawn by this seed."""
        made = tuple(family.task(generator(seed, "prior", "task", i)) for i in range(FAMILY_TASKS))
        rng = generator(seed, "prior", "usual")
        y = np.stack([task.f(rng.random((FAMILY_POINTS, family.dimensions))) for task in made])
        shift, scale = np.median(y.mean(axis=1)), np.median(y.std(axis=1))
        return cls(made, family.dimensions, Usual(float(shift), float(scale), FAMILY_WEIGHT))

    @property
    def features(self) -> int:
        """A number for each axis."""
        return self.dimensions

    def batch(self, rng: np.random.Generator, tasks: int, context: int, targets: int) -> Batch:
        """As of Source."""
        chosen = [self.tasks[i] for i in rng.integers(len(self.tasks), size=tasks)]
        points = np.stack([self._points(task, context + targets, rng) for task in chosen])
        y = np.stack([task.f(x) for task, x in zip(chosen, points, strict=True)])
        seen, wanted = points[:, :context], points[:, context:]
        return standardised(self.usual, seen, y[:, :context], wanted, y[:, context:])

    def at_anchors(self, rng: np.random.Generator) -> tuple[Values, Values]:
        """Points at random."""
        x = rng.random((FAMILY_ANCHORS, self.dimensions))
        return x, np.stack([task.f(x) for task in self.tasks])

    def _points(self, task: Task, count: int, rng: np.random.Generator) -> Values:
        points, centre = rng.random((count, self.dimensions)), rng.random(self.dimensions)
        share = rng.random((count, 1))
        clustered = share * task.optimum + (1 - share) * (centre + SCATTER * rng.normal(size=points.shape))
        return np.where(rng.random((count, 1)) < 0.5, points, np.clip(clustered, 0, 1))


def standardised(usual: Usual, context_x: Numbers, context_y: Numbers, x: Numbers, y: Numbers) -> Batch:
    """A batch whose values are in standard units, by the context of each task alone."""
    of = np.array([usual.of(values.astype(np.float64)) for values in context_y])
    shift, scale = of[:, :1], of[:, 1:]
    parts = context_x, (context_y - shift) / scale, x, (y - shift) / scale
    return Batch(*(np.ascontiguousarray(part, np.float32) for part in parts))

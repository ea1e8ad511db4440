"""What a batch is made of: kinds of rows by their shares, every row drawn by name.

A row depends on the seed, the arm, the step, its number in the batch and the weights of that step, so that
a training that was stopped goes on as if it had not been.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError
from brittle.core.sample import Array, InputSpec
from brittle.core.seeds import generator
from brittle.hardening.coloured import Painter, odds_of
from brittle.hardening.near import Labels, loss_gradient, one_step, pgd, random_start
from brittle.hardening.records import HardeningTask
from brittle.hardening.settings import HardeningSettings
from brittle.hardening.tuning import ROW_TUNING

CONTROL, HARDENED = "control", "hardened"
RIVALS: Mapping[str, Mapping[str, float]] = {
    "near": {"near": 1 / 2},
    "mixed": {"near": 1 / 3, "cells": 1 / 3},
    "pgd": {"pgd": 1 / 2},
    "augmix": {"augmix": 1 / 2},
    "flips": {"flips": 1 / 2},
}
"""Shares of a batch by method; the rest is clean."""


def shares_of(settings: HardeningSettings, task: HardeningTask) -> Mapping[str, float]:
    """What share of a hardened batch each kind of row has; the rest is clean. Raises UsageError.

    In the recipe signals have cells chosen by a gradient: the flips of their distortions are far in L2, where
    a short straight step does not lead.
    """
    if settings.method == "flips" and task.flips is None:
        raise UsageError("the method flips learns from flips; give runs of earlier audits that found some")
    if settings.method != "auto":
        return RIVALS[settings.method]
    signals = is_signal(task.spec)
    near = settings.near if settings.near is not None else 1 / 3 if signals else 1 / 2
    cells = settings.cells if settings.cells is not None else 1 / 3 if signals else 0.0
    flips = ROW_TUNING.most_flips if task.flips else 0.0
    clean = max(0.0, 1 - near - cells - flips)
    if near + cells + flips > 1 + 1e-9:
        raise UsageError(f"expected shares of near and cells of at most {1 - flips:g}, got {near + cells:g}")
    return {"near": near, "cells": cells, "flips": flips, "natural": settings.natural * clean}


def is_signal(spec: InputSpec) -> bool:
    """Whether inputs are signals along time, such as an ECG."""
    return "time" in spec.axes


@dataclass(frozen=True)
class Rows:
    """Rows of a batch: inputs (n, *shape), labels (n,), a generator each."""

    x: Array
    y: Labels
    rngs: Sequence[np.random.Generator]


class Batches:
    """Makes the batches of both trainings. epsilon is stated by step: it grows, and the guard lessens it."""

    def __init__(self, task: HardeningTask, settings: HardeningSettings) -> None:
        self.task, self.settings = task, settings
        self.painter = Painter(task.spec, task.grid, task.palette, odds_of(task.palette, task.worn))
        shares = shares_of(settings, task)
        self.counts = {kind: round(share * settings.batch) for kind, share in shares.items()}

    def make(self, arm: str, step: int, epsilon: float) -> tuple[Array, Labels]:
        """Inputs (batch, *shape) and labels (batch,): of the control clean, else each kind has its share."""
        rows = self._clean(arm, step)
        counts, begin = self.counts if arm == HARDENED else {}, 0
        for kind, count in counts.items():
            some = slice(begin, begin + count)
            part = Rows(rows.x[some], rows.y[some], rows.rngs[some])
            if not part.rngs:
                continue
            if kind == "flips":
                rows.x[some], rows.y[some] = self._flips(part)
            else:
                rows.x[some] = self._changed(kind, part, epsilon)
            begin += count
        return rows.x, rows.y

    def _clean(self, arm: str, step: int) -> Rows:
        """Samples, each met once before any is met again, as harmless copies."""
        learn, batch, seed = self.task.learn, self.settings.batch, self.settings.seed
        places = np.arange((step - 1) * batch, step * batch)
        rounds = places // len(learn.y)
        orders = {r: generator(seed, "harden", arm, "round", r).permutation(len(learn.y)) for r in {*rounds}}
        chosen = [orders[r][place % len(learn.y)] for r, place in zip(rounds, places, strict=True)]
        rngs = [generator(seed, "harden", arm, step, row) for row in range(batch)]
        x = [self._harmless(learn.x[i], rng) for i, rng in zip(chosen, rngs, strict=True)]
        return Rows(np.stack(x), learn.y[chosen], rngs)

    def _harmless(self, x: Array, rng: np.random.Generator) -> Array:
        """A copy that shows the same: a signal moved a little, an image mirrored where that was allowed."""
        axes = self.task.spec.axes
        if is_signal(self.task.spec):
            most = ROW_TUNING.most_shift
            return np.roll(x, rng.integers(-most, most + 1), axis=axes.index("time"))
        if self.settings.mirror and "width" in axes and rng.random() < 1 / 2:
            return np.flip(x, axes.index("width"))
        return x

    def _changed(self, kind: str, rows: Rows, epsilon: float) -> Array:
        """Rows of a kind."""
        if kind in ("natural", "augmix"):
            paint = self.painter.natural if kind == "natural" else self.painter.mixed
            return np.stack([paint(x, rng) for x, rng in zip(rows.x, rows.rngs, strict=True)])
        if kind == "cells":
            return self._cells(rows, epsilon)
        radii = _uniform(rows, ROW_TUNING.least_radius * epsilon, epsilon)
        attack = {"near": one_step, "pgd": pgd}[kind]
        return attack(self.task.logits, rows.x, rows.y, radii, self._directions(rows), self.task.spec.bounds)

    def _cells(self, rows: Rows, epsilon: float) -> Array:
        """Rows whose cells are distorted where the gradient near them says so."""
        most = ROW_TUNING.most_reach * epsilon
        reaches = _uniform(rows, ROW_TUNING.least_reach * most, most)
        radii = _uniform(rows, ROW_TUNING.least_radius * epsilon, epsilon)
        nearby = random_start(rows.x, radii, self._directions(rows))
        gradients = loss_gradient(self.task.logits, nearby, rows.y)
        named = zip(rows.x, gradients, reaches, rows.rngs, strict=True)
        return np.stack([self.painter.by_gradient(x, g, float(reach), rng) for x, g, reach, rng in named])

    def _flips(self, rows: Rows) -> tuple[Array, Labels]:
        """Random ones of the flips that were given."""
        flips: Any = self.task.flips
        chosen = [int(rng.integers(len(flips.y))) for rng in rows.rngs]
        return flips.x[chosen], flips.y[chosen]

    def _directions(self, rows: Rows) -> Array:
        """Of random starts, each of the shape of an input."""
        shape = self.task.spec.shape
        return np.stack([rng.standard_normal(shape, np.float32) for rng in rows.rngs])


def _uniform(rows: Rows, low: float, high: float) -> NDArray[np.float32]:
    """A random number for each row, (n,)."""
    return np.array([rng.uniform(low, high) for rng in rows.rngs], np.float32)

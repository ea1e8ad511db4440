"""Which weights are taken: a place on the line between the control and the hardened ones.

Interpolation gives back clean accuracy that hardening costs (Wortsman et al., WiSE-FT, CVPR 2022); what may
be lost is counted against the better of the original and the control, on samples that no batch had.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import torch
from numpy.typing import NDArray

from brittle.hardening.lost import lost_points
from brittle.hardening.near import Logits, margins_and_distances
from brittle.hardening.records import HardeningTask, Labelled, Point, Weights
from brittle.hardening.tuning import CHOICE_TUNING
from brittle.hardening.weights import between, load_weights


@dataclass(frozen=True)
class Measured:
    """A model on samples. right: which answers are, (n,); distance: median first-order, wrong ones 0."""

    right: NDArray[np.bool_]
    distance: float

    @property
    def clean(self) -> float:
        """Accuracy."""
        return float(self.right.mean())


def measure(logits: Logits, samples: Labelled) -> Measured:
    """Accuracy on all samples, the distance on the first ones."""
    answers = []
    with torch.no_grad():
        for begin in range(0, len(samples.y), CHOICE_TUNING.rows_at_once):
            some = samples.x[begin : begin + CHOICE_TUNING.rows_at_once]
            answers.append(logits(torch.tensor(some)).float().argmax(dim=1).numpy())
    first = slice(CHOICE_TUNING.distances)
    _, distances = margins_and_distances(logits, samples.x[first], samples.y[first])
    return Measured(np.concatenate(answers) == samples.y, float(np.median(distances)))


def line_of(task: HardeningTask, control: Weights, hardened: Weights, original: Measured) -> list[Point]:
    """All places on the line, measured on `choose`; the module is left with the last one's weights."""
    shares = [k / CHOICE_TUNING.shares for k in range(CHOICE_TUNING.shares + 1)]
    found = []
    for share in shares:
        load_weights(task.module, between(control, hardened, share))
        found.append(measure(task.logits, task.choose))
    better = max(original, found[0], key=lambda measured: measured.clean)
    return [_point(share, at, better) for share, at in zip(shares, found, strict=True)]


def original_point(original: Measured) -> Point:
    """The original as a place, off the line."""
    return Point(nan, original.clean, 0.0, 0.0, original.distance)


def best_of(line: Sequence[Point], original: Point, keep_clean: float) -> Point | None:
    """The place that is farthest from the decision boundary of those that keep enough; None without one.

    Rivals are the original, and the control unless it answers worse: where one of them is as far,
    hardening brought nothing.
    """
    control = line[0]
    rivals = [original, control] if control.clean >= original.clean else [original]
    kept = [point for point in line if point.share > 0 and point.lost_at_most <= keep_clean]
    best = max(kept, key=lambda point: point.distance, default=None)
    if best is None or best.distance <= max(rival.distance for rival in rivals):
        return None
    return best


def _point(share: float, at: Measured, better: Measured) -> Point:
    lost, at_most = lost_points(better.right, at.right)
    return Point(share, at.clean, lost, at_most, at.distance, int((better.right != at.right).sum()))

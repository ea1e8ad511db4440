"""Clean accuracy on the samples of the report: original, control and hardened model, paired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.classifier import Classifier
from brittle.core.errors import RefusedError
from brittle.core.sample import Sample
from brittle.report.intervals import newcombe
from brittle.tasks.harden.samples import Kept

AGAINST = ("before", "control")

Right = NDArray[np.bool_]


@dataclass(frozen=True)
class Answered:
    """Labels, and by model which of the samples it answered right, each (n,)."""

    labels: NDArray[np.int64]
    right: Mapping[str, Right]


def answered(report: Kept, models: Mapping[str, Classifier]) -> Answered:
    """Ask several models about all samples of the report."""
    labels: list[int] = []
    right: dict[str, list[bool]] = {name: [] for name in models}
    for samples in report.batches():
        labels += [int(sample.label or 0) for sample in samples]
        for name, model in models.items():
            right[name] += are_right(model, samples)
    return Answered(np.array(labels, np.int64), {name: np.array(row, bool) for name, row in right.items()})


def are_right(model: Classifier, samples: Sequence[Sample]) -> list[bool]:
    """Which of these samples a model answers right; what it refuses is wrong."""
    try:
        told = model(np.stack([sample.x for sample in samples]))
        return [int(p.argmax()) == s.label for p, s in zip(told, samples, strict=True)]
    except RefusedError:
        if len(samples) == 1:
            return [False]
        return [right for sample in samples for right in are_right(model, [sample])]


def accuracies(found: Answered, classes: Sequence[str]) -> dict[str, Any]:
    """For the card: accuracy of each, the hardened one's paired differences to the others, and by class."""
    right, n = found.right, len(found.labels)
    by_class = []
    for label in np.unique(found.labels):
        of = found.labels == label
        counts = {name: int(row[of].sum()) for name, row in right.items()}
        by_class.append({"name": classes[label], "samples": int(of.sum()), **counts})
    return {
        "samples": n,
        **{name: float(row.mean()) for name, row in right.items()},
        "against": {name: difference(right["after"], right[name]) for name in AGAINST},
        "classes": by_class,
    }


def difference(ours: Right, theirs: Right) -> dict[str, Any]:
    """Points of accuracy more than another model has, and their 95 % interval."""
    counts = [int(pairs.sum()) for pairs in (ours & theirs, ours & ~theirs, ~ours & theirs, ~ours & ~theirs)]
    sure = newcombe(*counts)
    low_high = [100 * sure.low, 100 * sure.high] if sure else None
    return {"points": 100 * (counts[1] - counts[2]) / max(1, len(ours)), "interval": low_high}

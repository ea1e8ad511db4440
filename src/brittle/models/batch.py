"""Which batch size a model answers fastest at, by a short measurement."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np

from brittle.core.classifier import Classifier
from brittle.core.sample import Array

SIZES = (1, 4, 8, 16, 32)
GOOD_ENOUGH = 0.97


@dataclass(frozen=True)
class BatchChoice:
    """batch: the size chosen. rates: rows per second at each size."""

    batch: int
    rates: dict[int, float]


def best_batch(
    classifier: Classifier, sample_input: Array, sizes: Sequence[int] = SIZES, limit: int | None = None
) -> BatchChoice:
    """The smallest size within 3 % of the fastest. limit: no greater one is tried, but 1.

    sample_input: one input, shown again and again. Every size is shown as many rows as the greatest has,
    after one batch of that to warm up: 192 rows for the default sizes, whatever the model.
    """
    sizes = [size for size in sizes if limit is None or size <= limit] or [1]
    most = max(sizes)
    rows = np.repeat(sample_input[np.newaxis], most, axis=0)
    classifier(rows)
    rates = {}
    for size in sorted(sizes):
        seconds = []
        for _ in range(most // size):
            start = perf_counter()
            classifier(rows[:size])
            seconds.append(perf_counter() - start)
        rates[size] = size / max(median(seconds), 1e-9)
    enough = GOOD_ENOUGH * max(rates.values())
    return BatchChoice(next(size for size, rate in rates.items() if rate >= enough), rates)

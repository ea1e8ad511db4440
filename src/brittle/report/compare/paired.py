"""Searches against the first one, sample by sample."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from brittle.core.seeds import generator
from brittle.report.compare.comparison import ComparedRun
from brittle.report.compare.equal import l2_at_equal_queries, shared_samples
from brittle.report.intervals import Interval, mean_interval, newcombe


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences (this search minus the first), its 95 % interval, how many pairs.

    equal: whether both searches have the same in every pair.
    """

    mean: float
    interval: Interval | None
    pairs: int
    equal: bool = False


@dataclass(frozen=True)
class Paired:
    """A search against the first one, sample by sample; None where no pair is left.

    asr, queries: over samples that both played, where a survivor counts the whole budget.
    l2: at equal queries, over samples that both had flipped by then.
    """

    name: str
    asr: Difference | None
    queries: Difference | None
    l2: Difference | None


def paired(compared: Sequence[ComparedRun]) -> list[Paired]:
    """Every search but the first against the first, on the samples they share."""
    first = compared[0]
    return [_against(first, other) for other in compared[1:]]


def _against(first: ComparedRun, other: ComparedRun) -> Paired:
    both = (first, other)
    pairs = [(first.outcomes[sample], other.outcomes[sample]) for sample in shared_samples(both)]
    equal = [(a, b) for a, b in l2_at_equal_queries(both) if isfinite(a) and isfinite(b)]

    def means(values: Sequence[float], what: str) -> Difference | None:
        rng = generator(first.summary.seed, "paired", other.name, what)
        return _of_means(values, rng) if values else None

    return Paired(
        other.name,
        _of_shares([(b.flipped, a.flipped) for a, b in pairs]) if pairs else None,
        means([b.queries - a.queries for a, b in pairs], "queries"),
        means([b - a for a, b in equal], "l2"),
    )


def _of_shares(pairs: Sequence[tuple[bool, bool]]) -> Difference:
    counts = Counter(pairs)
    ours, theirs = counts[True, False], counts[False, True]
    interval = newcombe(counts[True, True], ours, theirs, counts[False, False])
    return Difference((ours - theirs) / len(pairs), interval, len(pairs), ours == theirs == 0)


def _of_means(values: Sequence[float], rng: np.random.Generator) -> Difference:
    row = np.array(values, np.float64)
    return Difference(float(row.mean()), mean_interval(row, rng), len(row), not row.any())

"""One run held against another on the same samples: ratios of means or medians, with paired intervals."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from brittle.core.result import SearchResult, Status
from brittle.core.seeds import generator
from brittle.report.intervals import FEWEST, Interval, Values, ratio_interval
from brittle.report.wording import NO_INTERVAL

DRAWS = 2000


@dataclass(frozen=True)
class Ratio:
    """Ours over theirs, with its 95 % interval, None below 8 samples; samples: how many both have."""

    value: float
    interval: Interval | None
    samples: int

    def __str__(self) -> str:
        found = self.interval
        return f"{self.value:.2f}" + (f" ({found.low:.2f} to {found.high:.2f})" if found else "")


def pairs_table(
    name: str, ours: Sequence[SearchResult], others: Mapping[str, Sequence[SearchResult]], budget: int
) -> str:
    """One run over each of the others, as Markdown."""
    lines = [
        f"| {row} | {query_ratio(ours, theirs, budget)} | {step_ratio(ours, theirs)} "
        f"| {l2_ratio(ours, theirs)} |"
        for row, theirs in others.items()
    ]
    head = f"| {name}, over | Queries, all | Steps, flips of both | L2, flips of both |"
    note = (
        "Ratios of means on the same samples, with paired 95 % intervals (bootstrap-t of the "
        f"logarithm; {NO_INTERVAL}); below 1 is less."
    )
    return "\n".join([note, "", head, "|---|---:|---:|---:|", *lines]) + "\n"


def query_ratio(ours: Iterable[SearchResult], theirs: Iterable[SearchResult], budget: int) -> Ratio:
    """Mean queries to the first flip, a sample that held counting the budget."""
    played = (Status.FLIPPED, Status.SURVIVED)
    return _ratio(
        {r.sample: r.first.query if r.first else budget for r in ours if r.status in played},
        {r.sample: r.first.query if r.first else budget for r in theirs if r.status in played},
    )


def step_ratio(ours: Iterable[SearchResult], theirs: Iterable[SearchResult]) -> Ratio:
    """Mean steps, over samples that both flipped."""
    return _flipped(ours, theirs, lambda r: float((r.notes or {})["steps"]))


def l2_ratio(ours: Iterable[SearchResult], theirs: Iterable[SearchResult]) -> Ratio:
    """Mean L2 of the closest flips, over samples that both flipped."""
    return _flipped(ours, theirs, lambda r: r.closest.l2 if r.closest else np.nan)


def _flipped(
    ours: Iterable[SearchResult], theirs: Iterable[SearchResult], of: Callable[[SearchResult], float]
) -> Ratio:
    return _ratio({r.sample: of(r) for r in ours if r.first}, {r.sample: of(r) for r in theirs if r.first})


def _ratio(ours: dict[str, float], theirs: dict[str, float]) -> Ratio:
    shared = sorted(set(ours) & set(theirs))
    if not shared:
        return Ratio(np.nan, None, 0)
    first, second = (np.array([side[s] for s in shared], np.float64) for side in (ours, theirs))
    return mean_ratio(first, second, generator(0, "paired", len(shared)))


def mean_ratio(ours: Values, theirs: Values, rng: np.random.Generator) -> Ratio:
    """Ratio of the means of two rows, sample by sample the same ones."""
    return Ratio(float(ours.mean() / theirs.mean()), ratio_interval(ours, theirs, rng), len(ours))


def geometric_ratio(ours: Values, theirs: Values, rng: np.random.Generator) -> Ratio:
    """Geometric mean of the ratios of pairs, over those in which both are finite; percentiles as below."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    logs = np.log(ours[both] / theirs[both])
    if len(logs) < FEWEST:
        return Ratio(float(np.exp(logs.mean())) if len(logs) else np.nan, None, len(logs))
    means = logs[rng.integers(len(logs), size=(DRAWS, len(logs)))].mean(axis=1)
    low, high = np.exp(np.quantile(means, (0.025, 0.975)))
    return Ratio(float(np.exp(logs.mean())), Interval(float(low), float(high)), len(logs))


def median_ratio(ours: Values, theirs: Values, rng: np.random.Generator) -> Ratio:
    """Ratio of the medians of two rows, sample by sample the same; percentiles of pairs drawn again."""
    value = float(np.median(ours) / np.median(theirs))
    if len(ours) < FEWEST:
        return Ratio(value, None, len(ours))
    draws = rng.integers(len(ours), size=(DRAWS, len(ours)))
    ratios = np.median(ours[draws], axis=1) / np.median(theirs[draws], axis=1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return Ratio(value, Interval(float(low), float(high)), len(ours))

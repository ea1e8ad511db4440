"""One run held against another on the same samples: ratios of means, intervals of samples drawn in pairs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.result import SearchResult, Status
from brittle.core.seeds import generator

DRAWS = 2000


@dataclass(frozen=True)
class Ratio:
    """Ours over theirs, with its 95 % interval; samples: how many both have."""

    value: float
    low: float
    high: float
    samples: int

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


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
        "Ratios of means on the same samples, with 95 % intervals of samples drawn in pairs; below 1 is less."
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
        return Ratio(np.nan, np.nan, np.nan, 0)
    rng = generator(0, "paired", len(shared))
    first, second = (np.array([side[s] for s in shared], np.float64) for side in (ours, theirs))
    return paired_ratio(first, second, np.mean, rng)


def paired_ratio(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], statistic: Any, rng: np.random.Generator
) -> Ratio:
    """Ratio of a statistic of two rows, sample by sample the same ones; samples are drawn in pairs."""
    draws = rng.integers(len(ours), size=(DRAWS, len(ours)))
    ratios = statistic(ours[draws], axis=1) / statistic(theirs[draws], axis=1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return Ratio(float(statistic(ours) / statistic(theirs)), float(low), float(high), len(ours))

"""L2 of several searches after as many queries: what each had found when all had been given the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.report.compare.comparison import ComparedRun, Outcome
from brittle.report.curves import MOST_STEPS


def shared_samples(compared: Sequence[ComparedRun]) -> list[str]:
    """The samples that all played, in the order of the first."""
    return [sample for sample in compared[0].outcomes if all(sample in one.outcomes for one in compared)]


def l2_at_equal_queries(compared: Sequence[ComparedRun]) -> NDArray[np.float64]:
    """The L2 that each had reached on each shared sample, (samples, searches); infinite without a flip.

    Equal: on every sample, as many queries as the one had that was given fewest.
    """
    rows = [
        [one.outcomes[sample].l2_after(min(each.given(sample) for each in compared)) for one in compared]
        for sample in shared_samples(compared)
    ]
    return np.array(rows, np.float64).reshape(-1, len(compared))


@dataclass(frozen=True)
class AtEqual:
    """What one search had at equal queries: flips of so many samples, and the median L2 over all of these.

    median: a sample without a flip counts as infinitely far, so it is None where half of them have none.
    """

    median: float | None
    flipped: int
    samples: int


def at_equal_queries(compared: Sequence[ComparedRun]) -> list[AtEqual]:
    """One for each search, in their order."""
    found = l2_at_equal_queries(compared)
    return [AtEqual(_median(column), int(np.isfinite(column).sum()), len(column)) for column in found.T]


def _median(values: NDArray[np.float64]) -> float | None:
    middle = float(np.median(values)) if values.size else float("inf")
    return middle if np.isfinite(middle) else None


def median_course(one: ComparedRun, samples: Sequence[str]) -> tuple[list[float], list[float]]:
    """Queries at which the median of the best L2 so far over these samples falls, and to what; to the budget.

    It begins where the median is finite. Of more than MOST_STEPS flips some are passed over.
    """
    outcomes = [one.outcomes[sample] for sample in samples]
    places = np.unique([query for outcome in outcomes for query, _ in outcome.course])
    if not places.size:
        return [], []
    if places.size > MOST_STEPS:
        places = places[np.linspace(0, places.size - 1, MOST_STEPS).astype(int)]
    medians = np.median([_reached(outcome, places) for outcome in outcomes], axis=0)
    falls = medians < np.concatenate([[np.inf], medians[:-1]])
    x, y = places[falls].tolist(), medians[falls].tolist()
    return ([*x, one.summary.budget], [*y, y[-1]]) if y else ([], [])


def _reached(outcome: Outcome, places: NDArray[np.int64]) -> NDArray[np.float64]:
    queries = [query for query, _ in outcome.course]
    l2 = np.array([np.inf, *(l2 for _, l2 in outcome.course)])
    return np.asarray(l2[np.searchsorted(queries, places, side="right")], np.float64)

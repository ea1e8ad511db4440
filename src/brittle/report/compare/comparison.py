"""What a comparison keeps of each run: a pure function of its results."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from brittle.core.result import SearchResult, Status
from brittle.core.seeds import generator
from brittle.report.curves import PLAYED, Curves, curves
from brittle.report.summary import Spread, Summary


@dataclass(frozen=True)
class Outcome:
    """One played sample under one search.

    queries: to the first flip, the whole budget for a survivor; l2, linf, l0: of the closest flip.
    course: every flip that was closer than all before it, as its query and its L2.
    """

    flipped: bool
    queries: int
    l2: float | None = None
    linf: float | None = None
    l0: float | None = None
    course: tuple[tuple[int, float], ...] = ()

    def l2_after(self, queries: int) -> float:
        """L2 of the closest flip that so many queries had found; infinite where there was none."""
        found = bisect_right(self.course, queries, key=lambda flip: flip[0])
        return self.course[found - 1][1] if found else float("inf")


@dataclass(frozen=True)
class ComparedRun:
    """One run of a comparison.

    outcomes: of its played samples; asked: ids of all its samples; stops: whether at its first flip.
    """

    name: str
    summary: Summary
    curves: Curves
    outcomes: Mapping[str, Outcome]
    asked: frozenset[str]
    stops: bool = False

    def given(self, sample: str) -> int:
        """Queries that it had for a sample: the budget; up to the flip where it stops there."""
        return self.outcomes[sample].queries if self.stops else self.summary.budget

    def spread(self, name: str, *, flips: bool = True) -> Spread:
        """Mean and median of one number, with intervals; over the flips, or over all that were played."""
        values = [getattr(one, name) for one in self.outcomes.values() if one.flipped or not flips]
        return Spread.of(values, generator(self.summary.seed, self.name, name, int(flips)))


def compared_run(
    name: str, results: Iterable[SearchResult], summary: Summary, *, to_first: bool = False
) -> ComparedRun:
    """What a comparison keeps of one run. to_first: its settings ask for first flips alone."""
    kept = list(results)
    outcomes = {r.sample: _outcome(r, summary.budget) for r in kept if r.status in PLAYED}
    asked = frozenset(r.sample for r in kept)
    stops = to_first or _stops_by_itself(kept, summary.budget)
    return ComparedRun(name, summary, curves(kept, summary.budget), outcomes, asked, stops)


def _outcome(result: SearchResult, budget: int) -> Outcome:
    if result.status is Status.FLIPPED and result.first and result.closest:
        flip = result.closest
        return Outcome(True, result.first.query, flip.l2, flip.linf, flip.l0, _course(result))
    return Outcome(False, budget)


def _course(result: SearchResult) -> tuple[tuple[int, float], ...]:
    flips = [(point.query, point.l2) for point in result.curve if point.l2 is not None]
    flips += [(flip.query, flip.l2) for flip in (result.first, result.closest) if flip]
    course: list[tuple[int, float]] = []
    for query, l2 in sorted(flips):
        if not course or l2 < course[-1][1]:
            course.append((query, l2))
    return tuple(course)


def _stops_by_itself(results: Iterable[SearchResult], budget: int) -> bool:
    """Whether it ended with queries left and no closer flip wherever it could go on after the first."""
    rows = budget - 1  # the last one is kept back for verification
    could = [r for r in results if r.first and r.closest and r.first.query + 1 < rows]
    return bool(could) and all(r.closest == r.first and r.queries < rows for r in could)

"""What each attack found on the original, the control and the hardened model: a pure function of runs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite
from typing import Any

import numpy as np

from brittle.core.result import SearchResult, Status
from brittle.core.seeds import generator
from brittle.report.curves import Curve
from brittle.report.intervals import Interval, mean_interval, newcombe, ratio_interval, wilson
from brittle.searches import open_search
from brittle.store.run import Run

ARMS = ("before", "control", "after")
AGAINST = ("before", "control")


@dataclass(frozen=True)
class Found:
    """One sample. l2: of the closest flip, 0 where it was wrong untouched, infinite where it held.

    queries: to the first flip, the budget where it held.
    """

    l2: float
    queries: int


@dataclass(frozen=True)
class Arm:
    """One attack on one model, on the samples that could be played on all three.

    within: share flipped within the limit, wrong ones among them. asr: of those that were right, at any
    distance. mean_l2, median_l2: of their closest flips.
    """

    samples: int
    wrong: int
    within: float
    within_interval: Interval | None
    asr: float | None
    queries: float
    mean_l2: float | None
    median_l2: float | None
    curve: Curve


@dataclass(frozen=True)
class Change:
    """The hardened model against another one, sample by sample; None where there are no pairs.

    within: difference of the shares flipped within the limit. l2: geometric mean of the ratios of closest
    flips that both have, of so many pairs. queries: ratio of means.
    """

    within: float
    within_interval: Interval | None
    l2: float | None
    l2_interval: Interval | None
    pairs: int
    queries: float
    queries_interval: Interval | None

    @property
    def is_fewer(self) -> bool:
        """Whether clearly fewer samples flip within the limit."""
        return self.within_interval is not None and self.within_interval.high < 0


@dataclass(frozen=True)
class Attack:
    """An attack before and after. trained_on: whether it plays on the cells that batches were made of.

    at_limit: whether its candidates lie at the limit, so that its distances say nothing. folder: of its runs.
    """

    name: str
    folder: str
    trained_on: bool
    at_limit: bool
    limit: float | None
    budget: int
    arms: Mapping[str, Arm]
    against: Mapping[str, Change]


def closest_l2(run: Run) -> list[float]:
    """L2 of the closest flips of a run."""
    return [r.closest.l2 for r in run.results() if r.status is Status.FLIPPED and r.closest]


def attack_of(name: str, runs: Mapping[str, Run], limit: float | None) -> Attack:
    """The numbers of an attack, from its run of each model."""
    asked = runs["before"].manifest.settings
    budget, seed = int(asked.get("budget") or 0), int(asked.get("seed") or 0)
    every = {arm: found_of(runs[arm], budget) for arm in ARMS}
    shared = [s for s in every["before"] if all(s in found for found in every.values())]
    rows = {arm: [found[s] for s in shared] for arm, found in every.items()}
    return Attack(
        name=name,
        folder=runs["before"].path.name,
        trained_on=open_search(str(asked["search"]), **asked.get("search_settings", {})).board == "cells",
        at_limit=asked.get("goal") == "first" and asked.get("max_l2") is not None,
        limit=limit,
        budget=budget,
        arms={arm: _arm(found, limit) for arm, found in rows.items()},
        against={
            arm: _change(rows["after"], rows[arm], limit, generator(seed, name, arm)) for arm in AGAINST
        },
    )


def found_of(run: Run, budget: int) -> dict[str, Found]:
    """What an attack found of each sample that it could play; budget: the queries of one that held."""
    return {r.sample: found for r in run.results() if (found := _of_result(r, budget))}


def _of_result(result: SearchResult, budget: int) -> Found | None:
    if result.status is Status.MISCLASSIFIED:
        return Found(0.0, 1)
    if result.status is Status.SURVIVED:
        return Found(inf, budget)
    if result.status is Status.FLIPPED and result.first and result.closest:
        return Found(result.closest.l2, result.first.query)
    return None


def _within(found: Found, limit: float | None) -> bool:
    return found.l2 < inf if limit is None else found.l2 <= limit


def _arm(rows: Sequence[Found], limit: float | None) -> Arm:
    hits, flips = sum(_within(row, limit) for row in rows), [r.l2 for r in rows if 0 < r.l2 < inf]
    wrong = sum(row.l2 == 0 for row in rows)
    return Arm(
        samples=len(rows),
        wrong=wrong,
        within=hits / max(1, len(rows)),
        within_interval=wilson(hits, len(rows)),
        asr=len(flips) / (len(rows) - wrong) if len(rows) > wrong else None,
        queries=float(np.mean([row.queries for row in rows])) if rows else 0.0,
        mean_l2=float(np.mean(flips)) if flips else None,
        median_l2=float(np.median(flips)) if flips else None,
        curve=Curve(np.sort([row.l2 for row in rows if isfinite(row.l2)]), len(rows)),
    )


def _change(
    ours: Sequence[Found], theirs: Sequence[Found], limit: float | None, rng: np.random.Generator
) -> Change:
    pairs = list(zip(ours, theirs, strict=True))
    counts = Counter((_within(a, limit), _within(b, limit)) for a, b in pairs)
    only_ours, only_theirs = counts[True, False], counts[False, True]
    logs = np.array([np.log(a.l2 / b.l2) for a, b in pairs if 0 < a.l2 < inf and 0 < b.l2 < inf], np.float64)
    sure = mean_interval(logs, rng) if len(logs) else None
    now, then = (np.array([found.queries for found in rows], np.float64) for rows in (ours, theirs))
    return Change(
        within=(only_ours - only_theirs) / max(1, len(pairs)),
        within_interval=newcombe(counts[True, True], only_ours, only_theirs, counts[False, False]),
        l2=exp(float(logs.mean())) if len(logs) else None,
        l2_interval=Interval(exp(sure.low), exp(sure.high)) if sure else None,
        pairs=len(logs),
        queries=float(now.mean() / then.mean()) if pairs else 1.0,
        queries_interval=ratio_interval(now, then, rng) if pairs else None,
    )


def plain(attack: Attack) -> dict[str, Any]:
    """An attack as plain data, for JSON."""

    def listed(found: Interval | None) -> list[float] | None:
        return found.to_list() if found else None

    return {
        "trained_on": attack.trained_on,
        "limit": attack.limit,
        "arms": {
            name: {
                "samples": arm.samples,
                "wrong": arm.wrong,
                "within": arm.within,
                "within_interval": listed(arm.within_interval),
                "queries": arm.queries,
                "median_l2": None if attack.at_limit else arm.median_l2,
            }
            for name, arm in attack.arms.items()
        },
        "against": {
            name: {
                "within": change.within,
                "within_interval": listed(change.within_interval),
                "l2": None if attack.at_limit else change.l2,
                "l2_interval": None if attack.at_limit else listed(change.l2_interval),
                "pairs": change.pairs,
                "queries": change.queries,
                "queries_interval": listed(change.queries_interval),
            }
            for name, change in attack.against.items()
        },
    }

"""Several searches on the same samples, as numbers: a pure function of their results."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from brittle.core.result import SearchResult, Status
from brittle.core.seeds import generator
from brittle.report.curves import PLAYED, Curves, curves
from brittle.report.intervals import Interval, mean_interval, newcombe
from brittle.report.summary import Spread, Summary

SETTINGS_IN_WORDS = {
    "budget": "budgets",
    "max_l2": "greatest L2 distances",
    "target": "targets",
    "top_k": "goals (top k)",
    "goal": "ends of a search (first or closest flip)",
    "seed": "seeds",
}


@dataclass(frozen=True)
class Outcome:
    """One played sample under one search. queries: to the first flip, the whole budget for a survivor."""

    flipped: bool
    queries: int
    l2: float | None = None
    linf: float | None = None
    l0: float | None = None


@dataclass(frozen=True)
class ComparedRun:
    """One run of a comparison. outcomes: of its played samples; asked: ids of all its samples."""

    name: str
    summary: Summary
    curves: Curves
    outcomes: Mapping[str, Outcome]
    asked: frozenset[str]

    def spread(self, name: str, *, flips: bool = True) -> Spread:
        """Mean and median of one number, with intervals; over the flips, or over all that were played."""
        values = [getattr(one, name) for one in self.outcomes.values() if one.flipped or not flips]
        return Spread.of(values, generator(self.summary.seed, self.name, name, int(flips)))


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
    l2: of the closest flips, over samples that both flipped.
    """

    name: str
    asr: Difference | None
    queries: Difference | None
    l2: Difference | None


def compared_run(name: str, results: Iterable[SearchResult], summary: Summary) -> ComparedRun:
    """What a comparison keeps of one run."""
    kept = list(results)
    outcomes = {r.sample: _outcome(r, summary.budget) for r in kept if r.status in PLAYED}
    asked = frozenset(r.sample for r in kept)
    return ComparedRun(name, summary, curves(kept, summary.budget), outcomes, asked)


def _outcome(result: SearchResult, budget: int) -> Outcome:
    if result.status is Status.FLIPPED and result.first and result.closest:
        flip = result.closest
        return Outcome(True, result.first.query, flip.l2, flip.linf, flip.l0)
    return Outcome(False, budget)


def paired(compared: Sequence[ComparedRun]) -> list[Paired]:
    """Every search but the first against the first, on the samples they share."""
    first = compared[0]
    return [_against(first, other) for other in compared[1:]]


def _against(first: ComparedRun, other: ComparedRun) -> Paired:
    pairs = [(first.outcomes[s], other.outcomes[s]) for s in first.outcomes if s in other.outcomes]
    both = [(a.l2, b.l2) for a, b in pairs if a.l2 is not None and b.l2 is not None]

    def means(values: Sequence[float], what: str) -> Difference | None:
        rng = generator(first.summary.seed, "paired", other.name, what)
        return _of_means(values, rng) if values else None

    return Paired(
        other.name,
        _of_shares([(b.flipped, a.flipped) for a, b in pairs]) if pairs else None,
        means([b.queries - a.queries for a, b in pairs], "queries"),
        means([b - a for a, b in both], "l2"),
    )


def _of_shares(pairs: Sequence[tuple[bool, bool]]) -> Difference:
    counts = Counter(pairs)
    ours, theirs = counts[True, False], counts[False, True]
    interval = newcombe(counts[True, True], ours, theirs, counts[False, False])
    return Difference((ours - theirs) / len(pairs), interval, len(pairs), ours == theirs == 0)


def _of_means(values: Sequence[float], rng: np.random.Generator) -> Difference:
    row = np.array(values, np.float64)
    return Difference(float(row.mean()), mean_interval(row, rng), len(row), not row.any())


@dataclass(frozen=True)
class Conditions:
    """What a run asks, as far as comparisons depend on it. cells: what assignments mean, or None."""

    name: str
    model: str
    data: str
    settings: Mapping[str, Any]
    cells: str | None
    wanted: int | None


def warnings(conditions: Sequence[Conditions], compared: Sequence[ComparedRun]) -> list[str]:
    """Why these runs are not comparable, one sentence each; empty if they are."""
    found = [
        *_differ(conditions, "models", [c.model for c in conditions]),
        *_differ(conditions, "data", [c.data for c in conditions]),
    ]
    for key, words in SETTINGS_IN_WORDS.items():
        found += _differ(conditions, words, [_known(c.settings, key) for c in conditions])
    on_cells = [c for c in conditions if c.cells is not None]
    found += _differ(on_cells, "distortions or cells", [c.cells for c in on_cells], shown=False)
    return found + _other_samples(conditions, compared)


def _known(settings: Mapping[str, Any], key: str) -> Any:
    value = settings.get(key)
    return "none" if value is None else value


def _differ(
    conditions: Sequence[Conditions], words: str, values: Sequence[Any], shown: bool = True
) -> list[str]:
    if len(set(map(str, values))) < 2:
        return []
    each = ", ".join(f"{c.name}: {v}" if shown else c.name for c, v in zip(conditions, values, strict=True))
    return [f"These runs have different {words} ({each}); their numbers do not answer the same question."]


def _other_samples(conditions: Sequence[Conditions], compared: Sequence[ComparedRun]) -> list[str]:
    found = []
    first = compared[0]
    for asked, other in zip(conditions, compared, strict=True):
        if asked.wanted is not None and len(other.asked) < asked.wanted:
            found.append(
                f"{other.name} has finished {len(other.asked)} of {asked.wanted} samples; "
                "run its audit again to finish it."
            )
        common = len(first.asked & other.asked)
        if other.asked != first.asked:
            found.append(
                f"{other.name} and {first.name} share {common} samples of {len(other.asked)} and "
                f"{len(first.asked)}; only the paired differences are on the same samples."
            )
        elif other.outcomes.keys() != first.outcomes.keys():
            found.append(
                f"{other.name} and {first.name} did not play the same samples "
                f"({len(other.outcomes)} and {len(first.outcomes)}); one of them failed on some."
            )
    return found

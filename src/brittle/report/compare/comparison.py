"""Several searches on the same samples, as numbers: a pure function of their results."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.result import SearchResult, Status
from brittle.core.seeds import generator
from brittle.report.curves import PLAYED, Curves, curves
from brittle.report.intervals import Interval, bootstrap
from brittle.report.summary import Spread, Summary

CONDITIONS = {
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
class Contender:
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
    """The mean of paired differences (this search minus the first), its 95 % interval, how many pairs."""

    mean: float
    interval: Interval | None
    pairs: int


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


def contender(name: str, results: Iterable[SearchResult], summary: Summary) -> Contender:
    """What a comparison keeps of one run."""
    kept = list(results)
    outcomes = {r.sample: _outcome(r, summary.budget) for r in kept if r.status in PLAYED}
    asked = frozenset(r.sample for r in kept)
    return Contender(name, summary, curves(kept, summary.budget), outcomes, asked)


def _outcome(result: SearchResult, budget: int) -> Outcome:
    if result.status is Status.FLIPPED and result.first and result.closest:
        flip = result.closest
        return Outcome(True, result.first.query, flip.l2, flip.linf, flip.l0)
    return Outcome(False, budget)


def paired(contenders: Sequence[Contender]) -> list[Paired]:
    """Every search but the first against the first, on the samples they share."""
    first = contenders[0]
    return [_against(first, other) for other in contenders[1:]]


def _against(first: Contender, other: Contender) -> Paired:
    pairs = [(first.outcomes[s], other.outcomes[s]) for s in first.outcomes if s in other.outcomes]
    seed = first.summary.seed

    def difference(values: list[float], what: str) -> Difference | None:
        if not values:
            return None
        row: NDArray[np.float64] = np.array(values, np.float64)
        rng = generator(seed, "paired", other.name, what)
        return Difference(float(row.mean()), bootstrap(row, np.mean, rng), len(values))

    both = [(a.l2, b.l2) for a, b in pairs if a.l2 is not None and b.l2 is not None]
    return Paired(
        other.name,
        difference([float(b.flipped) - float(a.flipped) for a, b in pairs], "asr"),
        difference([float(b.queries - a.queries) for a, b in pairs], "queries"),
        difference([b - a for a, b in both], "l2"),
    )


@dataclass(frozen=True)
class Question:
    """What a run asks, as far as comparisons depend on it. cells: what assignments mean, or None."""

    name: str
    model: str
    data: str
    settings: Mapping[str, Any]
    cells: str | None
    wanted: int | None


def warnings(questions: Sequence[Question], contenders: Sequence[Contender]) -> list[str]:
    """Why these runs are not comparable, one sentence each; empty if they are."""
    found = [
        *_differ(questions, "models", [q.model for q in questions]),
        *_differ(questions, "data", [q.data for q in questions]),
    ]
    for key, words in CONDITIONS.items():
        found += _differ(questions, words, [_known(q.settings, key) for q in questions])
    on_cells = [q for q in questions if q.cells is not None]
    found += _differ(on_cells, "distortions or cells", [q.cells for q in on_cells], shown=False)
    return found + _other_samples(questions, contenders)


def _known(settings: Mapping[str, Any], key: str) -> Any:
    value = settings.get(key)
    return "none" if value is None else value


def _differ(
    questions: Sequence[Question], words: str, values: Sequence[Any], shown: bool = True
) -> list[str]:
    if len(set(map(str, values))) < 2:
        return []
    each = ", ".join(f"{q.name}: {v}" if shown else q.name for q, v in zip(questions, values, strict=True))
    return [f"These runs have different {words} ({each}); their numbers do not answer the same question."]


def _other_samples(questions: Sequence[Question], contenders: Sequence[Contender]) -> list[str]:
    found = []
    first = contenders[0]
    for question, other in zip(questions, contenders, strict=True):
        if question.wanted is not None and len(other.asked) < question.wanted:
            found.append(
                f"{other.name} has finished {len(other.asked)} of {question.wanted} samples; "
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

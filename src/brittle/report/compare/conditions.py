"""Why runs are not comparable: what they ask for, and on which samples they played."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brittle.report.compare.comparison import ComparedRun

SETTINGS_IN_WORDS = {
    "budget": "budgets",
    "max_l2": "greatest L2 distances",
    "target": "targets",
    "top_k": "goals (top k)",
    "goal": "ends of a search (first or closest flip)",
    "seed": "seeds",
}


@dataclass(frozen=True)
class Conditions:
    """What a run asks, as far as comparisons depend on it. cells: what assignments mean, or None.

    surrogates: what its search learned from without a query.
    """

    name: str
    model: str
    data: str
    settings: Mapping[str, Any]
    cells: str | None
    wanted: int | None
    surrogates: str = "none"


def warnings(conditions: Sequence[Conditions], compared: Sequence[ComparedRun]) -> list[str]:
    """Why these runs are not comparable, one sentence each; empty if they are."""
    found = [
        *_differ(conditions, "models", [c.model for c in conditions]),
        *_differ(conditions, "data", [c.data for c in conditions]),
    ]
    for key, words in SETTINGS_IN_WORDS.items():
        found += _differ(conditions, words, [_known(c.settings, key) for c in conditions])
    found += _differ(conditions, "surrogates", [c.surrogates for c in conditions])
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

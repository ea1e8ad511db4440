"""Do two orders of the same models agree: Kendall's rank correlation."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

from brittle.store.scores import ScoreEntry

FEWEST = 3
"""Of fewer models there is none: two always agree or disagree wholly."""


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b of two orders of `models`; None where they are too few, or all alike."""

    of: str
    tau: float | None
    models: int


def agreements(entries: Sequence[ScoreEntry]) -> list[Agreement]:
    """Of clean accuracy with accuracy on the set, and of the two halves of the sources."""
    clean = [entry.clean.accuracy for entry in entries]
    hard = [1 - entry.mean_error for entry in entries]
    halves = [(a, b) for a, b in (entry.halves for entry in entries) if a is not None and b is not None]
    return [
        _agreement("Clean accuracy and accuracy on this set", clean, hard),
        _agreement("Two halves of the sources", [a for a, _ in halves], [b for _, b in halves]),
    ]


def _agreement(of: str, ours: Sequence[float], theirs: Sequence[float]) -> Agreement:
    few = len(ours) < FEWEST
    return Agreement(of, None if few else kendall_tau(ours, theirs), len(ours))


def kendall_tau(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Tau-b, in [-1, 1], of pairs of values; None where all values of a side are the same.

    Pairs in the same order less pairs in the other, over the geometric mean of the pairs that are not tied on
    either side. Source: Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945.
    """
    signs = [
        (_sign(a - c), _sign(b - d)) for (a, b), (c, d) in combinations(zip(ours, theirs, strict=True), 2)
    ]
    untied = sum(a != 0 for a, _ in signs) * sum(b != 0 for _, b in signs)
    return sum(a * b for a, b in signs) / sqrt(untied) if untied else None


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)

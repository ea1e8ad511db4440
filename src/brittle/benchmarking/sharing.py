"""Which patterns are hard for everyone: scored on samples that do not go into the set.

Successive halving (Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
Optimization", AISTATS 2016) in two rounds: all patterns on a few samples, then the best of them on the rest.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from brittle.benchmarking.levels import DistanceLevel
from brittle.benchmarking.patterns import PatternBoard, Patterns, tries
from brittle.benchmarking.tuning import TUNING
from brittle.core.build_run import DIGITS, Keep, LeftOut, ask_clean, ended, rows
from brittle.core.goal import JointGoal
from brittle.core.hard_result import HardResult
from brittle.core.request import Request, SampleRun
from brittle.core.sample import Array, Sample

Scores = tuple[float | None, ...]


@dataclass(frozen=True)
class ShareRules:
    """What all sample runs share."""

    joint: Callable[[int], JointGoal]
    kinds: Sequence[Patterns]
    level: DistanceLevel
    surrogates: Sequence[str]
    keep: Keep = "all"
    seed: int = 0


def score_sample(name: str, open_sample: Callable[[], Sample], rules: ShareRules) -> SampleRun[HardResult]:
    """The run of one sample that patterns are chosen on: a row for each pattern of each kind."""
    return (yield from ended(name, rules.seed, lambda known: _score(open_sample, rules, known)))


def _score(
    open_sample: Callable[[], Sample], rules: ShareRules, known: dict[str, Any]
) -> Generator[Request, Array, dict[str, Any]]:
    sample = open_sample()
    goal, _ = yield from ask_clean(sample, rules.joint, rules.surrogates, rules.keep, known)
    found: dict[str, Scores] = {}
    for patterns in rules.kinds:
        recipes = [patterns.plain(i) for i in range(len(patterns))]
        board = PatternBoard(sample, patterns, recipes, rules.level)
        scores: list[float | None] = [None] * len(patterns)
        for moves in tries(board):
            answers = yield from rows(Request(board, moves), known, "share")
            for move, margin in zip(moves, goal.margin(answers), strict=True):
                scores[int(move[0])] = round(float(margin) - goal.kappa, DIGITS)
        if all(score is None for score in scores):
            raise LeftOut(f"{patterns.name} cannot be brought to the level {rules.level.name}")
        found[patterns.name] = tuple(scores)
    return {"scores": found}


def survivors(count: int, keep: int) -> int:
    """How many of so many patterns go into the second round, where `keep` are kept at the end."""
    return min(count, max(keep, ceil(TUNING.survivors * count)))


def ranking(results: Iterable[Mapping[str, Scores]], kind: str) -> list[tuple[int, float]]:
    """Patterns of a kind with their mean score over samples, the hardest for all first.

    One that did not reach the level on some sample comes last. There must be a sample.
    """
    table = np.array([[np.inf if s is None else s for s in found[kind]] for found in results])
    means = table.mean(axis=0)
    return [(int(i), float(means[i])) for i in np.argsort(means, kind="stable")]

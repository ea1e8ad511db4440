"""Where a summary comes from: weakest classes, confusions and the distortions used."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

import numpy as np

from brittle.core.canvas import Layer
from brittle.core.result import SearchResult, Status
from brittle.report.classes import class_name, own_class
from brittle.report.curves import PLAYED

FEWEST_PLAYED = 5  # samples of a class, for it to be called weak


@dataclass(frozen=True)
class ClassRow:
    """How one class held. played: samples of it that were right to begin with; asr: flipped / played."""

    label: int
    name: str
    samples: int
    played: int
    flipped: int
    l2: float

    @property
    def asr(self) -> float:
        """Attack success rate within the class."""
        return self.flipped / self.played


@dataclass(frozen=True)
class SampleRow:
    """One flipped sample. name: of its class; l2: of its closest flip."""

    sample: str
    name: str
    l2: float


@dataclass(frozen=True)
class Weakest:
    """What broke most easily. classes: with least_played samples or more; samples: whatever their class."""

    classes: tuple[ClassRow, ...]
    samples: tuple[SampleRow, ...]
    least_played: int

    def __bool__(self) -> bool:
        return bool(self.samples)


@dataclass
class _ClassTally:
    samples: int = 0
    played: int = 0
    l2: list[float] = field(default_factory=list)


def weakest(
    results: Iterable[SearchResult], classes: Sequence[str], most: int = 15, least_played: int = FEWEST_PLAYED
) -> Weakest:
    """Classes that flipped, the greatest ASR first and the least median L2 first among equals; and samples.

    A class of fewer played samples than least_played says nothing and is left out. Samples: least L2 first.
    """
    tallies: defaultdict[int, _ClassTally] = defaultdict(_ClassTally)
    samples: list[SampleRow] = []
    for result in results:
        label = own_class(result)
        if label is None:
            continue
        tally = tallies[label]
        tally.samples += 1
        tally.played += result.status in PLAYED
        if result.status is Status.FLIPPED and result.closest:
            tally.l2.append(result.closest.l2)
            samples.append(SampleRow(result.sample, class_name(classes, label), result.closest.l2))
    rows = [
        ClassRow(k, class_name(classes, k), t.samples, t.played, len(t.l2), float(np.median(t.l2)))
        for k, t in tallies.items()
        if t.l2 and t.played >= least_played
    ]
    rows.sort(key=lambda row: (-row.asr, row.l2, row.label))
    nearest = nsmallest(most, samples, key=lambda row: row.l2)
    return Weakest(tuple(rows[:most]), tuple(nearest), least_played)


@dataclass(frozen=True)
class Confusion:
    """How many samples of one class the model took for another after the closest flip."""

    label: str
    predicted: str
    count: int


def confusions(results: Iterable[SearchResult], classes: Sequence[str], most: int = 10) -> list[Confusion]:
    """The commonest pairs of own class and class after the flip."""
    pairs: Counter[tuple[int, int]] = Counter()
    for result in results:
        label = own_class(result)
        if label is not None and result.status is Status.FLIPPED and result.closest:
            pairs[label, result.closest.predicted] += 1
    ordered = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return [Confusion(class_name(classes, a), class_name(classes, b), n) for (a, b), n in ordered]


@dataclass(frozen=True)
class DistortionRow:
    """How much the closest flips used one distortion. share: of all touched cells; flips: that used it."""

    name: str
    cells: int
    share: float
    flips: int


def distortions_used(results: Iterable[SearchResult], palette: Sequence[Layer]) -> list[DistortionRow]:
    """The distortions in the closest flips, most used first; empty where flips have none."""
    cells: Counter[str] = Counter()
    flips: Counter[str] = Counter()
    for result in results:
        if result.status is Status.FLIPPED and result.closest:
            used = touched_cells(result.closest.assignment, palette)
            cells.update(used)
            flips.update(used.keys())
    return [
        DistortionRow(name, n, n / cells.total(), flips[name])
        for name, n in sorted(cells.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def touched_cells(assignment: Sequence[int] | None, palette: Sequence[Layer]) -> Counter[str]:
    """How many cells of one flip have each distortion."""
    used = (k for k in assignment or () if 0 < k <= len(palette))
    return Counter(palette[k - 1].distortion for k in used)

"""What a run found, as numbers: a pure function of its results."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite, prod
from typing import Any

import numpy as np

from brittle.core import distance
from brittle.core.result import Flip, SearchResult, Status
from brittle.core.rows import Rows
from brittle.core.sample import InputSpec
from brittle.core.seeds import generator
from brittle.report.intervals import Interval, mean_interval, median_interval, wilson
from brittle.report.robustness import Robustness, robustness_of
from brittle.store.records import FORMAT
from brittle.store.run import Run

NO_ROWS = Rows()
DISTANCES = (
    "l2",
    "rms",
    "psnr",
    "linf",
    "l0",
    "mean_absolute",
    "map",
    "cells",
    "frames",
    "frames_in_row",
    "snr",
    "prd",
)
OF_SOME = {"rms", "psnr", "map", "cells", "frames", "frames_in_row", "snr", "prd"}
"""Distances that not every kind of input has."""
FARTHEST_MAP = 12.75
"""That a survivor counts in the mean over all: the L-infinity bound of AstFocus, 0.05 of 255."""


@dataclass(frozen=True)
class Spread:
    """Mean and median of some values, None where there are none; 95 % intervals of both where asked for."""

    mean: float | None = None
    median: float | None = None
    interval: Interval | None = None
    median_interval: Interval | None = None

    @classmethod
    def of(cls, values: Iterable[float], rng: np.random.Generator | None = None) -> "Spread":
        """The spread of values; with a generator, also intervals, where there are values enough."""
        row = np.asarray(array("d", values))
        if not row.size:
            return cls()
        mean, median = float(row.mean()), float(np.median(row))
        if rng is None:
            return cls(mean, median)
        return cls(mean, median, mean_interval(row, rng), median_interval(row))

    def to_dict(self, *, intervals: bool = False) -> dict[str, Any]:
        """Plain data, for JSON."""
        out: dict[str, Any] = {"mean": self.mean, "median": self.median}
        if intervals:
            out["interval"] = self.interval and self.interval.to_list()
            out["median_interval"] = self.median_interval and self.median_interval.to_list()
        return out


@dataclass(frozen=True)
class Summary:
    """The numbers of one run.

    rows:        queries of all samples, misclassified and failed ones too.
    shown:       what the model was shown by all commands, by what for.
    queries:     to the first flip, over flips; queries_all: over flipped and survived, where a survivor
                 counts the whole budget. first_l2: the L2 of that flip.
    distances:   of the closest flip of each flipped sample, by the names in DISTANCES, in the input's units.
                 closest_queries: the query that found it.
    spec:        of the inputs, where it is known: what an L2 means depends on it.
    notes:       what the search says of itself (rounds ...), over flips.
    map_all:     of clips, MAP over flipped and survived, where a survivor counts FARTHEST_MAP.
    map1_queries: to the first flip of a clip of a MAP of at most 1, over those; map1: how many there are.
    labelled:    samples with a label that the model answered: those that accuracy is about.
    robustness:  the one figure, of an audit with severity curves.
    """

    samples: int
    misclassified: int
    flipped: int
    survived: int
    failed: int
    rows: int
    queries: Spread
    queries_all: Spread
    first_l2: Spread
    closest_queries: Spread
    distances: Mapping[str, Spread]
    search: str
    budget: int
    seed: int
    seconds: float
    notes: Mapping[str, Spread] = field(default_factory=dict)
    shown: Rows = NO_ROWS
    labelled: int = 0
    map_all: Spread | None = None
    map1: int | None = None
    map1_queries: Spread | None = None
    spec: InputSpec | None = None
    robustness: Robustness | None = None

    @property
    def accuracy(self) -> float | None:
        """Share of the labelled samples that the model was right about before anything was changed."""
        return (self.labelled - self.misclassified) / self.labelled if self.labelled else None

    @property
    def accuracy_interval(self) -> Interval | None:
        """95 % Wilson interval of the accuracy."""
        return wilson(self.labelled - self.misclassified, self.labelled)

    @property
    def played(self) -> int:
        """Samples that were right to begin with and could be played."""
        return self.flipped + self.survived

    @property
    def asr(self) -> float | None:
        """Attack success rate: flipped / (flipped + survived)."""
        return self.flipped / self.played if self.played else None

    @property
    def asr_interval(self) -> Interval | None:
        """95 % Wilson interval of the ASR."""
        return wilson(self.flipped, self.played)

    @property
    def interrupted(self) -> int:
        """Rows asked for samples that a stopped command left, and that were, or will be, played anew."""
        return max(0, self.shown.asked - self.rows)

    @property
    def rows_per_second(self) -> float | None:
        """Rows that the model was shown, a second of all commands."""
        return self.shown.shown / self.seconds if self.seconds > 0 else None

    def to_dict(self) -> dict[str, Any]:
        """Contents of summary.json; null where there is nothing to average."""
        queries = self.queries.to_dict(intervals=True)
        every = {"mean_all": self.queries_all.mean, "median_all": self.queries_all.median}
        out: dict[str, Any] = {
            "format": FORMAT,
            "samples": self.samples,
            "misclassified": self.misclassified,
            "flipped": self.flipped,
            "survived": self.survived,
            "failed": self.failed,
            "accuracy": self.accuracy,
            "accuracy_interval": self.accuracy_interval and self.accuracy_interval.to_list(),
            "asr": self.asr,
            "asr_interval": self.asr_interval and self.asr_interval.to_list(),
            **(self.robustness.to_dict() if self.robustness else {}),
            "queries": {"total": self.rows, **queries, **every},
        }
        out |= {
            "rows_shown": self.shown.shown,
            "setup_rows": self.shown.setup,
            "warm_up_rows": self.shown.warm_up,
            "retried_rows": self.shown.retried,
            "interrupted_rows": self.interrupted,
            "looked_up_rows": self.shown.looked_up,
        }
        out |= {name: spread.to_dict(intervals=name == "l2") for name, spread in self.distances.items()}
        if self.map_all and self.map1_queries:
            out |= {"map_all": self.map_all.to_dict(), "map1": self.map1}
            out["map1_queries"] = self.map1_queries.to_dict()
        out["first_l2"] = self.first_l2.to_dict(intervals=True)
        out["closest_queries"] = self.closest_queries.to_dict(intervals=True)
        if self.notes:
            out["notes"] = {name: spread.to_dict() for name, spread in self.notes.items()}
        out |= {"seconds": self.seconds, "rows_per_second": self.rows_per_second}
        return out | {"search": self.search, "budget": self.budget, "seed": self.seed}


def summary_of(run: Run) -> Summary:
    """The summary of a run, finished or not; seconds are those of all its sessions. Raises RunError."""
    settings = run.manifest.settings
    found = summarise(
        run.results(),
        search=run.manifest.player,
        budget=int(settings.get("budget") or 0),
        seed=int(settings.get("seed") or 0),
        seconds=float(sum(session.get("seconds") or 0 for session in run.sessions())),
        shown=run.rows(),
        spec=run.manifest.spec,
    )
    return replace(found, robustness=robustness_of(run))


def summarise(
    results: Iterable[SearchResult],
    *,
    search: str,
    budget: int,
    seed: int,
    seconds: float,
    shown: Rows = NO_ROWS,
    spec: InputSpec | None = None,
) -> Summary:
    """The summary of results, in one pass that keeps only numbers. seconds, shown: of all commands."""
    counts: Counter[Status] = Counter()
    rows = labelled = 0
    first, first_l2, every, found_at = array("d"), array("d"), array("d"), array("d")
    small = array("d")
    distances = {name: array("d") for name in DISTANCES}
    notes: dict[str, array[float]] = {}
    for result in results:
        counts[result.status] += 1
        rows += result.queries
        labelled += result.label is not None and result.status is not Status.FAILED
        if result.status is Status.SURVIVED:
            every.append(budget)
        if result.status is Status.FLIPPED and result.first and result.closest:
            first.append(result.first.query)
            every.append(result.first.query)
            first_l2.append(result.first.l2)
            found_at.append(result.closest.query)
            _append(small, result.map1_query)
            for name, column in distances.items():
                _append(column, distance_of(name, result.closest, spec))
            for name, value in (result.notes or {}).items():
                _append(notes.setdefault(name, array("d")), value)
    rng = generator(seed, "bootstrap")
    clips = spec is not None and "frame" in spec.axes
    far = [FARTHEST_MAP] * counts[Status.SURVIVED]
    return Summary(
        samples=counts.total(),
        misclassified=counts[Status.MISCLASSIFIED],
        flipped=counts[Status.FLIPPED],
        survived=counts[Status.SURVIVED],
        failed=counts[Status.FAILED],
        rows=rows,
        queries=Spread.of(first, rng),
        queries_all=Spread.of(every),
        distances={
            name: Spread.of(column, rng if name == "l2" else None)
            for name, column in distances.items()
            if column or name not in OF_SOME
        },
        search=search,
        budget=budget,
        seed=seed,
        seconds=seconds,
        notes={name: Spread.of(column) for name, column in sorted(notes.items()) if column},
        shown=shown,
        labelled=labelled,
        map_all=Spread.of([*distances["map"], *far]) if clips else None,
        map1=len(small) if clips else None,
        map1_queries=Spread.of(small) if clips else None,
        spec=spec,
        first_l2=Spread.of(first_l2, rng),
        closest_queries=Spread.of(found_at, rng),
    )


def distance_of(name: str, flip: Flip, spec: InputSpec | None) -> float | None:
    """One distance of a flip, by its name in DISTANCES; None where it has none.

    rms, psnr and map need the form of inputs, map one of clips.
    """
    if name not in ("rms", "psnr", "map"):
        value: float | None = getattr(flip, name)
        return value
    if spec is None:
        return None
    if name == "map":
        map_of = distance.mean_absolute_perturbation
        return map_of(flip.mean_absolute, spec.span) if "frame" in spec.axes else None
    size = prod(spec.shape)
    return distance.rms(flip.l2, size) if name == "rms" else distance.psnr(flip.l2, size, spec.span)


def _append(column: "array[float]", value: object) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        column.append(value)

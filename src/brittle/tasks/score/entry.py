"""From answers to the entry of the board."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

import brittle
from brittle.core.seeds import generator
from brittle.report.intervals import FEWEST, Interval, mean_interval, wilson
from brittle.store.scores import (
    Count,
    Ends,
    LevelCount,
    RelativeTo,
    ScoredModel,
    ScoreEntry,
    last_part,
)
from brittle.store.set_files import Source
from brittle.store.versions import versions_of
from brittle.tasks.score.asking import Answered
from brittle.tasks.score.opening import OpenedScore

MADE_WITH = ("numpy", "onnxruntime", "pillow", "torch")


@dataclass(frozen=True)
class Scored:
    """Who answered: its name on the board, the model, and its part in the making of the set."""

    name: str
    model: ScoredModel
    seen: bool
    hold_out: bool


def entry_of(opened: OpenedScore, found: Answered) -> ScoreEntry:
    """The entry of a model that was just asked."""
    about, backend = opened.hard.about, opened.backend
    who = Scored(
        name=opened.name,
        model=ScoredModel(name=last_part(backend.name)[:1000], sha256=backend.sha256),
        seen=opened.is_among(about.surrogates),
        hold_out=opened.is_among(about.hold_outs),
    )
    entry = counted(who, opened.files.sha256, opened.sources, found).model_copy(
        update={
            "rows_shown": backend.meter.rows.shown,
            "versions": versions_of(*MADE_WITH),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": tuple(sys.argv[1:]),
        }
    )
    if opened.reference is None or (mce := entry.mce(opened.reference)) is None:
        return entry
    return entry.model_copy(update={"relative_to": RelativeTo(reference=opened.reference.name, mce=mce)})


def counted(who: Scored, benchmark: str, sources: Sequence[Source], found: Answered) -> ScoreEntry:
    """What answers amount to, without when and how they were asked. benchmark: as a ScoreEntry has it."""
    errors = 1.0 - found.right[:, 1:].mean(axis=1)
    return ScoreEntry(
        name=who.name,
        model=who.model,
        benchmark=benchmark,
        seen_by_builder=who.seen,
        hold_out=who.hold_out,
        samples=len(sources),
        rows_shown=found.right.size,
        unanswered=found.unanswered,
        clean=_count(found.right[:, 0]),
        levels=_levels(sources, found.right[:, 1:]),
        mean_error_interval=_ends(_of_mean(errors)),
        halves=_halves(sources, errors),
        brittle=brittle.__version__,
    )


def _levels(sources: Sequence[Source], right: NDArray[np.bool_]) -> tuple[LevelCount, ...]:
    """The count of every kind and level; right: (sources, conditions)."""
    return tuple(
        LevelCount(
            kind=item.kind,
            level=item.level,
            rms=fmean(source.items[k].rms for source in sources),
            **_count(right[:, k]).model_dump(),
        )
        for k, item in enumerate(sources[0].items)
    )


def _count(right: NDArray[np.bool_]) -> Count:
    """How many were right, (sources,), with Wilson's interval."""
    hits, of = int(right.sum()), len(right)
    return Count(right=hits, of=of, interval=_ends(wilson(hits, of)))


def _of_mean(errors: NDArray[np.float64]) -> Interval | None:
    """The interval of the mean error, of that of each source, (sources,).

    Where none, or all, was ever wrong, resamples know of nothing else, and Wilson's interval does.
    """
    total, of = float(errors.sum()), len(errors)
    if of >= FEWEST and total in (0, of):
        return wilson(int(total), of)
    return mean_interval(errors, generator(0, "mean error"))


def _halves(sources: Sequence[Source], errors: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """The mean error of either half of the sources, by the last bit of the SHA-256 of their ids."""
    sides = [sha256(one.id.encode(errors="surrogateescape")).digest()[-1] & 1 for one in sources]
    parts = [[float(error) for error, at in zip(errors, sides, strict=True) if at == side] for side in (0, 1)]
    first, second = (fmean(part) if part else None for part in parts)
    return first, second


def _ends(found: Interval | None) -> Ends | None:
    """An interval of shares, which end at 0 and 1."""
    return None if found is None else (max(0.0, found.low), min(1.0, found.high))

"""The rows of the board: who is ranked, and every figure with what it is sorted by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from brittle.core.sample import InputSpec
from brittle.report.intervals import Interval
from brittle.report.wording import TIGHT, change_unit, number, percent, percent_interval
from brittle.store.hard_records import Benchmark
from brittle.store.scores import ScoreEntry, is_among


@dataclass(frozen=True)
class Figure:
    """A figure as it is written, with a line below it; value: what it is sorted by, empty where none is."""

    text: str
    value: str = ""
    small: str = ""


@dataclass(frozen=True)
class Row:
    """One model. rank: 1 is best, None: not ranked; marks: why, and what else is to be known."""

    entry: ScoreEntry
    rank: int | None
    seen: bool
    marks: tuple[str, ...]
    figures: tuple[Figure, ...]


def rows_of(about: Benchmark, entries: Sequence[ScoreEntry], reference: ScoreEntry | None) -> list[Row]:
    """Ranked models by mean error, then the others.

    Ranked are models that the set was not made against, on as many sources as any of them.
    """
    seen = {entry.name for entry in entries if _is_seen(about, entry)}
    most = max((entry.samples for entry in entries if entry.name not in seen), default=0)
    ranked = [entry for entry in entries if entry.name not in seen and entry.samples == most]
    ranked.sort(key=lambda entry: entry.mean_error)
    others = [entry for entry in entries if entry not in ranked]
    others.sort(key=lambda entry: (entry.name in seen, entry.mean_error))
    ranks = {entry.name: place for place, entry in enumerate(ranked, 1)}
    return [
        Row(
            entry,
            ranks.get(entry.name),
            entry.name in seen,
            tuple(_marks(about, entry, entry.name in seen)),
            tuple(_figures(about.spec, entry, reference)),
        )
        for entry in (*ranked, *others)
    ]


def columns_of(about: Benchmark, reference: ScoreEntry | None) -> list[str]:
    """What the figures of a row are, in their order."""
    unit = change_unit(about.spec)[1].replace(TIGHT, " ")
    relative = [] if reference is None else ["mCE"]
    shown = [f"{kind.name} {level.name}" for kind in about.kinds for level in about.levels]
    return ["Clean", "Mean error", "Relative error", f"RMS at half error ({unit})", *relative, *shown]


def _is_seen(about: Benchmark, entry: ScoreEntry) -> bool:
    return entry.seen_by_builder or is_among(about.surrogates, entry.model.name, entry.model.sha256)


def _marks(about: Benchmark, entry: ScoreEntry, seen: bool) -> Iterable[str]:
    if seen:
        yield "seen"
    if entry.hold_out or is_among(about.hold_outs, entry.model.name, entry.model.sha256):
        yield "hold-out"
    if entry.samples != about.samples:
        yield f"{number(entry.samples)} of {number(about.samples)} {about.form.place}"
    if entry.unanswered:
        yield f"{number(entry.unanswered)} rows unanswered"


def _figures(spec: InputSpec, entry: ScoreEntry, reference: ScoreEntry | None) -> Iterable[Figure]:
    scale, _ = change_unit(spec)
    ends = entry.mean_error_interval
    yield _share(entry.clean.accuracy)
    yield _share(entry.mean_error, percent_interval(Interval(*ends) if ends else None))
    yield Figure(points(entry.relative_error), f"{entry.relative_error:.6f}")
    half = entry.rms_at_half_error
    yield Figure(number(None if half is None else scale * half), "" if half is None else f"{half:.6g}")
    if reference is not None:
        mce = entry.mce(reference)
        yield Figure(number(mce), "" if mce is None else f"{mce:.6f}")
    yield from (_share(one.error) for one in entry.levels)


def points(share: float) -> str:
    """A difference of shares in points: +12.3."""
    return f"{100 * share:+.1f}"


def _share(share: float, small: str = "") -> Figure:
    return Figure(percent(share), f"{share:.6f}", small)

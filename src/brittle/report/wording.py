"""Numbers and findings in plain words."""

from collections.abc import Mapping
from datetime import datetime
from math import prod
from typing import Any

from brittle.core.distance import rms
from brittle.core.sample import InputSpec
from brittle.report.intervals import FEWEST, Interval
from brittle.report.summary import Summary

NOTHING = "–"
GREY_LEVELS = 255
NO_INTERVAL = f"no interval below {FEWEST} values"
DOUBTFUL = 0.1
"""Accuracy at which a wrong preparation of inputs or labels is likelier than a poor model."""
TIGHT = "\u00a0"  # a space that does not break


def number(value: float | None) -> str:
    """Three significant digits, thousands apart: 1,234 or 0.0510; whole numbers whole; a dash for nothing."""
    if value is None:
        return NOTHING
    if float(value).is_integer() or abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:#.3g}"


def percent(share: float | None) -> str:
    """A share as 94.1 %; never 100 % (or 0 %) unless it is all (or nothing)."""
    if share is None:
        return NOTHING
    if share in (0, 1):
        return f"{100 * share:.0f}{TIGHT}%"
    rounded = f"{100 * share:.1f}"
    return {"100.0": f">{TIGHT}99.9", "0.0": f"<{TIGHT}0.1"}.get(rounded, rounded) + f"{TIGHT}%"


def interval(found: Interval | None) -> str:
    """An interval of numbers: 1.2 – 3.4."""
    return f"{number(found.low)}{TIGHT}–{TIGHT}{number(found.high)}" if found else ""


def percent_interval(found: Interval | None) -> str:
    """An interval of shares: 73 – 99 %."""
    return f"{100 * found.low:.0f}{TIGHT}–{TIGHT}{100 * found.high:.0f}{TIGHT}%" if found else ""


def moment(stamp: str) -> str:
    """An ISO time to the minute: 2026-11-22 11:04 UTC; any other text as it is."""
    try:
        time = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    return f"{time:%Y-%m-%d %H:%M} {time.tzname() or ''}".rstrip()


def duration(seconds: float) -> str:
    """Seconds as 42.1 s, 3 min 20 s or 2 h 5 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds) // 60
    return f"{minutes} min {int(seconds) % 60} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def short_name(model: str) -> str:
    """A model as a heading: of a path its last part, of an address all."""
    return model if "://" in model else model.replace("\\", "/").rsplit("/", 1)[-1]


def text_setting(settings: Mapping[str, Any], key: str) -> str:
    """A setting as text, whether it is stored as a name, a list of names or a record with a name."""
    value = settings.get(key)
    if isinstance(value, Mapping):
        value = value.get("name")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def agent(about: Mapping[str, Any] | None) -> str:
    """A trained agent by its name, what it was trained on and what that cost; empty where none played."""
    if not about:
        return ""
    models = [short_name(str(model)) for model in about.get("models") or ()]
    samples = (about.get("data") or {}).get("samples")
    on = f", trained on {', '.join(models)}" if models else ""
    on += f" with {number(samples)} samples" if on and samples else ""
    queries = about.get("queries")
    return f"{about['name']}{on}" + (f", {number(queries)} queries" if queries else "")


def doubt(summary: Summary) -> str:
    """Why the numbers may be about something else than the model; empty where nothing speaks for it."""
    if summary.accuracy is None or summary.accuracy > DOUBTFUL:
        return ""
    return (
        f"{summary.misclassified:,} of {_samples(summary.labelled)} were wrong before anything was changed. "
        "Likely causes: the model wants normalised inputs (--mean, --std), other bounds (--bounds) or "
        "another layout (--layout), or the labels are numbered otherwise than its classes (--classes)."
    )


def change_unit(spec: InputSpec) -> tuple[float, str]:
    """How people tell a change of a value: what to multiply it by, and the unit; grey levels for images."""
    is_image = {"height", "width"} <= set(spec.axes)
    return (GREY_LEVELS / spec.span, f"grey{TIGHT}levels") if is_image else (1.0, spec.unit)


def as_rms(l2: float | None, spec: InputSpec | None) -> str:
    """What an L2 means for each value: RMS 2.00 grey levels, or RMS 0.0310 mV; empty where nobody knows."""
    if l2 is None or spec is None:
        return ""
    scale, unit = change_unit(spec)
    return f"RMS{TIGHT}{number(scale * rms(l2, prod(spec.shape)))}{TIGHT}{unit}"


def verdict(summary: Summary, palette: str, max_l2: float | None, *, labelled: bool) -> str:
    """What the run found, in one to three sentences for a reader who has not seen the numbers."""
    if not summary.samples:
        return "This run holds no finished samples yet."
    failed = f" {_samples(summary.failed)} could not be played." if summary.failed else ""
    if not summary.played:
        wrong = " All others were wrong before anything was changed." if summary.misclassified else ""
        return f"No sample could be put to the test.{failed}{wrong}"
    were_right = "could be played" if not labelled else "right to begin with"
    verb = "" if not labelled else "was " if summary.played == 1 else "were "
    opening = f"{summary.played:,} of {_samples(summary.samples)} {verb}{were_right}; "
    limits = f"{summary.budget:,} queries each"
    if max_l2 is not None:
        limits += f" and an L2 of {number(max_l2)}"
    sure = f"95{TIGHT}% interval {percent_interval(summary.asr_interval)}"
    if not summary.flipped:
        return f"{opening}none of these flipped within {limits} ({sure}).{failed}"
    flips = "flips" if summary.flipped == 1 else "flip"
    under = f" under {palette}" if palette else ""
    return (
        f"{opening}{summary.flipped:,} of these ({percent(summary.asr)}, {sure}) {flips}{under} "
        f"within {limits}. {_both_flips(summary)}{failed}"
    )


def _both_flips(summary: Summary) -> str:
    """The first flip and the closest one, each with its own query and distance; medians."""
    first, closest = summary.first_l2.median, summary.distances["l2"].median
    queries, found = summary.queries.median, summary.closest_queries.median
    near, far = _at(closest, summary.spec), _at(first, summary.spec)
    opening = f"The first flip comes after a median of {number(queries)} queries, at {far}"
    if (first, queries) == (closest, found):
        return f"{opening}."
    return f"{opening}; the closest, found at a median of query {number(found)}, is at {near}."


def _at(l2: float | None, spec: InputSpec | None) -> str:
    change = as_rms(l2, spec)
    return f"a median L2 of {number(l2)}" + (f" ({change})" if change else "")


def _samples(count: int) -> str:
    return f"{count:,}{TIGHT}sample" + ("" if count == 1 else "s")

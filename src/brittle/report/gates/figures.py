"""The figures of an audit that may be gated: the numbers of summary.json, by dotted name."""

from collections.abc import Mapping
from math import inf
from typing import Any

from brittle.report.gates.gate import Figure
from brittle.report.intervals import FEWEST, Interval
from brittle.report.summary import DISTANCES

SHARES = frozenset({"asr", "accuracy", "robustness"})
COUNTS = frozenset(
    {
        *("samples", "misclassified", "flipped", "survived", "failed", "map1", "queries.total"),
        "robustness_parts.samples",
        *("rows_shown", "setup_rows", "warm_up_rows", "retried_rows", "interrupted_rows", "looked_up_rows"),
    }
)
OF_FLIPS = (*DISTANCES, "queries", "first_l2", "closest_queries", "map1_queries")
"""Means and medians over flips: where nothing flipped there are none."""
WITH_INTERVALS = ("queries", "l2", "first_l2", "closest_queries")
GREATER_IS_NEARER = ("psnr", "snr")
INTERVALS = {"mean": "interval", "median": "median_interval"}


def _of(*spreads: str) -> frozenset[str]:
    return frozenset(f"{name}.{part}" for name in spreads for part in INTERVALS)


HALVES = frozenset({"robustness_parts.under_distortion", "robustness_parts.under_attack"})
NAMES = SHARES | COUNTS | HALVES | _of(*OF_FLIPS, "map_all") | {"queries.mean_all", "queries.median_all"}
"""All of them but times, settings, and what a search says of itself."""
MAY_BE_SURE = SHARES | COUNTS | _of(*WITH_INTERVALS)
"""Those with an interval, and those that need none."""


def figure_of(summary: Mapping[str, Any], name: str) -> Figure:
    """One of NAMES, from the contents of summary.json."""
    head, _, part = name.partition(".")
    found = summary.get(head)
    if part:
        row = found or {}
        value, ends = row.get(part), row.get(INTERVALS.get(part, ""))
    else:
        value, ends = found, summary.get(f"{head}_interval")
    if value is not None:
        return Figure(value, Interval(*ends) if ends else None, exact=name in COUNTS)
    return _missing(summary, head)


def _missing(summary: Mapping[str, Any], head: str) -> Figure:
    """A figure that has no value: a distance of no flip is infinite, anything else is not known."""
    played = summary["flipped"] + summary["survived"]
    if head == "accuracy":
        return Figure(None, why="no sample has a label")
    if head in ("robustness", "robustness_parts"):
        return Figure(None, why="it takes --curves, the goal closest, and neither a target nor a limit of L2")
    if not played:
        return Figure(None, why="no sample was played")
    if head in OF_FLIPS and not summary["flipped"]:
        far = -inf if head in GREATER_IS_NEARER else inf
        ends = Interval(far, far) if played >= FEWEST else None
        return Figure(far, ends, why=f"none of {played} flipped")
    return Figure(None, why="this run has none")

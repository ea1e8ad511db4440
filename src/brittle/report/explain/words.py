"""What a run of explanations found, in plain words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from brittle.core.sample import InputSpec
from brittle.report.explain.summary import ExplainSummary
from brittle.report.wording import NOTHING, TIGHT, number, percent

BY_ANSWER = {
    "predicted": "the model's own answer",
    "true": "the label",
    "second": "the second of the model's answer",
}


def thing_of(spec: InputSpec) -> str:
    """What an input is called."""
    if "frame" in spec.axes:
        return "clip"
    return "image" if "width" in spec.axes else "signal"


def chosen(settings: Mapping[str, Any], classes: Sequence[str]) -> str:
    """Which class was explained; empty where that is not said."""
    which = str(settings.get("which") or "")
    return which if which in classes else BY_ANSWER.get(which, which)


def explains_decision(settings: Mapping[str, Any], classes: Sequence[str]) -> bool:
    """Whether what is explained is what the model decided."""
    return chosen(settings, classes) in ("", BY_ANSWER["predicted"])


def verdict(summary: ExplainSummary, thing: str, *, decision: bool) -> str:
    """What the run found, in one or two sentences for a reader who has not seen the numbers.

    decision: whether the class that the model decided for was explained.
    """
    if not summary.samples:
        return "This run holds no finished samples yet."
    ends = {
        "had nothing to be found": summary.nothing_found,
        f"{'was' if summary.refused == 1 else 'were'} refused, as the fill keeps the class": summary.refused,
        "failed": summary.failed,
    }
    others = _and(f"{number(count)} {end}" for end, count in ends.items() if count)
    if not summary.explained:
        return f"No decision could be explained: of {_samples(summary.samples)}, {others}."
    explained = f"{_samples(summary.samples)} explained"
    if others:
        explained = f"{number(summary.explained)} of {explained}; {others}"
    return f"{_headline(summary, thing, decision)} {explained}."


def _headline(summary: ExplainSummary, thing: str, decision: bool) -> str:
    suffices, flips = summary.suffices.median, summary.flips.median
    goal = "the decision" if decision else "the class"
    if suffices is None and flips is None:
        return f"No part of any {thing} suffices for {goal} by itself, and none flips it when removed."
    if suffices is None:
        return f"Removing a median of {percent(flips)} of the {thing} flips the decision; no part suffices."
    opening = f"A median of {percent(suffices)} of the {thing} suffices for {goal}"
    return f"{opening}." if flips is None else f"{opening}; removing {percent(flips)} flips it."


def found_on(count: int, explained: int) -> str:
    """On how many samples something was found; empty where on all of them."""
    return "" if count == explained else f"found on {number(count)} of {number(explained)}"


def notes(found: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What an explainer says of itself: numbers and short texts; what is nested is left out."""
    told: list[tuple[str, str]] = []
    for name, value in (found or {}).items():
        if isinstance(value, bool) or (isinstance(value, str) and len(value) <= 60):
            told.append((name.replace("_", " "), str(value)))
        elif isinstance(value, int | float) and abs(value) < 1e15:
            told.append((name.replace("_", " "), number(value)))
    return told


def one_of(names: Sequence[str]) -> str:
    """Names as "blur", "blur or flat"."""
    return " or ".join(names) if names else NOTHING


def _samples(count: int) -> str:
    return f"{count:,}{TIGHT}sample" + ("" if count == 1 else "s")


def _and(parts: Iterable[str]) -> str:
    return ", ".join(parts)

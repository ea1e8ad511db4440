"""The samples that a page shows in full: which ones, their pictures, curves and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from brittle.core.explanation import Explanation, Outcome, Share
from brittle.core.sample import InputSpec
from brittle.domains.stretches import clock, stretches
from brittle.report.audit.gallery import EACH, Bar
from brittle.report.classes import class_name
from brittle.report.explain.figures import curves_chart
from brittle.report.explain.lines import lines_of
from brittle.report.explain.pictures import DAMAGED, files_of, opened, pictures_of
from brittle.report.explain.words import notes, thing_of
from brittle.report.pictures import Picture
from brittle.store.run import Run

MOST_STRETCHES = 8
MOST_POINTS = 200
"""Of a curve that is drawn."""


@dataclass(frozen=True)
class Part:
    """A share that suffices or flips. does: which of the two; predicted: the class of the answer to it."""

    does: str
    share: Share
    predicted: str


@dataclass(frozen=True)
class Shown:
    """One explained sample in full. anchor: where it is on the page; trouble: why it has no pictures.

    times: where a signal suffices, in words.
    """

    line: Explanation
    name: str
    label: str
    predicted: str
    before: tuple[Bar, ...]
    parts: tuple[Part, ...]
    notes: tuple[tuple[str, str], ...]
    anchor: str
    mask: str = ""
    times: str = ""
    pictures: tuple[Picture, ...] = ()
    thumbnail: Picture | None = None
    chart: Markup | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Group:
    """Samples that are shown for one reason."""

    title: str
    shown: tuple[Shown, ...]


def gallery(run: Run) -> list[Group]:
    """The most telling explanations of a run, by the share that suffices; all where they are few."""
    wanted = _places(run)
    places = {place for found in wanted.values() for place in found}
    kept = {place: line for place, line in enumerate(lines_of(run)) if place in places}
    return [
        Group(title, tuple(shown_line(run, kept[place], f"sample-{place + 1}") for place in found))
        for title, found in wanted.items()
    ]


def _places(run: Run) -> dict[str, list[int]]:
    """Numbers of lines by why they are shown; where the model was wrong comes first if not all are."""
    places, shares, wrong = [], [], []
    for place, line in enumerate(lines_of(run)):
        if line.status is Outcome.EXPLAINED:
            places.append(place)
            shares.append(line.suffices.share if line.suffices else 2.0)
            wrong += [place] if line.wrong else []
    if len(places) <= 3 * EACH and run.manifest.settings.get("flips"):
        return {"Before and after each flip": places} if places else {}
    order = [places[k] for k in np.argsort(shares, kind="stable")]
    if len(order) <= 3 * EACH:
        return {"Every explained sample, smallest share that suffices first": order} if order else {}
    wrong = wrong[:EACH]
    order = [place for place in order if place not in wrong]
    middle = (len(order) - EACH) // 2
    if len(order) <= 3 * EACH:
        others = {"The others, smallest share that suffices first": order}
    else:
        others = {
            "A small share suffices": order[:EACH],
            "A typical share suffices": order[middle : middle + EACH],
            "Much is needed": order[-EACH:],
        }
    return {"Where the model was wrong": wrong, **others} if wrong else others


def shown_line(run: Run, line: Explanation, anchor: str = "") -> Shown:
    """A sample with all that is drawn from its files, where it has a map, or why there are no pictures."""
    classes = run.manifest.model["classes"]
    shares = {"Suffices": line.suffices, "Flips": line.flips}
    shown = Shown(
        line=line,
        name=class_name(classes, line.explained),
        label=class_name(classes, line.label),
        predicted=class_name(classes, line.predicted),
        before=_bars(line, classes),
        parts=tuple(
            Part(does, share, class_name(classes, share.predicted)) for does, share in shares.items() if share
        ),
        notes=tuple(notes(line.notes)),
        anchor=anchor,
    )
    try:
        return _with_pictures(run, shown) if line.status is Outcome.EXPLAINED else shown
    except DAMAGED as error:
        return replace(shown, trouble=f"its pictures cannot be shown: {error}")


def _with_pictures(run: Run, shown: Shown) -> Shown:
    """The same with all that is drawn from its files. Raises one of DAMAGED."""
    found, spec = opened(run, shown.line), run.manifest.spec
    pictures, small = pictures_of(run, found)
    chart = None
    if found.stored.shares.size <= MOST_POINTS:
        chart = Markup(curves_chart(shown.line, found.stored, thing_of(spec)))
    return replace(
        shown,
        mask=files_of(shown.line.sample)[1],
        times=_times(found.stored.mask, spec) if "time" in spec.axes else "",
        pictures=pictures,
        thumbnail=small,
        chart=chart,
    )


def _times(mask: NDArray[np.bool_], spec: InputSpec) -> str:
    """Where a mask keeps, in words: 130–210, 300–350 ms; the longest stretches where there are many."""
    told = clock(spec)
    found = stretches(mask)
    longest = sorted(found, key=lambda s: s[0] - s[1])[:MOST_STRETCHES]
    shown = sorted(s for s in longest if told(s[0]) != told(s[1]))
    more = f" and {len(found) - len(shown)} shorter" if len(found) > len(shown) else ""
    return f"{', '.join(map(told.told, shown))} {told.unit}{more}" if shown else ""


def _bars(line: Explanation, classes: Sequence[str]) -> tuple[Bar, ...]:
    roles = {line.label: "new" if line.wrong else "", line.explained: "own"}
    return tuple(Bar(class_name(classes, k), p, roles.get(k, "")) for k, p in line.top)

"""The samples that a page shows in full: which ones, their pictures and their classes."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brittle.core.errors import BrittleError
from brittle.core.result import Flip, SearchResult, Status
from brittle.domains import domain_of
from brittle.report.audit.breakdown import touched_cells
from brittle.report.classes import class_name, own_class
from brittle.report.pictures import Picture, pictures_of, thumbnail
from brittle.store.run import Run

EACH = 8


@dataclass(frozen=True)
class Bar:
    """One class and its probability. role: "own" must flip, "new" is what the flip made of it."""

    name: str
    probability: float
    role: str


@dataclass(frozen=True)
class ShownFlip:
    """One flipped sample in full. anchor: where it is on the page; trouble: why it has no pictures."""

    result: SearchResult
    flip: Flip
    name: str
    predicted: str
    before: tuple[Bar, ...]
    after: tuple[Bar, ...]
    used: tuple[tuple[str, int], ...]
    pictures: tuple[Picture, ...]
    anchor: str
    thumbnail: Picture | None = None
    trouble: str = ""

    @property
    def touched(self) -> int:
        """Cells that have a distortion."""
        return sum(count for _, count in self.used)


@dataclass(frozen=True)
class Group:
    """Samples that are shown for one reason."""

    title: str
    shown: tuple[ShownFlip, ...]


def gallery(run: Run, classes: Sequence[str]) -> list[Group]:
    """The most telling flips of a run, by the L2 of the closest one: least, typical and greatest."""
    wanted = _places(run)
    places = {place for found in wanted.values() for place in found}
    kept = {place: result for place, result in enumerate(run.results()) if place in places}
    return [
        Group(title, tuple(_show(run, kept[place], classes, f"flip-{place + 1}") for place in found))
        for title, found in wanted.items()
    ]


def _places(run: Run) -> dict[str, list[int]]:
    places, l2 = array("q"), array("d")
    for place, result in enumerate(run.results()):
        if result.status is Status.FLIPPED and result.closest:
            places.append(place)
            l2.append(result.closest.l2)
    order = [places[k] for k in np.argsort(l2, kind="stable")]
    if len(order) <= 3 * EACH:
        return {"Every flip, least change first": order} if order else {}
    middle = (len(order) - EACH) // 2
    return {
        "Least change": order[:EACH],
        "Typical change": order[middle : middle + EACH],
        "Most change": order[-EACH:],
    }


def _show(run: Run, result: SearchResult, classes: Sequence[str], anchor: str) -> ShownFlip:
    flip = result.closest
    assert flip is not None
    predicted = class_name(classes, flip.predicted)
    pictures: tuple[Picture, ...] = ()
    small, trouble = None, ""
    try:
        pictures = pictures_of(run, result, flip)
        small = _thumbnail(run, flip, f"{result.sample}, taken for {predicted}")
    except (BrittleError, OSError, ValueError) as error:
        trouble = f"its pictures cannot be shown: {error}"
    own = own_class(result)
    return ShownFlip(
        result=result,
        flip=flip,
        name=class_name(classes, own),
        predicted=predicted,
        before=_bars(result.top, own, flip.predicted, classes),
        after=_bars(flip.top, own, flip.predicted, classes),
        used=tuple(touched_cells(flip.assignment, run.manifest.palette).most_common()),
        pictures=pictures,
        anchor=anchor,
        thumbnail=small,
        trouble=trouble,
    )


def _thumbnail(run: Run, flip: Flip, alt: str) -> Picture:
    spec = run.manifest.spec
    domain = domain_of(spec)
    png = domain.picture(domain.from_bytes(run.read(flip.file), spec), spec)
    return thumbnail(alt, png, thicker="time" in spec.axes)


def _bars(
    top: Sequence[tuple[int, float]], own: int | None, new: int, classes: Sequence[str]
) -> tuple[Bar, ...]:
    roles = {own: "own", new: "new"}
    return tuple(Bar(class_name(classes, k), p, roles.get(k, "")) for k, p in top)

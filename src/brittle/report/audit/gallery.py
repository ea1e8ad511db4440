"""The samples that a page shows in full: which ones, their pictures and their classes."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from brittle.core.errors import BrittleError
from brittle.core.result import Flip, SearchResult, Status
from brittle.core.sample import InputSpec
from brittle.domains import domain_of
from brittle.report.audit.breakdown import touched_cells
from brittle.report.audit.moments import Moments, moments
from brittle.report.classes import class_name, own_class
from brittle.report.pictures import Picture, inputs_of, pictures_of, played, thumbnail
from brittle.report.summary import distance_of
from brittle.report.wording import number
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
    """One flipped sample in full. anchor: where it is on the page; trouble: why it has no pictures.

    of_clip: numbers that clips alone have, in words; animation, moments: of a clip that was read.
    """

    result: SearchResult
    flip: Flip
    name: str
    predicted: str
    before: tuple[Bar, ...]
    after: tuple[Bar, ...]
    used: tuple[tuple[str, int], ...]
    anchor: str
    of_clip: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    animation: Picture | None = None
    moments: Moments | None = None
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
        Group(title, tuple(_closest(run, kept[place], classes, f"flip-{place + 1}") for place in found))
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


def _closest(run: Run, result: SearchResult, classes: Sequence[str], anchor: str) -> ShownFlip:
    assert result.closest is not None
    return shown_flip(run, result, result.closest, classes, anchor)


def shown_flip(
    run: Run, result: SearchResult, flip: Flip, classes: Sequence[str], anchor: str = ""
) -> ShownFlip:
    """One flip of a sample with all that is drawn from its files, or why there are no pictures."""
    own = own_class(result)
    shown = ShownFlip(
        result=result,
        flip=flip,
        name=class_name(classes, own),
        predicted=class_name(classes, flip.predicted),
        before=_bars(result.top, own, flip.predicted, classes),
        after=_bars(flip.top, own, flip.predicted, classes),
        used=tuple(touched_cells(flip.assignment, run.manifest.palette).most_common()),
        anchor=anchor,
        of_clip=_of_clip(flip, run.manifest.spec),
    )
    try:
        return _with_pictures(run, shown)
    except (BrittleError, OSError, ValueError) as error:
        return replace(shown, trouble=f"its pictures cannot be shown: {error}")


def _with_pictures(run: Run, shown: ShownFlip) -> ShownFlip:
    """The same with all that is drawn from its files. Raises RunError, DataError."""
    spec, result, flip = run.manifest.spec, shown.result, shown.flip
    domain = domain_of(spec)
    x, changed = inputs_of(run, result, flip)
    both = domain.animation((x, changed), spec)
    small = domain.animation((changed,), spec) or domain.picture(changed, spec)
    alt = f"{result.sample}, original and flip side by side"
    return replace(
        shown,
        pictures=pictures_of(run, result, flip, (x, changed)),
        animation=None if both is None else played("Original, and the flip on the right", alt, both),
        moments=moments(run.manifest, flip, x, changed),
        thumbnail=thumbnail(
            f"{result.sample}, taken for {shown.predicted}", small, thicker="time" in spec.axes
        ),
    )


def _of_clip(flip: Flip, spec: InputSpec) -> tuple[str, ...]:
    """MAP, PSNR and the frames touched of a flip of a clip; empty of other inputs."""
    if flip.frames is None:
        return ()
    return (
        f"MAP {number(distance_of('map', flip, spec))}",
        f"PSNR {number(distance_of('psnr', flip, spec))} dB",
        f"{flip.frames} of {spec.shape[spec.axes.index('frame')]} frames, {flip.frames_in_row} in a row",
    )


def _bars(
    top: Sequence[tuple[int, float]], own: int | None, new: int, classes: Sequence[str]
) -> tuple[Bar, ...]:
    roles = {own: "own", new: "new"}
    return tuple(Bar(class_name(classes, k), p, roles.get(k, "")) for k, p in top)

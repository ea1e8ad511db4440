"""Pages and small pictures of finished samples: what draws, which a server loads when it first draws."""

from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from brittle.core.errors import RunError
from brittle.core.result import Flip, Point, SearchResult
from brittle.domains import domain_of
from brittle.domains.tints import tints
from brittle.report import wording
from brittle.report.audit.gallery import Bar, ShownFlip, shown_flip
from brittle.report.classes import class_name, own_class
from brittle.report.pictures import thumbnail
from brittle.server import explained
from brittle.server.pages import page
from brittle.server.reading.standing import Standing
from brittle.store.records import read_result
from brittle.store.run import Run
from brittle.store.trails import read_trail

SMALL = 160
"""Pixels of the longer side of a picture in the grid."""


@dataclass(frozen=True)
class Shown:
    """A flip of a sample under its heading."""

    title: str
    flip: ShownFlip
    rms: str


@contextmanager
def _told_as_damage() -> Iterator[None]:
    """What records of a run that do not fit each other lead to, as a RunError."""
    try:
        yield
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        raise RunError(f"its records do not fit each other: {type(error).__name__}: {error}") from error


@_told_as_damage()
def sample_page(standing: Standing, text: str, sample: str, **shared: Any) -> str:
    """A finished sample: first and closest flip beside the original, or what its decision rests on.

    Raises RunError where it is damaged.
    """
    run = Run.open(standing.found.path)
    if standing.verb == "explain":
        shown = explained.sample_of(run, text, sample)
        return page(
            "sample_explain.html.j2", standing=standing, **shown, **_neighbours(standing, sample), **shared
        )
    result = read_result(text, f"the line of {sample}")
    classes, spec = standing.classes, run.manifest.spec
    return page(
        "sample.html.j2",
        standing=standing,
        result=result,
        own=class_name(classes, own_class(result)),
        predicted=class_name(classes, result.predicted),
        before=_bars(result, classes),
        flips=[
            Shown(title, _drawable(shown_flip(run, result, flip, classes)), wording.as_rms(flip.l2, spec))
            for title, flip in _flips(result)
        ],
        curve=curve_of(result.curve),
        tints=tints(run.manifest.palette),
        **_trail(standing, sample),
        **_neighbours(standing, sample),
        **shared,
    )


def _trail(standing: Standing, sample: str) -> dict[str, Any]:
    """How a sample was played, where that was kept, or why that cannot be shown."""
    try:
        return {"trail": read_trail(standing.found.path, sample), "trail_trouble": ""}
    except RunError as error:
        return {"trail": [], "trail_trouble": str(error)}


def _neighbours(standing: Standing, sample: str) -> dict[str, str | None]:
    """The samples before and after one."""
    names = list(standing.lines)
    place = names.index(sample)
    return {
        "earlier": names[place - 1] if place else None,
        "later": names[place + 1] if place + 1 < len(names) else None,
    }


@_told_as_damage()
def thumbnail_of(standing: Standing, text: str, sample: str) -> bytes | None:
    """A small JPEG of the closest flip, or of the map; None where there is none.

    Raises RunError or DataError.
    """
    run = Run.open(standing.found.path)
    if standing.verb == "explain":
        return explained.small_of(run, text, sample, SMALL)
    result, spec = read_result(text, f"the line of {sample}"), run.manifest.spec
    if result.closest is None:
        return None
    domain = domain_of(spec)
    picture = domain.picture(domain.from_bytes(run.read(result.closest.file), spec), spec)
    uri = thumbnail("", picture, SMALL, thicker="time" in spec.axes).uri
    return b64decode(uri.partition(",")[2])


def curve_of(points: Sequence[Point]) -> list[list[float | None]]:
    """Points as the curve's script reads them: [query, margin, l2]."""
    return [[point.query, point.margin, point.l2] for point in points]


def _flips(result: SearchResult) -> list[tuple[str, Flip]]:
    """The first flip and the closest, which may be the same."""
    first, closest = result.first, result.closest
    if first is None or closest is None:
        return []
    if first.query == closest.query:
        return [("First and closest flip", closest)]
    return [("Closest flip", closest), ("First flip", first)]


def _drawable(flip: ShownFlip) -> ShownFlip:
    """The same without what only the report shows."""
    return replace(flip, moments=None)


def _bars(result: SearchResult, classes: Sequence[str]) -> tuple[Bar, ...]:
    own = own_class(result)
    return tuple(Bar(class_name(classes, k), p, "own" if k == own else "") for k, p in result.top)

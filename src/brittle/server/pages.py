"""What each page shows, and how it is made from its template."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment

from brittle.core.result import Flip, Point, SearchResult
from brittle.domains import domain_of
from brittle.domains.tints import tints
from brittle.report import wording
from brittle.report.audit.gallery import Bar, ShownFlip, shown_flip
from brittle.report.classes import class_name, own_class
from brittle.report.pictures import thumbnail
from brittle.report.template import strict_environment
from brittle.server.folders import Found
from brittle.server.lines import Line
from brittle.server.names import to_part
from brittle.server.standing import Standing, begun
from brittle.store.records import read_result
from brittle.store.run import Run

A_PAGE = 48
"""Samples of the grid that are shown at once."""
SMALL = 160
"""Pixels of the longer side of a picture in the grid."""
STATUSES = ("flipped", "survived", "misclassified", "failed")
WORDS = {"misclassified": "already wrong", "nothing_found": "nothing found", "": "all"}
OWN_FILES = ("results.csv", "summary.json", "results.jsonl", "run.json", "settings.yaml", "sessions.jsonl")
"""Files of a run that are offered as they are."""


def page(template: str, **contents: Any) -> str:
    """A page as text; everything in it is escaped."""
    return _environment().get_template(template).render(contents)


@cache
def _environment() -> Environment:
    environment = strict_environment("brittle.server", "templates")
    environment.filters |= {
        "part": to_part,
        "called": called,
        "begun": begun,
        "drawn": _drawn,
    }
    return environment


@cache
def statics() -> dict[str, bytes]:
    """Scripts and styles by name; those of the reports are shared with them."""
    found = {entry.name: entry.read_bytes() for entry in (files("brittle.server") / "static").iterdir()}
    report = files("brittle.report")
    found["page.css"] = (report / "page.css").read_bytes()
    found["sort.js"] = (report / "audit" / "sort.js").read_bytes()
    return found


def called(status: str) -> str:
    """How an ending is called."""
    return WORDS.get(status, status)


def runs_page(standings: Sequence[Standing], others: Sequence[Found], **shared: Any) -> str:
    """All that lies below the root."""
    return page("runs.html.j2", standings=standings, others=others, **shared)


@dataclass(frozen=True)
class Card:
    """A sample of the grid, in words."""

    line: Line
    own: str
    predicted: str


def run_page(standing: Standing, status: str, number: int, **shared: Any) -> str:
    """One run: where it stands, and a grid of its samples of one status, or of all. number: from 1."""
    lines = [line for line in standing.lines.values() if status in ("", line.status)]
    last = max(1, -(-len(lines) // A_PAGE))
    number = min(max(1, number), last)
    some = lines[(number - 1) * A_PAGE : number * A_PAGE]
    classes = standing.classes
    return page(
        "run.html.j2",
        standing=standing,
        figures=standing.figures(),
        cards=[
            Card(line, class_name(classes, line.label), class_name(classes, line.predicted)) for line in some
        ],
        status=status,
        statuses=[name for name in ("", *STATUSES) if not name or standing.counts.get(name)],
        number=number,
        last=last,
        files=[name for name in OWN_FILES if (standing.found.path / name).is_file()],
        **shared,
    )


def live_page(standing: Standing, **shared: Any) -> str:
    """The page that shows an audit at work."""
    return page("live.html.j2", standing=standing, **shared)


@dataclass(frozen=True)
class Shown:
    """A flip of a sample under its heading."""

    title: str
    flip: ShownFlip
    rms: str


def sample_page(standing: Standing, text: str, sample: str, **shared: Any) -> str:
    """A finished sample: first and closest flip beside the original. Raises RunError where it is damaged."""
    run = Run.open(standing.found.path)
    result = read_result(text, f"the line of {sample}")
    classes, spec = standing.classes, run.manifest.spec
    names = list(standing.lines)
    place = names.index(sample)
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
        earlier=names[place - 1] if place else None,
        later=names[place + 1] if place + 1 < len(names) else None,
        **shared,
    )


def thumbnail_of(standing: Standing, text: str, sample: str) -> bytes | None:
    """A small JPEG of the closest flip; None where there is none. Raises RunError or DataError."""
    run = Run.open(standing.found.path)
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


def _drawn(share: float) -> str:
    """A share as the width of a bar."""
    return f"{100 * min(1.0, max(0.0, share)):.1f}%"

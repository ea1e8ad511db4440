"""What each page shows, and how it is made from its template."""

from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from brittle.core.errors import RunError
from brittle.core.result import Flip, Point, SearchResult
from brittle.domains import domain_of
from brittle.domains.tints import tints
from brittle.report import wording
from brittle.report.audit.gallery import Bar, ShownFlip, shown_flip
from brittle.report.classes import class_name, own_class
from brittle.report.explain.panels import legend
from brittle.report.pictures import thumbnail
from brittle.report.template import strict_environment
from brittle.server import explained
from brittle.server.comparing import Compared
from brittle.server.folders import Found
from brittle.server.lines import Line
from brittle.server.links import Served
from brittle.server.listing import Listed
from brittle.server.names import to_part
from brittle.server.standing import Standing, begun
from brittle.store.records import read_result
from brittle.store.run import Run
from brittle.store.trails import read_trail

SERVED = Served()
A_PAGE = 48
"""Samples of the grid that are shown at once."""
SMALL = 160
"""Pixels of the longer side of a picture in the grid."""
STATUSES = ("flipped", "survived", "misclassified", "explained", "nothing_found", "refused", "failed")
WORDS = {
    "misclassified": "already wrong",
    "nothing_found": "nothing found",
    "left_out": "left out",
    "": "all",
}
OWN_FILES = ("results.csv", "summary.json", "results.jsonl", "run.json", "settings.yaml", "sessions.jsonl")
"""Files of a run that are offered as they are."""
LIVE = {"audit": "live.html.j2", "explain": "live_explain.html.j2"}
"""The page of a run at work, by its verb."""


def page(template: str, **contents: Any) -> str:
    """A page as text; everything in it is escaped. links: addresses, where they are no server's."""
    return _environment().get_template(template).render({"links": SERVED, **contents})


@cache
def _environment() -> Environment:
    environment = strict_environment("brittle.server", "templates")
    environment.policies["json.dumps_kwargs"] = {}  # keys stay in order: colours are told by their places
    environment.filters |= {
        "part": to_part,
        "called": called,
        "begun": begun,
        "breakable": _breakable,
        "drawn": _drawn,
    }
    return environment


@cache
def statics() -> dict[str, bytes]:
    """Scripts and styles by name; those of the reports are shared with them."""
    found = {entry.name: entry.read_bytes() for entry in (files("brittle.server") / "static").iterdir()}
    report = files("brittle.report")
    found["page.css"] = (report / "page.css").read_bytes()
    found["compare.css"] = (report / "compare" / "compare.css").read_bytes()
    found["sort.js"] = (report / "audit" / "sort.js").read_bytes()
    return found


def called(status: str) -> str:
    """How an ending is called."""
    return WORDS.get(status, status)


def _breakable(path: str) -> Markup:
    """A path that may be broken into lines after each of its folders."""
    return Markup("/<wbr>").join(path.split("/"))


def runs_page(standings: Sequence[Standing | Listed], others: Sequence[Found], **shared: Any) -> str:
    """All that lies below the root."""
    return page("runs.html.j2", standings=standings, others=others, **shared)


def compare_page(compared: Compared, **shared: Any) -> str:
    """Runs side by side."""
    parts = {"head": Markup(compared.head), "body": Markup(compared.body)}  # escaped already
    return page("compare.html.j2", found=compared.found, **parts, **shared)


@dataclass(frozen=True)
class Card:
    """A sample of the grid, in words."""

    line: Line
    own: str
    predicted: str
    explained: str


def run_page(standing: Standing, status: str, number: int, **shared: Any) -> str:
    """One run: where it stands, and a grid of its samples of one status, or of all. number: from 1."""
    lines = [line for line in standing.lines.values() if status in ("", line.status)]
    last = max(1, -(-len(lines) // A_PAGE))
    number = min(max(1, number), last)
    some = lines[(number - 1) * A_PAGE : number * A_PAGE]
    classes, links = standing.classes, shared.get("links", SERVED)
    return page(
        "run.html.j2",
        standing=standing,
        figures=standing.figures(),
        cards=[
            Card(line, *(class_name(classes, k) for k in (line.label, line.predicted, line.explained)))
            for line in some
        ],
        status=status,
        statuses=[name for name in ("", *STATUSES) if not name or standing.counts.get(name)],
        number=number,
        last=last,
        files=[
            name
            for name in OWN_FILES
            if (standing.found.path / name).is_file() and links.file(standing.found, name)
        ],
        **shared,
    )


def live_page(standing: Standing, **shared: Any) -> str:
    """The page that shows an audit or an explanation at work."""
    axes = standing.manifest.spec.axes if standing.manifest else ()
    return page(LIVE[standing.verb], standing=standing, legend=legend(axes), **shared)


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


def _drawn(share: float) -> str:
    """A share as the width of a bar."""
    return f"{100 * min(1.0, max(0.0, share)):.1f}%"

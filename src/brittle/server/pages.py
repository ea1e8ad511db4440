"""What each page shows, and how it is made from its template."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from brittle.domains.glow import legend
from brittle.report.classes import class_name
from brittle.report.template import strict_environment
from brittle.server.links import Served
from brittle.server.reading.folders import Found
from brittle.server.reading.lines import Line
from brittle.server.reading.listing import Listed
from brittle.server.reading.names import to_part
from brittle.server.reading.standing import Standing, begun

SERVED = Served()
A_PAGE = 48
"""Samples of the grid that are shown at once."""
MOST_COMPARED = 12
"""Runs that are set side by side at once."""
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
    """A page as text; everything in it is escaped. links: addresses, where they are no server's.

    What is no text in a name, such as a byte of another encoding, is a question mark.
    """
    text = _environment().get_template(template).render({"links": SERVED, **contents})
    return text.encode("utf-8", "replace").decode()


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


def compare_page(found: Sequence[Found], head: str, body: str, **shared: Any) -> str:
    """Runs side by side. head, body: HTML, escaped already."""
    return page("compare.html.j2", found=found, head=Markup(head), body=Markup(body), **shared)


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


def _drawn(share: float) -> str:
    """A share as the width of a bar."""
    return f"{100 * min(1.0, max(0.0, share)):.1f}%"

"""The samples that a page shows in full: which ones, their pictures and their classes."""

from array import array
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from brittle.core.errors import BrittleError
from brittle.core.grid import Grid
from brittle.core.result import Flip, SearchResult, Status
from brittle.domains import domain_of
from brittle.report.breakdown import class_name, own_class, touched_cells
from brittle.store.run import Run

EACH = 8
LONGEST_SIDE = 512
MOST_BYTES = 24_000


@dataclass(frozen=True)
class Picture:
    """One image of the page. file: the exact one inside the run folder, where there is one."""

    caption: str
    alt: str
    uri: str
    width: int
    height: int
    file: str = ""


@dataclass(frozen=True)
class Bar:
    """One class and its probability. role: "own" must flip, "new" is what the flip made of it."""

    name: str
    probability: float
    role: str


@dataclass(frozen=True)
class Shown:
    """One flipped sample in full. trouble: why it has no pictures."""

    result: SearchResult
    flip: Flip
    name: str
    predicted: str
    before: tuple[Bar, ...]
    after: tuple[Bar, ...]
    used: tuple[tuple[str, int], ...]
    pictures: tuple[Picture, ...]
    trouble: str = ""

    @property
    def touched(self) -> int:
        """Cells that wear a distortion."""
        return sum(count for _, count in self.used)


@dataclass(frozen=True)
class Group:
    """Samples that are shown for one reason."""

    title: str
    shown: tuple[Shown, ...]


def gallery(run: Run, classes: Sequence[str]) -> list[Group]:
    """The most telling flips of a run, by the L2 of the closest one: least, typical and greatest."""
    wanted = _places(run)
    places = {place for found in wanted.values() for place in found}
    kept = {place: result for place, result in enumerate(run.results()) if place in places}
    return [
        Group(title, tuple(_show(run, kept[place], classes) for place in found))
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


def _show(run: Run, result: SearchResult, classes: Sequence[str]) -> Shown:
    flip = result.closest
    assert flip is not None
    pictures: tuple[Picture, ...] = ()
    trouble = ""
    try:
        pictures = pictures_of(run, result, flip)
    except (BrittleError, OSError, ValueError) as error:
        trouble = f"its pictures cannot be shown: {error}"
    own = own_class(result)
    return Shown(
        result=result,
        flip=flip,
        name=class_name(classes, own),
        predicted=class_name(classes, flip.predicted),
        before=_bars(result.top, own, flip.predicted, classes),
        after=_bars(flip.top, own, flip.predicted, classes),
        used=tuple(touched_cells(flip.colours, run.manifest.palette).most_common()),
        pictures=pictures,
        trouble=trouble,
    )


def _bars(
    top: Sequence[tuple[int, float]], own: int | None, new: int, classes: Sequence[str]
) -> tuple[Bar, ...]:
    roles = {own: "own", new: "new"}
    return tuple(Bar(class_name(classes, k), p, roles.get(k, "")) for k, p in top)


def pictures_of(run: Run, result: SearchResult, flip: Flip) -> tuple[Picture, ...]:
    """Original, flip, amplified change, and the cells touched where there are any. Raises RunError."""
    spec = run.manifest.spec
    domain = domain_of(spec)
    original = run.original(result)
    x = domain.from_bytes(run.read(original), spec)
    changed = domain.from_bytes(run.read(flip.file), spec)
    name = result.sample
    pictures = [
        _picture("Original", f"{name}, original", domain.picture(x, spec), original),
        _picture("Flip", f"{name}, changed", domain.picture(changed, spec), flip.file),
        _picture("Change, amplified", f"Where and how {name} changed", domain.change(x, changed, spec)),
    ]
    if flip.colours is not None:
        grid = Grid(spec, run.manifest.cell)
        touched = domain.cells_touched(x, grid, np.array(flip.colours, np.int16), spec, run.manifest.palette)
        pictures.append(_picture("Cells touched", f"Cells of {name} that were touched", touched))
    return tuple(pictures)


def _picture(caption: str, alt: str, png: bytes, file: str = "") -> Picture:
    """A picture small enough to travel inside the page: the PNG itself, or a JPEG of it."""
    image: Image.Image = Image.open(BytesIO(png))
    kind, data = "png", png
    if len(png) > MOST_BYTES:
        image = image.convert("RGB")
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        out = BytesIO()
        image.save(out, "JPEG", quality=82, optimize=True)
        kind, data = "jpeg", out.getvalue()
    uri = f"data:image/{kind};base64,{b64encode(data).decode()}"
    return Picture(caption, alt, uri, *image.size, file)

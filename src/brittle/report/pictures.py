"""Pictures of one flip, small enough to travel inside a page."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter

from brittle.core.grid import Grid
from brittle.core.result import Flip, SearchResult
from brittle.core.sample import Array
from brittle.domains import domain_of
from brittle.store.run import Run

LONGEST_SIDE = 512
THUMBNAIL = 96
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


def inputs_of(run: Run, result: SearchResult, flip: Flip) -> tuple[Array, Array]:
    """The untouched input of a flipped sample, and the flip, as their files hold them.

    Raises RunError or DataError.
    """
    spec = run.manifest.spec
    domain = domain_of(spec)
    x = domain.from_bytes(run.read(run.original(result)), spec)
    return x, domain.from_bytes(run.read(flip.file), spec)


def pictures_of(run: Run, result: SearchResult, flip: Flip) -> tuple[Picture, ...]:
    """Original, flip, amplified change, and the cells touched where there are any. Raises RunError."""
    spec = run.manifest.spec
    domain = domain_of(spec)
    x, changed = inputs_of(run, result, flip)
    name = result.sample
    pictures = [
        picture("Original", f"{name}, original", domain.picture(x, spec), run.original(result)),
        picture("Flip", f"{name}, changed", domain.picture(changed, spec), flip.file),
        picture("Change, amplified", f"Where and how {name} changed", domain.change(x, changed, spec)),
    ]
    if flip.assignment is not None:
        grid = Grid(spec, run.manifest.cell)
        touched = domain.cells_touched(
            x, grid, np.array(flip.assignment, np.int16), spec, run.manifest.palette
        )
        pictures.append(picture("Cells touched", f"Cells of {name} that were touched", touched))
    return tuple(pictures)


def picture(caption: str, alt: str, png: bytes, file: str = "") -> Picture:
    """A picture small enough to travel inside the page: the PNG itself, or a JPEG of it."""
    if len(png) > MOST_BYTES:
        return _shrunk(caption, alt, png, LONGEST_SIDE, file)
    return Picture(caption, alt, _uri("png", png), *Image.open(BytesIO(png)).size, file)


def thumbnail(alt: str, png: bytes, side: int = THUMBNAIL, *, thicker: bool = False) -> Picture:
    """A picture no side of which is longer than so many pixels. thicker: dark lines, so that they stay."""
    return _shrunk("", alt, png, side, thicker=thicker)


def _shrunk(
    caption: str, alt: str, png: bytes, side: int, file: str = "", *, thicker: bool = False
) -> Picture:
    image = Image.open(BytesIO(png)).convert("RGB")
    if thicker:
        image = image.filter(ImageFilter.MinFilter(2 * (max(image.size) // (4 * side)) + 1))
    image.thumbnail((side, side))
    out = BytesIO()
    image.save(out, "JPEG", quality=82, optimize=True)
    return Picture(caption, alt, _uri("jpeg", out.getvalue()), *image.size, file)


def _uri(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(data).decode()}"

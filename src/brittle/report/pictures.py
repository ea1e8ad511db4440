"""Pictures of one flip, small enough to travel inside a page."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from brittle.core.grid import Grid
from brittle.core.result import Flip, SearchResult
from brittle.domains import domain_of
from brittle.store.run import Run

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
    if flip.assignment is not None:
        grid = Grid(spec, run.manifest.cell)
        touched = domain.cells_touched(
            x, grid, np.array(flip.assignment, np.int16), spec, run.manifest.palette
        )
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

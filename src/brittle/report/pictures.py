"""Pictures of one flip, small enough to travel inside a page."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter, ImageSequence

from brittle.core.grid import Grid
from brittle.core.result import Flip, SearchResult
from brittle.core.sample import Array, InputSpec
from brittle.domains import domain_of
from brittle.store.run import Run

LONGEST_SIDE = 512
WIDEST = 900
"""Pixels of a strip, which fills a line of the page."""
STRIP = 4
"""Heights that a strip is wider than."""
PLAYED_SIDE, PLAYED_QUALITY, PLAYED_EFFORT = 320, 60, 2
"""Of an animation: pixels of its longer side; quality of WebP, 0 to 100, and effort, 0 to 6."""
THUMBNAIL = 96
MOST_BYTES = 24_000


@dataclass(frozen=True)
class Picture:
    """One image of the page. file: the exact one inside the run folder, where there is one.

    still: of an animation, what stands in its place for readers who want no motion.
    """

    caption: str
    alt: str
    uri: str
    width: int
    height: int
    file: str = ""
    still: str = ""

    @property
    def is_strip(self) -> bool:
        """Whether it is so wide that it wants a line of the page for itself."""
        return self.width > STRIP * self.height


def inputs_of(run: Run, result: SearchResult, flip: Flip) -> tuple[Array, Array]:
    """The untouched input of a flipped sample, and the flip, as their files hold them.

    Raises RunError or DataError.
    """
    spec = run.manifest.spec
    domain = domain_of(spec)
    x = domain.from_bytes(run.read(run.original(result)), spec)
    return x, domain.from_bytes(run.read(flip.file), spec)


def pictures_of(
    run: Run, result: SearchResult, flip: Flip, inputs: tuple[Array, Array]
) -> tuple[Picture, ...]:
    """Original, flip, amplified change, and the cells touched where there are any. Raises RunError.

    inputs: as inputs_of gives them.
    """
    spec = run.manifest.spec
    domain = domain_of(spec)
    x, changed = inputs
    name = result.sample
    original = with_extent("Original", spec)
    pictures = [
        picture(original, f"{name}, original", domain.picture(x, spec, [changed]), run.original(result)),
        picture("Flip", f"{name}, changed", domain.picture(changed, spec, [x]), flip.file),
        picture("Change, amplified", f"Where and how {name} changed", domain.change(x, changed, spec)),
    ]
    if flip.assignment is not None:
        grid = Grid(spec, run.manifest.cell)
        assignment = np.array(flip.assignment, np.int16)
        touched = domain.cells_touched(x, grid, assignment, spec, run.manifest.palette, [changed])
        pictures.append(picture("Cells touched", f"Cells of {name} that were touched", touched))
    return tuple(pictures)


def with_extent(caption: str, spec: InputSpec) -> str:
    """A caption, and what of the input the picture shows where that is not all."""
    return " · ".join(filter(None, (caption, domain_of(spec).extent(spec))))


def picture(caption: str, alt: str, png: bytes, file: str = "") -> Picture:
    """A picture small enough to travel inside the page: the PNG itself, or a JPEG of it."""
    width, height = Image.open(BytesIO(png)).size
    if len(png) > MOST_BYTES:
        return _shrunk(caption, alt, png, WIDEST if width > STRIP * height else LONGEST_SIDE, file)
    return Picture(caption, alt, _uri("png", png), width, height, file)


def played(caption: str, alt: str, apng: bytes) -> Picture:
    """An animation small enough for the page: a WebP of it, and its middle frame as the still."""
    with Image.open(BytesIO(apng)) as image:
        frames, times = [], []
        for frame in ImageSequence.Iterator(image):
            times.append(round(frame.info["duration"]))
            frames.append(frame.convert("RGB"))
    for frame in frames:
        frame.thumbnail((PLAYED_SIDE, PLAYED_SIDE))
    out = BytesIO()
    frames[0].save(
        out,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=times,
        loop=0,
        quality=PLAYED_QUALITY,
        method=PLAYED_EFFORT,
    )
    still = thumbnail(alt, apng, PLAYED_SIDE).uri
    return Picture(caption, alt, _uri("webp", out.getvalue()), *frames[0].size, still=still)


def thumbnail(alt: str, png: bytes, side: int = THUMBNAIL, *, thicker: bool = False) -> Picture:
    """A picture no side of which is longer than so many pixels, of an animation its middle frame.

    thicker: dark lines, so that they stay.
    """
    return _shrunk("", alt, png, side, thicker=thicker)


def _shrunk(
    caption: str, alt: str, png: bytes, side: int, file: str = "", *, thicker: bool = False
) -> Picture:
    with Image.open(BytesIO(png)) as opened:
        opened.seek(getattr(opened, "n_frames", 1) // 2)
        image = opened.convert("RGB")
    if thicker:
        image = image.filter(ImageFilter.MinFilter(2 * (max(image.size) // (4 * side)) + 1))
    image.thumbnail((side, side))
    out = BytesIO()
    image.save(out, "JPEG", quality=82, optimize=True)
    return Picture(caption, alt, _uri("jpeg", out.getvalue()), *image.size, file)


def _uri(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(data).decode()}"

"""Traces on ECG paper: 25 mm a second, 10 mm a millivolt (half or a quarter of that where it is too tall)."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from brittle.core.sample import Array, InputSpec

SPEED = 25.0
"""Millimetres a second."""
GAINS = (40.0, 20.0, 10.0, 5.0, 2.5)
"""Millimetres a unit; 10 is the standard, and none is greater but where a change is drawn."""
TALLEST = 40.0
"""Millimetres that one lead may take."""
FINE, SMOOTH = 14, 2
"""Pixels a millimetre at most; drawn so many times larger, then shrunk, which smooths the lines."""
WIDEST = 900
PAPER, MINOR, MAJOR = (255, 250, 248), (250, 222, 218), (238, 172, 166)
INK, WORDS = (25, 25, 40), (90, 60, 60)
RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Band:
    """A stretch of time with a background of its own: samples start to stop."""

    start: int
    stop: int
    colour: RGB


def on_paper(
    x: Array,
    spec: InputSpec,
    bands: Sequence[Band] = (),
    gain: float | None = None,
    beside: Sequence[Array] = (),
) -> bytes:
    """A PNG of x (leads, time), one strip a lead.

    gain: millimetres a unit; default what fits, 10 at most. beside: what is to fit on the same paper, too.
    """
    return written(drawn(x, spec, bands, gain, beside))


def drawn(
    x: Array,
    spec: InputSpec,
    bands: Sequence[Band] = (),
    gain: float | None = None,
    beside: Sequence[Array] = (),
) -> Pillow.Image:
    """What on_paper writes, as RGB; its width is all of the time."""
    every = np.concatenate([x, *beside], axis=1)
    rate = spec.rate or x.shape[1] / 4.0  # of unknown rate: drawn as four seconds
    width = SPEED * x.shape[1] / rate
    gain = gain or fitting_gain(every)
    scale = float(np.clip(WIDEST / width, 1, FINE)) * SMOOTH
    strips = [_strip(lead, gain) for lead in every]
    size = (max(2, round(width * scale)), round(sum(strip.height for strip in strips) * scale))
    image = Pillow.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(image)
    places = np.arange(x.shape[1] + 1) * (SPEED / rate * scale)
    for band in bands:
        draw.rectangle((places[band.start], 0, places[band.stop], size[1]), fill=band.colour)
    _ruling(draw, size, scale)
    top = 0.0
    for strip, lead in zip(strips, x, strict=True):
        heights = (top + strip.zero - gain * (lead - strip.middle)) * scale
        draw.line(list(zip(places[:-1].tolist(), heights.tolist(), strict=True)), INK, SMOOTH + 1, "curve")
        top += strip.height
    image = image.resize((max(1, size[0] // SMOOTH), max(1, size[1] // SMOOTH)), Pillow.Resampling.BOX)
    _words(image, spec, gain, [strip.height * scale / SMOOTH for strip in strips])
    return image


def written(image: Pillow.Image) -> bytes:
    """A picture on paper, as a PNG of few colours."""
    out = BytesIO()
    image.quantize(48, Pillow.Quantize.MEDIANCUT, dither=Pillow.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def fitting_gain(x: Array, most: float = 10.0) -> float:
    """The greatest gain up to `most` at which no lead is too tall; the least one if all are."""
    span = float((x.max(axis=1) - x.min(axis=1)).max())
    return next((gain for gain in GAINS if gain <= most and gain * span <= TALLEST), GAINS[-1])


@dataclass(frozen=True)
class _Strip:
    """The paper of one lead, mm. zero: how far below its top the value `middle` lies."""

    height: float
    zero: float
    middle: float


def _strip(lead: Array, gain: float) -> _Strip:
    above, below = float(lead.max()), float(lead.min())
    height = 5 * np.ceil((gain * (above - below) + 10) / 5)
    return _Strip(float(height), float(height) / 2, (above + below) / 2)


def _ruling(draw: ImageDraw.ImageDraw, size: tuple[int, int], scale: float) -> None:
    """Lines every millimetre, unless they would run together, and every five."""
    for step, colour in ((1, MINOR), (5, MAJOR)):
        if step * scale < 3 * SMOOTH:
            continue
        for mm in range(0, int(max(size) / scale) + 1, step):
            place = mm * scale
            draw.line((place, 0, place, size[1]), colour, SMOOTH)
            draw.line((0, place, size[0], place), colour, SMOOTH)


def _words(image: Pillow.Image, spec: InputSpec, gain: float, heights: Sequence[float]) -> None:
    """Lead names, and the scale at the foot."""
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    top = 0.0
    for number, height in enumerate(heights):
        if number < len(spec.channels):
            draw.text((4, top + 2), spec.channels[number], WORDS, font)
        top += height
    if spec.rate is not None and image.width > 150:
        scale = f"{SPEED:g} mm/s  {gain:g} mm/{spec.unit}"
        draw.text((4, image.height - 15), scale, WORDS, font)

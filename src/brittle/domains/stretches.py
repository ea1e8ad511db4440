"""Stretches of time: where a mask of a signal keeps, in words and as an axis under a trace."""

from dataclasses import dataclass
from math import floor, log10

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from brittle.core.sample import InputSpec
from brittle.domains.ecg_paper import INK, PAPER, WORDS

Stretch = tuple[int, int]
SHORT = 2.0
"""Seconds up to which times are told in milliseconds."""
MARK = (14, 104, 124)
APART = 3
"""Heights of a line of text from one tick of an axis to the next, at least."""


def stretches(mask: NDArray[np.bool_]) -> list[Stretch]:
    """Where a mask (time,) keeps: from which sample to which, the latter not kept."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in turns.reshape(-1, 2)]


@dataclass(frozen=True)
class Clock:
    """How places of a signal are told. per_unit: samples; decimals: that are written."""

    unit: str
    per_unit: float
    decimals: int

    def __call__(self, place: float) -> str:
        """One time, without its unit."""
        return f"{place / self.per_unit:.{self.decimals}f}"

    def told(self, stretch: Stretch) -> str:
        """Both ends of a stretch, without their unit: 130–210."""
        return "–".join(map(self, stretch))


def clock(spec: InputSpec) -> Clock:
    """Milliseconds of a short signal, seconds of a longer one, samples where the rate is not known."""
    if spec.rate is None:
        return Clock("samples", 1.0, 0)
    if spec.shape[-1] / spec.rate <= SHORT:
        return Clock("ms", spec.rate / 1000, 0)
    return Clock("s", spec.rate, 2)


def with_times(image: Pillow.Image, mask: NDArray[np.bool_] | None, spec: InputSpec) -> Pillow.Image:
    """A trace with an axis of time at its foot, and above that the stretches of a mask with their times.

    image: as wide as all of the time. Times that would run into those of a longer stretch are left out.
    """
    size = 14 + image.width // 90
    font = ImageFont.load_default(size)
    found = stretches(mask) if mask is not None else []
    row = round(1.3 * size)
    out = Pillow.new("RGB", (image.width, image.height + row * (3 if found else 2)), PAPER)
    out.paste(image)
    draw = ImageDraw.Draw(out)
    foot = _Foot(draw, font, row, image.width / spec.shape[-1], clock(spec), image.width)
    if found:
        foot.marks(found, image.height)
    foot.axis(spec.shape[-1], out.height - 2 * row + row // 2)
    return out


@dataclass(frozen=True)
class _Foot:
    """What is drawn under a trace. row: the height of a line of text; scale: pixels a sample."""

    draw: ImageDraw.ImageDraw
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont
    row: int
    scale: float
    clock: Clock
    width: int

    def marks(self, found: list[Stretch], top: int) -> None:
        """A bar under each stretch, lines up to the trace at its ends, and its times."""
        taken: list[tuple[float, float]] = []
        for stretch in sorted(found, key=lambda s: s[0] - s[1]):
            left, right = (place * self.scale for place in stretch)
            self.draw.rectangle((left, top, max(left, right - 1), top + self.row // 3), MARK)
            for place in (left, right - 1):
                self.draw.line((place, 0, place, top), MARK, 1)
            text = self.clock.told(stretch).replace("–", "-")  # the font has no en dash
            start, stop = self._beside(text, (left + right) / 2)
            if all(stop < other[0] or other[1] < start for other in taken):
                taken.append((start - self.row / 2, stop + self.row / 2))
                self.draw.text((start, top + self.row // 3), text, MARK, self.font)

    def axis(self, length: int, top: int) -> None:
        """A line with ticks; the unit stands at the last one."""
        self.draw.line((0, top, self.width, top), WORDS, 1)
        step = _step(APART * self.row / self.scale / self.clock.per_unit)
        places = np.arange(0, length / self.clock.per_unit, step) * self.clock.per_unit
        for place in places:
            x = float(place) * self.scale
            self.draw.line((x, top, x, top + self.row // 3), WORDS, 1)
            text = f"{place / self.clock.per_unit:.6g}"
            text += f" {self.clock.unit}" if place == places[-1] else ""
            self.draw.text((self._beside(text, x)[0], top + self.row // 3), text, INK, self.font)

    def _beside(self, text: str, middle: float) -> tuple[float, float]:
        """Where a text about a place starts and stops, within the picture."""
        width = self.draw.textlength(text, self.font)
        start = max(2.0, min(middle - width / 2, self.width - width - 2))
        return start, start + width


def _step(least: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is no less."""
    power = 10.0 ** floor(log10(least))
    return next(f * power for f in (1, 2, 5, 10) if f * power >= least * (1 - 1e-9))

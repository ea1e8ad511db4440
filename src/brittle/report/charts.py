"""Charts as SVG text: scales, ticks and steps in plain Python, drawn by chart.svg.j2.

Colours are CSS variables of the page around a chart, with fallbacks for a file that is opened alone. Nothing
has an id, so any number of charts may share a page.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, isclose, isfinite, log10

from rich.cells import cell_len

from brittle.report.template import rendered
from brittle.report.wording import TIGHT

WIDTH, HEIGHT = 340, 240  # of a panel, in units of about one pixel
LEFT, RIGHT, TOP, BOTTOM = 56, 18, 20, 44  # what lies around its plot
LETTER = 7.3  # as wide as a digit of a wide font, so that labels are kept apart without measuring them
ROW, SWATCH, LONGEST_NAME = 17, 28, 30  # of the legend
HEAD = 26  # of a title
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Point = tuple[str, str]


@dataclass(frozen=True)
class Axis:
    """A scale from 0 to end. percent: shares, written as percents; whole: ticks are whole numbers."""

    label: str
    end: float
    percent: bool = False
    whole: bool = False

    def share(self, value: float) -> float:
        """Where a value lies on the axis, 0 to 1; what is beyond an end lies on it."""
        return min(1.0, max(0.0, value / self.end))

    def ticks(self, room: float = 0.0) -> list[tuple[float, str]]:
        """Values and how they are written: few, and where there is a room, apart from each other in it."""
        for most in (6, 5, 4, 3, 2, 1):
            step = nice_step(self.end, most, whole=self.whole)
            values = [k * step for k in range(floor(self.end / step * (1 + 1e-9)) + 1)]
            found = [(value, self._written(value, step)) for value in values]
            longest = max(len(text) for _, text in found)
            if not room or LETTER * (longest + 2) <= room * self.share(step):
                break
        return found

    def _written(self, value: float, step: float) -> str:
        if self.percent:
            return f"{100 * value:.0f}{TIGHT}%"
        if not 1e-4 <= step < 1e7:
            return f"{value:g}"
        decimals = next(d for d in range(7) if isclose(round(step, d), step))
        return f"{value:,.{decimals}f}"


FLIPPED = Axis("Flipped", 1.0, percent=True)


def axis_to(greatest: float, label: str, *, whole: bool = False) -> Axis:
    """An axis with a little room beyond the greatest value; to 1 where there is none."""
    return Axis(label, 1.05 * greatest if isfinite(greatest) and greatest > 0 else 1.0, whole=whole)


def nice_step(end: float, most: int, *, whole: bool = False) -> float:
    """The least of 1, 2, 5 and 25 times a power of ten that cuts 0 to end into at most so many parts.

    Of 25 only where it is whole: 25, 250 and so on.
    """
    least = max(end / most, 1.0 if whole else 0.0)
    power = 10.0 ** floor(log10(least))
    factors = (1, 2, 2.5, 5, 10) if power >= 10 else (1, 2, 5, 10)
    steps = (factor * power for factor in factors)
    return next(step for step in steps if step >= least * (1 - 1e-9))


@dataclass(frozen=True)
class Line:
    """Steps: from x[k] on the value is y[k]. low, high: a band around them.

    colour: the page's accent where empty; dash: lengths of strokes and gaps; name: in the legend.
    """

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    name: str = ""
    colour: str = ""
    dash: str = ""

    @property
    def short(self) -> str:
        """The name, its middle left out where it is long."""
        if len(self.name) <= LONGEST_NAME:
            return self.name
        half = (LONGEST_NAME - 1) // 2
        return f"{self.name[:half]}…{self.name[-half:]}"


@dataclass(frozen=True)
class Panel:
    """A plot with its axes. bars: left, right and height of each; mark: a place on the x axis, in words."""

    x: Axis
    y: Axis
    lines: Sequence[Line] = ()
    bars: Sequence[tuple[float, float, float]] = ()
    mark: tuple[float, str] | None = None

    def across(self, value: float) -> float:
        """Where a value of the x axis lies, from the left."""
        return LEFT + (WIDTH - LEFT - RIGHT) * self.x.share(value)

    def down(self, value: float) -> float:
        """Where a value of the y axis lies, from the top."""
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * self.y.share(value)

    def x_ticks(self) -> list[tuple[float, str]]:
        """Places from the left, and what is written there."""
        return [(self.across(value), text) for value, text in self.x.ticks(WIDTH - LEFT - RIGHT)]

    def y_ticks(self) -> list[tuple[float, str]]:
        """Places from the top, and what is written there."""
        return [(self.down(value), text) for value, text in self.y.ticks()]

    def steps(self, line: Line) -> str:
        """The path of a line."""
        return _path(self._corners(line.x, line.y))

    def band(self, line: Line) -> str:
        """The path of the area around a line."""
        lower = self._corners(line.x, line.low)
        return f"{_path([*self._corners(line.x, line.high), *reversed(lower)])}Z"

    def boxes(self) -> str:
        """The path of all bars."""
        base = _px(self.down(0))
        found = []
        for left, right, height in self.bars:
            gap = 0.04 * (right - left)
            start, stop = _px(self.across(left + gap)), _px(self.across(right - gap))
            top = _px(self.down(height))
            found.append(f"M{start} {base}V{top}H{stop}V{base}Z")
        return "".join(found)

    def beside(self, text: str, place: float) -> float:
        """The middle of a text that is to stand at a place and must not leave the panel."""
        half = LETTER * len(text) / 2
        return max(half, min(place, WIDTH - half))

    def _corners(self, x: Sequence[float], y: Sequence[float]) -> list[Point]:
        places = list(zip(map(self.across, x), map(self.down, y), strict=True))
        found = places[:1]
        for place, height in places[1:]:
            found += [(place, found[-1][1]), (place, height)]
        return [(_px(a), _px(b)) for a, b in found]


def chart(panels: Sequence[Panel], alt: str, *, legend: Sequence[Line] = (), title: str = "") -> str:
    """Panels side by side and the legend after them, as an <svg> element that is also a whole file.

    alt: what a reader who cannot see it should know. The same panels give the same text.
    """
    named = max((cell_len(line.short) for line in legend), default=0)
    beside = round(SWATCH + 20 + LETTER * named) if legend else 0
    contents = {
        "panels": panels,
        "legend": legend,
        "title": title,
        "alt": alt,
        "width": WIDTH * len(panels) + beside,
        "height": max(HEIGHT if panels else 0, ROW * len(legend) + 12) + (HEAD if title else 0),
        "head": HEAD if title else 0,
        "step": WIDTH,
        "plot": (LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM),
        "row": ROW,
        "swatch": SWATCH,
        "px": _px,
    }
    return NOT_XML.sub("\ufffd", rendered("chart.svg.j2", contents))


def _px(place: float) -> str:
    return f"{place:.1f}".removesuffix(".0")


def _path(points: Iterable[Point]) -> str:
    """A path through points; a coordinate that stays is not written again."""
    (x, y), *others = points
    found = [f"M{x} {y}"]
    for a, b in others:
        if a != x and b != y:
            found.append(f"L{a} {b}")
        elif a != x:
            found.append(f"H{a}")
        elif b != y:
            found.append(f"V{b}")
        x, y = a, b
    return "".join(found)

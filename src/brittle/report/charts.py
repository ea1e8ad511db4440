"""Charts as SVG text: panels and steps in plain Python, drawn by chart.svg.j2.

Colours are CSS variables of the page around a chart, with fallbacks for a file that is opened alone. Nothing
has an id, so any number of charts may share a page.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from brittle.report.axes import LETTER, Axis, Ticks
from brittle.report.template import rendered

WIDTH, HEIGHT = 340, 240  # of a panel, in units of about one pixel
LEFT, RIGHT, TOP, BOTTOM = 56, 18, 20, 44  # what lies around its plot
ROW, SWATCH, LONGEST_NAME = 17, 28, 30  # of the legend
HEAD = 26  # of a title
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Point = tuple[str, str]


@dataclass(frozen=True)
class Line:
    """Steps: from x[k] on the value is y[k]. low, high: a band around them.

    straight: from each point straight to the next, instead of in steps.
    colour: the page's accent where empty; dash: lengths of strokes and gaps; name: in the legend.
    """

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    name: str = ""
    colour: str = ""
    dash: str = ""
    straight: bool = False

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

    def x_ticks(self) -> Ticks:
        """Places from the left, and what is written there."""
        return [(self.across(value), text) for value, text in self.x.ticks(WIDTH - LEFT - RIGHT)]

    def small_x_ticks(self) -> list[float]:
        """Places from the left of the ticks that have no label."""
        return [self.across(value) for value in self.x.small_ticks()]

    def y_ticks(self) -> Ticks:
        """Places from the top, and what is written there."""
        return [(self.down(value), text) for value, text in self.y.ticks()]

    def steps(self, line: Line) -> str:
        """The path of a line."""
        if line.straight:
            places = zip(map(self.across, line.x), map(self.down, line.y), strict=True)
            return _path((_px(a), _px(b)) for a, b in places)
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

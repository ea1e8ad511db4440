"""What a reader sees in a chart: its texts, and its lines in the units of its axes."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import cached_property

SVG = "{http://www.w3.org/2000/svg}"
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Drawn:
    """A chart of one panel, read back from its text."""

    svg: str

    @cached_property
    def root(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.svg)

    @property
    def texts(self) -> list[str]:
        """Every text as it is shown; a longer form that a pointer shows is left out."""
        return [
            "".join([node.text or "", *(child.tail or "" for child in node)])
            for node in self.root.iter(f"{SVG}text")
        ]

    @property
    def x_ticks(self) -> dict[str, float]:
        """Where each label of the x axis stands, from the left: the first row of texts below the plot."""
        middle = [node for node in self._texts("middle") if "y" in node.attrib]
        rows = sorted({float(node.attrib["y"]) for node in middle})
        return {
            node.text or "": float(node.attrib["x"]) for node in middle if float(node.attrib["y"]) == rows[-2]
        }

    @property
    def y_ticks(self) -> dict[str, float]:
        """Where each label of the y axis stands, from the top; a label hangs 4 below its tick."""
        return {node.text or "": float(node.attrib["y"]) - 4 for node in self._texts("end")}

    def lines(self) -> list[Points]:
        """Every solid path that is wider than the axes, in the units of the axes."""
        return [
            self._in_units(node) for node in self.root.iter(f"{SVG}path") if node.get("stroke-width") == "1.8"
        ]

    def areas(self) -> list[Points]:
        """Every filled path."""
        return [self._in_units(node) for node in self.root.iter(f"{SVG}path") if node.get("fill") != "none"]

    def _texts(self, anchor: str) -> list[ElementTree.Element]:
        return [node for node in self.root.iter(f"{SVG}text") if node.get("text-anchor") == anchor]

    def _in_units(self, node: ElementTree.Element) -> Points:
        across, down = _scale(self.x_ticks), _scale(self.y_ticks)
        return [(across(x), down(y)) for x, y in points(node.attrib["d"])]


def points(path: str) -> Points:
    """The corners of a path of absolute moves and lines."""
    x = y = 0.0
    found = []
    for command, numbers in re.findall(r"([MLHV])([^MLHVZ]*)", path):
        values = [float(word) for word in numbers.split()]
        x = values[0] if command in "MLH" else x
        y = values[-1] if command in "MLV" else y
        found.append((x, y))
    return found


class _scale:
    """From places to values, by the first two labels of an axis."""

    def __init__(self, ticks: dict[str, float]) -> None:
        (first, self.start), (second, stop) = list(ticks.items())[:2]
        self.low = value(first)
        self.unit = (value(second) - self.low) / (stop - self.start)

    def __call__(self, place: float) -> float:
        return self.low + (place - self.start) * self.unit


def value(label: str) -> float:
    """What the label of a tick says."""
    plain = label.replace(",", "")
    return float(plain.removesuffix("\u00a0%")) / 100 if plain.endswith("%") else float(plain)

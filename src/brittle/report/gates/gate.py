"""A gate: one figure that must not be over, or under, a limit."""

from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from brittle.report.intervals import Interval

Side = Literal["over", "under"]


@dataclass(frozen=True)
class Figure:
    """A number that is held against a limit.

    value: None where there is none; infinite where nothing flipped, which is farther than any limit.
    interval: 95 %, None where there is none. exact: it counts what was done and estimates nothing.
    why: why there is no value, or an infinite one.
    """

    value: float | None
    interval: Interval | None = None
    exact: bool = False
    why: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"not known, as {self.why}"
        if not isfinite(self.value):
            return f"infinite, as {self.why}"
        ends = self.interval
        return f"{self.value:.6g}" + (f" [{ends.low:.3g}, {ends.high:.3g}]" if ends else "")


@dataclass(frozen=True)
class Gate:
    """A figure by its name, and the limit that it must not be over, or under."""

    name: str
    side: Side
    limit: float

    def __str__(self) -> str:
        return f"{self.name} not {self.side} {self.limit:g}"

    def beyond(self, value: float) -> bool:
        """Whether a value is on the wrong side of the limit."""
        return value > self.limit if self.side == "over" else value < self.limit


@dataclass(frozen=True)
class Verdict:
    """What a gate says. found: what it decided on; where: what to look at if it is red."""

    gate: str
    green: bool
    found: str
    where: str = ""

    def __str__(self) -> str:
        if self.green:
            return f"green: {self.found}"
        return f"red: {self.found}" + (f"; see {self.where}" if self.where else "")


def judge(gate: Gate, figure: Figure, *, sure: bool = False, where: str = "") -> Verdict:
    """Hold a figure against a gate; one that is not known is red.

    sure: the gate is green only if the farther end of the interval is within the limit as well, and where an
    estimate has no interval, nothing is sure.
    """
    if figure.value is None:
        return Verdict(str(gate), False, f"{gate.name} is {figure}", where)
    limit = f"{gate.side} {gate.limit:g}"
    if gate.beyond(figure.value):
        return Verdict(str(gate), False, f"{gate.name} is {figure}, {limit}", where)
    if sure and gate.beyond(_farther(gate.side, figure)):
        missing = "" if figure.interval else " without an interval"
        return Verdict(str(gate), False, f"{gate.name} is {figure}{missing}, and may be {limit}", where)
    return Verdict(str(gate), True, f"{gate.name} is {figure}, not {limit}", where)


def _farther(side: Side, figure: Figure) -> float:
    """The end of what the figure may be that is nearest to a breach; infinite where nothing is known."""
    if figure.exact and figure.value is not None:
        return figure.value
    ends = figure.interval or Interval(-inf, inf)
    return ends.high if side == "over" else ends.low

"""The axes of charts: scales from nothing and logarithmic ones, and their ticks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, isclose, isfinite, log10
from statistics import median

from brittle.report.wording import TIGHT

LETTER = 7.3  # as wide as a digit of a wide font, so that labels are kept apart without measuring them
EARLY = 0.1  # share of an axis of queries within which half of the flips make it logarithmic
WIDE = 10  # times that the greatest distance is the least, beyond which their axis is logarithmic
FEW_DECADES, SOME_DECADES = 2, 4  # up to which labels are 1, 2, 5, 10 ..., and small ticks are drawn

Ticks = list[tuple[float, str]]


@dataclass(frozen=True)
class Axis:
    """A scale from 0 to end, or a logarithmic one where it has a start above 0.

    percent: shares, written as percents; whole: ticks are whole numbers.
    """

    label: str
    end: float
    percent: bool = False
    whole: bool = False
    start: float = 0.0

    def share(self, value: float) -> float:
        """Where a value lies on the axis, 0 to 1; what is beyond an end lies on it."""
        place, end = value, self.end
        if self.start:
            place, end = log10(max(self.start, value) / self.start), self._decades
        return min(1.0, max(0.0, place / end))

    @property
    def _decades(self) -> float:
        return log10(self.end / self.start)

    def ticks(self, room: float = 0.0) -> Ticks:
        """Values and how they are written: few, and where there is a room, apart from each other in it."""
        if self.start:
            return self._power_ticks(room)
        for most in (6, 5, 4, 3, 2, 1):
            step = nice_step(self.end, most, whole=self.whole)
            values = [k * step for k in range(floor(self.end / step * (1 + 1e-9)) + 1)]
            found = [(value, self._written(value, step)) for value in values]
            longest = max(len(text) for _, text in found)
            if not room or LETTER * (longest + 2) <= room * self.share(step):
                break
        return found

    def _power_ticks(self, room: float) -> Ticks:
        """Powers of ten, with their doubles and fives where the decades are few."""
        fine = self._powers((1, 2, 5)) if self._decades <= FEW_DECADES else []
        powers = self._powers((1,))
        for values in (fine, *(powers[::every] for every in range(1, len(powers) + 1))):
            found = [(value, self._written(value, value)) for value in values]
            if found and (not room or self._apart(found, room)):
                return found
        return []

    def _apart(self, ticks: Ticks, room: float) -> bool:
        return all(
            LETTER * ((len(one) + len(other)) / 2 + 1) <= room * (self.share(right) - self.share(left))
            for (left, one), (right, other) in pairwise(ticks)
        )

    def small_ticks(self) -> list[float]:
        """What lies between the powers of ten of a logarithmic scale, where the decades are not many."""
        return self._powers(range(2, 10)) if self.start and self._decades <= SOME_DECADES else []

    def _powers(self, factors: Sequence[int]) -> list[float]:
        low, high = self.start * (1 - 1e-9), self.end * (1 + 1e-9)
        decades = range(floor(log10(low)), floor(log10(high)) + 1)
        values = (factor * 10.0**decade for decade in decades for factor in factors)
        return [value for value in values if low <= value <= high]

    def _written(self, value: float, step: float) -> str:
        if self.percent:
            return f"{100 * value:.0f}{TIGHT}%"
        if not 1e-4 <= step < 1e7:
            return f"{value:g}"
        decimals = next(d for d in range(7) if isclose(round(step, d), step))
        return f"{value:,.{decimals}f}"


FLIPPED = Axis("Flipped", 1.0, percent=True)
TOUCHED = Axis("Flips", 1.0, percent=True)


def axis_to(greatest: float, label: str, *, whole: bool = False) -> Axis:
    """An axis with a little room beyond the greatest value; to 1 where there is none."""
    return Axis(label, 1.05 * greatest if isfinite(greatest) and greatest > 0 else 1.0, whole=whole)


def query_axis(label: str, flips: Iterable[float], budget: int) -> Axis:
    """The axis of queries up to the budget; logarithmic where the median flip comes before a tenth of it."""
    end, at = float(max(1, budget)), list(flips)
    early = end > 1 / EARLY and bool(at) and median(at) < EARLY * end
    return Axis(label, end, start=1.0 if early else 0.0)


def distance_axis(values: Sequence[float], label: str) -> Axis:
    """An axis of distances: from 0, or logarithmic where some are more than WIDE times as great as others."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if 0 < WIDE * low < high:
        return Axis(label, 1.05 * high, start=low / 1.05)
    return axis_to(high, label)


def nice_step(end: float, most: int, *, whole: bool = False) -> float:
    """The least of 1, 2, 5 and 25 times a power of ten that cuts 0 to end into at most so many parts.

    Of 25 only where it is whole: 25, 250 and so on.
    """
    least = max(end / most, 1.0 if whole else 0.0)
    power = 10.0 ** floor(log10(least))
    factors = (1, 2, 2.5, 5, 10) if power >= 10 else (1, 2, 5, 10)
    steps = (factor * power for factor in factors)
    return next(step for step in steps if step >= least * (1 - 1e-9))

"""Levels: at which distance a set has its files, and what share of one an input fills.

A further measure, such as SNR of signals, is one entry of MEASURES.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from brittle.core.distance import l2, linf, rms
from brittle.core.errors import UsageError
from brittle.core.hard_result import Distances
from brittle.core.sample import Array, InputSpec, Sample
from brittle.domains.ssim import ssim

IMAGE = ("height", "width")
DIGITS = 6

Used = Callable[[Sample, Array, float, float], float]
"""Share of a level: of the sample, the input, the level's value, and the L2 of the change as found."""


@dataclass(frozen=True)
class Measure:
    """What a level is of. needs: axes; most: the end of its range; falls: a stronger level is a lesser value.

    used: what share of a level an input fills.
    """

    used: Used
    needs: tuple[str, ...] = ()
    most: float = float("inf")
    falls: bool = False


def _rms(sample: Sample, x: Array) -> float:
    return rms(l2(sample.x, x), x.size)


MEASURES: Mapping[str, Measure] = {
    "l2": Measure(lambda s, x, value, _: l2(s.x, x) / value),
    "rms": Measure(lambda s, x, value, _: _rms(s, x) / (value * s.spec.span)),
    "flip": Measure(lambda s, x, value, own: l2(s.x, x) / (value * own)),
    "ssim": Measure(
        lambda s, x, value, _: (1 - ssim(s.x, x, s.spec.span)) / (1 - value), IMAGE, most=1, falls=True
    ),
}


@dataclass(frozen=True)
class DistanceLevel:
    """A level: a value of a measure. Implements core.build_run.Level."""

    measure: str
    value: float

    @property
    def name(self) -> str:
        """Of its folder: its value."""
        return f"{self.value:g}"

    def share(self, sample: Sample, own: float) -> Callable[[Array], float]:
        """What share of the level an input fills; own: L2 of the change as it was found."""
        used = MEASURES[self.measure].used
        return lambda x: used(sample, x, self.value, own)

    def l2(self, spec: InputSpec) -> float | None:
        """The L2 of this level, where that is the same for all samples."""
        if self.measure == "l2":
            return self.value
        elements = 1
        for side in spec.shape:
            elements *= side
        return self.value * spec.span * elements**0.5 if self.measure == "rms" else None


def open_levels(measure: str, values: Sequence[float], spec: InputSpec) -> tuple[DistanceLevel, ...]:
    """Levels from weak to strong. Raises UsageError where values make no sense of this measure."""
    kind = MEASURES[measure]
    for axis in kind.needs:
        if axis not in spec.axes:
            raise UsageError(f"levels of {measure} need the axis '{axis}'; these inputs have {spec.axes}")
    for value in values:
        if not (isfinite(value) and 0 < value < kind.most):
            end = f" and below {kind.most:g}" if isfinite(kind.most) else ""
            raise UsageError(f"expected levels of {measure} above 0{end}, got {value:g}")
    levels = tuple(DistanceLevel(measure, v) for v in sorted(values, reverse=kind.falls))
    if len({level.name for level in levels}) < len(levels):
        raise UsageError(f"expected different levels, got {', '.join(level.name for level in levels)}")
    return levels


def base_of(levels: Sequence[DistanceLevel]) -> DistanceLevel:
    """The level at which changes are sought: the middle one, the stronger of two."""
    return levels[len(levels) // 2]


def distances(sample: Sample, x: Array) -> Distances:
    """How far an input is from its sample, as items.jsonl has it."""
    image = set(IMAGE) <= set(sample.spec.axes)
    return Distances(
        l2=round(l2(sample.x, x), DIGITS),
        rms=round(_rms(sample, x), DIGITS + 2),
        linf=round(linf(sample.x, x), DIGITS),
        ssim=round(ssim(sample.x, x, sample.spec.span), DIGITS) if image else None,
    )

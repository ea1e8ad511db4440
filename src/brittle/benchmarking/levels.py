"""Levels: at which distance a set has its files, and what share of one an input fills.

A further measure is one entry of MEASURES.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from brittle.core.distance import l2, linf, rms, snr
from brittle.core.errors import UsageError
from brittle.core.hard_result import Distances
from brittle.core.sample import Array, InputSpec, Sample
from brittle.domains.ssim import ssim

IMAGE, SIGNAL = ("height", "width"), ("time",)
"""Axes without which there is no SSIM, and no SNR."""
DIGITS = 6

Used = Callable[[Sample, Array, float, float], float]
"""Share of a level: of the sample, the input, the level's value, and the L2 of the change as found."""


@dataclass(frozen=True)
class Measure:
    """What a level is of. needs: axes; falls: a stronger level is a lesser value.

    used: what share of a level an input fills. least, most: values lie between these, neither included.
    """

    used: Used
    needs: tuple[str, ...] = ()
    least: float = 0
    most: float = inf
    falls: bool = False

    @property
    def range(self) -> str:
        """What a value must be, in words."""
        ends = (("above", self.least), ("below", self.most))
        return " and ".join(f"{side} {end:g}" for side, end in ends if isfinite(end)) or "of any finite value"


def _rms(sample: Sample, x: Array) -> float:
    return rms(l2(sample.x, x), x.size)


def _snr(sample: Sample, x: Array) -> float:
    return snr(sample.x, x, sample.spec.axes.index("time"))


MEASURES: Mapping[str, Measure] = {
    "l2": Measure(lambda s, x, value, _: l2(s.x, x) / value),
    "rms": Measure(lambda s, x, value, _: _rms(s, x) / (value * s.spec.span)),
    "flip": Measure(lambda s, x, value, own: l2(s.x, x) / (value * own)),
    "ssim": Measure(
        lambda s, x, value, _: (1 - ssim(s.x, x, s.spec.span)) / (1 - value), IMAGE, most=1, falls=True
    ),
    "snr": Measure(lambda s, x, value, _: 10 ** ((value - _snr(s, x)) / 20), SIGNAL, least=-inf, falls=True),
}
"""By name. snr: signal-to-noise ratio of a sample, dB: power of each lead about its mean over power of the
change, each summed over all values; its share is one of amplitude.
"""


@dataclass(frozen=True)
class DistanceLevel:
    """A level: a value of a measure. Implements core.build_run.Level."""

    measure: str
    value: float

    @property
    def name(self) -> str:
        """Of its folder: its value, without the signs that no name of a folder may have."""
        sign = "minus" if self.value < 0 else ""
        return sign + f"{abs(self.value):g}".replace("+", "")

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
        if not (isfinite(value) and kind.least < value < kind.most):
            raise UsageError(f"expected levels of {measure} {kind.range}, got {value:g}")
    levels = tuple(DistanceLevel(measure, v) for v in sorted(values, reverse=kind.falls))
    if len({level.name for level in levels}) < len(levels):
        raise UsageError(f"expected different levels, got {', '.join(level.name for level in levels)}")
    return levels


def base_of(levels: Sequence[DistanceLevel]) -> DistanceLevel:
    """The level at which changes are sought: the middle one, the stronger of two."""
    return levels[len(levels) // 2]


def distances(sample: Sample, x: Array) -> Distances:
    """How far an input is from its sample, as items.jsonl has it."""
    axes = set(sample.spec.axes)
    return Distances(
        l2=round(l2(sample.x, x), DIGITS),
        rms=round(_rms(sample, x), DIGITS + 2),
        linf=round(linf(sample.x, x), DIGITS),
        ssim=round(ssim(sample.x, x, sample.spec.span), DIGITS) if axes >= set(IMAGE) else None,
        snr=round(_snr(sample, x), DIGITS) if axes >= set(SIGNAL) else None,
    )

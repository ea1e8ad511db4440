"""Inputs at a given L2 distance from a sample along a field, exactly as a file can hold them."""

from dataclasses import dataclass

import numpy as np

from brittle.core.field import as_input, norm
from brittle.core.sample import Array, Codes, Sample


@dataclass(frozen=True)
class Tolerance:
    """How near the wanted distance an input has to come, and how long its scale is searched for."""

    near_enough: float = 0.99  # share of the distance; another try costs more time than it brings
    safe: float = 1 - 1e-4  # share of the distance that is never exceeded: sums are float32
    tries: int = 6  # scales for one candidate, where two are usual
    tries_without_change: int = 40  # the same while no scale within the distance changes the input
    largest_growth: float = 4.0  # factor on the scale from one try to the next
    least_step: float = 0.1  # from the lower of two scales that enclose the distance, as a share of the way
    largest_step: float = 0.9  # the same, at most


TOLERANCE = Tolerance()


@dataclass(frozen=True)
class SpherePoint:
    """An input along a field. codes: as of spec.encode; scale: the factor on the field; l2: its distance."""

    codes: Codes
    scale: float
    l2: float


class L2Sphere:
    """Inputs at a wanted L2 distance from one sample, clipped and rounded as the sample is.

    It counts in codes where samples are quantised, and in their own units where they are not.
    """

    def __init__(self, sample: Sample) -> None:
        spec = self.spec = sample.spec
        self._rounds = spec.bits is not None
        self._step = np.float32(1 if spec.bits is None else spec.span / (2**spec.bits - 1))
        low, high = spec.bounds if spec.bits is None else (0, 2**spec.bits - 1)
        self._codes = np.asarray(spec.encode(sample.x), np.float32)
        self._down, self._up = np.float32(low) - self._codes, np.float32(high) - self._codes
        self._change = np.empty_like(self._codes)  # of the last scale tried

    def at(self, field: Array, l2: float, scale: float | None = None) -> SpherePoint:
        """The input at distance l2 along a field, never farther; as far as it goes if the bounds are nearer.

        scale: a first guess, such as that of a field much like this one.
        """
        field = as_input(field, self.spec)
        most, wanted = l2 * TOLERANCE.safe, l2 * (1 + TOLERANCE.near_enough) / 2
        scale = l2 if scale is None else scale
        below, above = _Scaled(0.0, 0.0), None
        for tries in range(TOLERANCE.tries_without_change):
            reached = self._try(field, scale)
            if reached.l2 > most:
                above = reached
            elif reached.l2 >= below.l2:
                below = reached
            enough_tries = tries >= TOLERANCE.tries and (above is None or below.l2 > 0)
            if enough_tries or below.l2 >= TOLERANCE.near_enough * l2:
                break
            if above is None or below.scale == 0:
                scale *= min(TOLERANCE.largest_growth, wanted / max(reached.l2, 1e-12))
            else:  # rounding makes the distance uneven in the scale: go by two that enclose it
                share = (wanted - below.l2) / max(above.l2 - below.l2, 1e-12)
                share = min(TOLERANCE.largest_step, max(TOLERANCE.least_step, share))
                scale = below.scale + (above.scale - below.scale) * share
        if below is not reached:
            self._try(field, below.scale)
        return SpherePoint(self._coded(), below.scale, below.l2)

    def _try(self, field: Array, scale: float) -> "_Scaled":
        """What a field at this scale adds to the codes, and how far that is."""
        change = np.multiply(field, np.float32(scale / self._step), out=self._change)
        if self._rounds:
            np.rint(change, out=change)
        np.maximum(change, self._down, out=change)
        np.minimum(change, self._up, out=change)
        return _Scaled(scale, norm(change) * float(self._step))

    def _coded(self) -> Codes:
        """The codes with the change of the last try."""
        codes = np.empty(self._codes.shape, self.spec.code_type)
        np.add(self._codes, self._change, out=codes, casting="unsafe")
        return codes if self._rounds else np.clip(codes, *self.spec.bounds, out=codes)


@dataclass(frozen=True)
class _Scaled:
    """A scale that was tried, and the L2 distance it came to."""

    scale: float
    l2: float

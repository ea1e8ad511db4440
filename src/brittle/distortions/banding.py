"""Banding: a periodic wave over the picture, as interference in the electronics and moiré leave it."""

from dataclasses import dataclass
from math import cos, exp, log, pi, sin

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, length, placed


@dataclass(frozen=True)
class Banding:
    """A plane wave of one direction, frequency and colour; each draw gives another.

    8 to 64 cycles per image width, log-uniform (a wave is never shorter than 2.5 pixels: 8 to 12.8 cycles on
    32 pixels). The level is the amplitude in the channel that swings most. Sources: bands of sensor read-out,
    EMVA Standard 1288 (spatial nonuniformity); colour moiré, Li, Gunturk & Zhang, "Image demosaicing: a
    systematic survey", VCIP 2008.
    """

    name: str = "banding"
    needs: tuple[str, ...] = IMAGE
    levels: tuple[float, ...] = (0.02, 0.04, 0.08)
    unit: str = "amplitude, share of the range"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x with a wave added, clipped to the bounds."""
        colour = rng.standard_normal(length(spec, "channel"), np.float32)
        low, high = band(spec)
        cycles = exp(rng.uniform(log(low), log(high)))
        angle, phase = rng.uniform(0, pi), rng.uniform(0, 2 * pi)
        return banded(x, spec, level, wave(spec, cycles, angle, phase), colour)


def banded(x: Array, spec: InputSpec, level: float, pattern: Array, colour: Array) -> Array:
    """A copy of x with a pattern (height, width) added, the most in the channel that colour has most of."""
    colour = colour * (np.float32(level * spec.span) / np.abs(colour).max())
    out: Array = placed(pattern, IMAGE, spec) * placed(colour, ("channel",), spec)
    out = out + x
    return np.clip(out, *spec.bounds, out=out)


def band(spec: InputSpec) -> tuple[float, float]:
    """Fewest and most cycles of a wave per image width."""
    width = length(spec, "width")
    return min(8.0, width / 4), min(64.0, width / 2.5)


def wave(spec: InputSpec, cycles: float, angle: float, phase: float) -> Array:
    """A sine of amplitude 1, shape (height, width); cycles per width, angle from the rows in radians."""
    height, width = (length(spec, axis) for axis in IMAGE)
    rows, columns = np.ogrid[:height, :width]
    turns = (columns * cos(angle) + rows * sin(angle)) * (cycles / width)
    # Whole turns are dropped before the cast: float32 keeps the phase exact on large images.
    return np.sin((2 * pi * (turns % 1.0) + phase).astype(np.float32))

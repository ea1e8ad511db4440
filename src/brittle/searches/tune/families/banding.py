"""Banding of a chosen frequency, direction, phase and colour."""

from math import pi

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, length
from brittle.distortions.banding import band, banded, wave
from brittle.optimise.kinds import Angle, Colour, Kind, Log
from brittle.searches.tune.family import Family, Free, Level


class FreeBanding(Family):
    """`banding` with a chosen wave, of any direction, frequency, phase and colour."""

    name = "banding"
    needs = IMAGE
    level = Level(0.004, 0.2, "amplitude, share of the range")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Cycles per width; direction, radians from the rows; phase; a factor a channel."""
        turn: dict[str, Kind] = {"angle": Angle(pi), "phase": Angle(2 * pi)}
        return {"cycles": Log(*band(spec)), **turn, "colour": Colour(length(spec, "channel"))}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x with a wave added."""
        pattern = wave(spec, free["cycles"], free["angle"], free["phase"])
        return banded(x, spec, level, pattern, np.asarray(free["colour"], np.float32))

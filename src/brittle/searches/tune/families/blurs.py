"""Blurs of a picture or of a part of it: out of focus, or moving."""

from math import pi

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE
from brittle.distortions.gaussian_blur import GaussianBlur
from brittle.distortions.motion_blur import smeared
from brittle.optimise.kinds import Angle, Kind
from brittle.searches.tune.families.spot import spot_kinds, within
from brittle.searches.tune.family import Family, Free, Level


class FreeGaussianBlur(Family):
    """`gaussian_blur` on a soft spot: a smear on the lens, a depth of field, or the whole picture."""

    name = "gaussian_blur"
    needs = IMAGE
    level = Level(0.002, 0.04, "sigma, share of the width")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Place and radius of the spot."""
        return spot_kinds()

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x, blurred on the spot."""
        return within(x, GaussianBlur()(x, spec, level, np.random.default_rng(0)), spec, free)


class FreeMotionBlur(Family):
    """The mean along a straight path, on a soft spot: a subject that moves, or the camera."""

    name = "motion_blur"
    needs = IMAGE
    level = Level(0.01, 0.2, "length of the path, share of the width")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Direction of the path, radians from the rows; place and radius of the spot."""
        return {"angle": Angle(pi), **spot_kinds()}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x, smeared on the spot."""
        return within(x, smeared(x, spec, level, free["angle"]), spec, free)

"""Light on a picture: more or less of it on a spot, or of another colour."""

from math import cos, pi, sin

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, length, placed
from brittle.distortions.illumination import spot as soft_spot
from brittle.distortions.light import GAMMA, lit
from brittle.optimise.kinds import Angle, Choice, Kind, Line
from brittle.searches.tune.families.spot import spot, spot_kinds
from brittle.searches.tune.family import Family, Free, Level

PLANE = np.array([[2, -1, -1], [0, 1, -1]]) / np.sqrt([[6], [2]])  # of three channels, across grey


class FreeIllumination(Family):
    """`illumination` with a chosen spot: more light or less on it."""

    name = "illumination"
    needs = IMAGE
    level = Level(0.2, 5.0, "stops of light")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Whether it is lighter or darker; the centre, the radius, and how soft the edge is."""
        place: dict[str, Kind] = {"x": Line(0, 1), "y": Line(0, 1)}
        shape: dict[str, Kind] = {"radius": Line(0.1, 1.2), "softness": Line(0.03, 0.3)}
        return {"light": Choice(("more", "less")), **place, **shape}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x under another light."""
        height, width = (length(spec, axis) for axis in IMAGE)
        centre = free["y"] * (height - 1), free["x"] * (width - 1)
        share = soft_spot((height, width), centre, free["radius"] * width, free["softness"] * width)
        stops = level if free["light"] == "more" else -level
        return lit(x, placed(np.exp2(np.float32(stops / GAMMA) * share), IMAGE, spec), spec)


class ColourCast(Family):
    """A false white balance, or a lamp of another colour on a part of the scene; needs three channels.

    The level is by how many stops the channel that changes most does; channels move across grey, so that
    some gain what others lose. Source: Afifi and Brown, "What Else Can Fool Deep Learning? Addressing Color
    Constancy Errors on Deep Neural Network Performance", ICCV 2019.
    """

    name = "colour_cast"
    needs = (*IMAGE, "channel")
    level = Level(0.1, 4.0, "stops of the channel that changes most")

    def fits(self, spec: InputSpec) -> bool:
        """Whether it is a picture of three channels."""
        return super().fits(spec) and length(spec, "channel") == 3

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Hue, radians from the first channel; place and radius of the spot."""
        return {"hue": Angle(2 * pi), **spot_kinds()}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x under a coloured light."""
        stops = np.array([cos(free["hue"]), sin(free["hue"])]) @ PLANE
        stops *= level / np.abs(stops).max()
        pattern = spot(spec, free)[..., None] * np.asarray(stops / GAMMA, np.float32)
        return lit(x, np.exp2(placed(pattern, (*IMAGE, "channel"), spec)), spec)

"""Where in a picture a distortion is: a soft round spot, from a part of the object to more than all."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, length, placed
from brittle.optimise.kinds import Kind, Line
from brittle.searches.tune.family import Free

SOFTNESS = 0.1  # scale of the logistic edge, as a share of the radius
WHOLE = 2.0  # radius, as a share of the width, of a spot that covers a square picture from any centre


def spot_kinds() -> dict[str, Kind]:
    """Centre as shares of width and height, radius as a share of the width."""
    return {"x": Line(0, 1), "y": Line(0, 1), "radius": Line(0.2, WHOLE)}


def spot(spec: InputSpec, free: Free) -> Array:
    """How much of the distortion falls on each pixel, 0 to 1, shape (height, width)."""
    height, width = (length(spec, axis) for axis in IMAGE)
    rows, columns = np.ogrid[:height, :width]
    distance = np.hypot(rows - free["y"] * (height - 1), columns - free["x"] * (width - 1)) / width
    share = (free["radius"] - distance) / (SOFTNESS * free["radius"])
    return np.asarray(expit(share), np.float32)


def within(x: Array, distorted: NDArray[Any], spec: InputSpec, free: Free) -> Array:
    """A copy of x that is distorted on the spot and untouched elsewhere, clipped to the bounds."""
    mixed = x + placed(spot(spec, free), IMAGE, spec) * (distorted - x)
    return np.asarray(np.clip(mixed, *spec.bounds), np.float32)

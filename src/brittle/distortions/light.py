"""Light: it multiplies what is seen, and the sensor clips."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, InputSpec

GAMMA = 2.2
"""Of the encoding of values, near sRGB: a stop, twice the light, is a factor of 2 ** (1 / 2.2) = 1.37."""


def lit(x: Array, gain: NDArray[Any], spec: InputSpec) -> Array:
    """A copy of x, its values from the lower bound on times gain (broadcast), clipped to the bounds."""
    low = spec.bounds[0]
    out: Array = (x - low) * gain + low
    return np.clip(out, *spec.bounds, out=out)

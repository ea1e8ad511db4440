"""What the distortions of videos share: which axes they need, and clips put together of their own frames."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, length

FRAME = ("frame",)
VIDEO = (*FRAME, *IMAGE)


def frames_in(share: float, spec: InputSpec) -> int:
    """How many frames a share of the clip is: at least one, at most all but the first."""
    frames = length(spec, "frame")
    return min(max(1, round(share * frames)), frames - 1)


def shown(x: Array, order: NDArray[np.intp], spec: InputSpec) -> Array:
    """A clip that shows frame order[t] of x at time t."""
    return np.take(x, order, axis=spec.axes.index("frame"))


def by_frame(x: NDArray[Any], spec: InputSpec) -> NDArray[Any]:
    """A view of x, shape (frame, ..., height, width)."""
    return np.moveaxis(x, [spec.axes.index(axis) for axis in VIDEO], (0, -2, -1))

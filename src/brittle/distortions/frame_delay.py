"""Frame delay: the clip comes late."""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import length
from brittle.distortions.frames import FRAME, frames_in, shown


@dataclass(frozen=True)
class FrameDelay:
    """Every frame is shown some frames late, the first until then; every draw is the same.

    The level is the delay, at least one frame. What a part of the picture does under it no longer fits the
    parts around. Source: delay of a video channel, ITU-T P.931 (1998).
    """

    name: str = "frame_delay"
    needs: tuple[str, ...] = FRAME
    levels: tuple[float, ...] = (0.1, 0.2, 0.4)
    unit: str = "share of the frames"
    varies: bool = False

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x that lags."""
        order = np.arange(length(spec, "frame")) - frames_in(level, spec)
        return shown(x, np.maximum(order, 0), spec)

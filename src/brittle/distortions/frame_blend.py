"""Frame blend: motion blur over time, as a long exposure or a conversion of the frame rate leaves it."""

from dataclasses import dataclass

import numpy as np
import scipy

from brittle.core.sample import Array, InputSpec
from brittle.distortions.frames import FRAME


@dataclass(frozen=True)
class FrameBlend:
    """Every frame is the mean of itself and its neighbours; every draw is the same.

    The clip is mirrored at its ends. Source: motion blur in Yi et al., NeurIPS Datasets and Benchmarks 2021,
    whose means are over 2 to 12 frames (Mini SSV2-C) and 6 to 22 (Mini Kinetics-C).
    """

    name: str = "frame_blend"
    needs: tuple[str, ...] = FRAME
    levels: tuple[float, ...] = (3, 5, 9)
    unit: str = "frames in the mean"
    varies: bool = False

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x, smoothed over time."""
        out: Array = scipy.ndimage.uniform_filter1d(
            x, round(level), axis=spec.axes.index("frame"), mode="reflect"
        )
        return np.clip(out, *spec.bounds, out=out)

"""Dead pixels: photosites of a sensor, or dots of a screen, that stick at nothing or at everything."""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, length, placed


@dataclass(frozen=True)
class DeadPixels:
    """Single pixels stuck at the lower bound (dead) or the upper bound (hot), all channels alike.

    Places are uniform and independent, as on real sensors: Leung et al., "Statistical identification and
    analysis of defect development in digital imagers", SPIE 2009. Their share is that of a sensor badly
    damaged or run hot. A stronger level keeps the pixels of a weaker one. Also in RLAB (Sarkar et al., CVPR
    workshops 2023).
    """

    name: str = "dead_pixels"
    needs: tuple[str, ...] = IMAGE
    levels: tuple[float, ...] = (0.005, 0.015, 0.04)
    unit: str = "share of the pixels"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x with round(level * pixels) of them stuck, at least one."""
        size = tuple(length(spec, axis) for axis in IMAGE)
        pixels = size[0] * size[1]
        order = rng.permutation(pixels)
        stuck_at = rng.choice(np.array(spec.bounds, np.float32), pixels)
        stuck = np.zeros(pixels, np.bool_)
        stuck[order[: max(1, round(level * pixels))]] = True
        return np.where(
            placed(stuck.reshape(size), IMAGE, spec), placed(stuck_at.reshape(size), IMAGE, spec), x
        )

"""Illumination: a soft-edged beam of light or a shadow over part of the scene."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, length, placed
from brittle.distortions.light import GAMMA, lit


@dataclass(frozen=True)
class Illumination:
    """More light (level above 0) or less (below 0) on a soft round spot.

    Light multiplies: one stop doubles it, so a gamma-encoded value (2.2, near sRGB) grows by a factor of 1.37
    and clips at the upper bound as a sensor does. Each draw has its own centre anywhere on the image, radius
    (25 to 60 % of the width) and softness (scale of the logistic edge, 5 to 15 % of the width). Sources:
    illumination in RLAB (Sarkar et al., CVPR workshops 2023); brightness in Hendrycks & Dietterich, ICLR
    2019 (ImageNet-C).
    """

    name: str = "illumination"
    needs: tuple[str, ...] = IMAGE
    levels: tuple[float, ...] = (0.5, -0.5, 1.0, -1.0, 2.0, -2.0)
    unit: str = "stops of light, below 0 darker"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x under another light, clipped to the bounds."""
        gain = np.exp2(np.float32(level / GAMMA) * _spot(spec, rng))
        return lit(x, placed(gain, IMAGE, spec), spec)


def _spot(spec: InputSpec, rng: np.random.Generator) -> Array:
    """A spot at random."""
    height, width = (length(spec, axis) for axis in IMAGE)
    centre = rng.uniform(0, height), rng.uniform(0, width)
    radius, softness = rng.uniform(0.25, 0.6) * width, rng.uniform(0.05, 0.15) * width
    return spot((height, width), centre, radius, softness)


def spot(size: tuple[int, int], centre: tuple[float, float], radius: float, softness: float) -> Array:
    """How much of the light falls on each pixel, 0 to 1, shape (height, width); all in pixels, (y, x)."""
    rows, columns = np.ogrid[: size[0], : size[1]]
    distance = np.hypot((rows - centre[0]).astype(np.float32), (columns - centre[1]).astype(np.float32))
    return np.asarray(expit((radius - distance) / np.float32(softness)), np.float32)

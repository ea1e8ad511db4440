"""Gaussian noise: what a camera's sensor adds in low light."""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE


@dataclass(frozen=True)
class GaussianNoise:
    """Independent Gaussian noise on every value.

    Source: Hendrycks & Dietterich, ICLR 2019 (ImageNet-C), whose severities
    are 0.08 to 0.38 on ImageNet and 0.04 to 0.10 on CIFAR-10.
    """

    name: str = "gaussian_noise"
    needs: tuple[str, ...] = IMAGE
    levels: tuple[float, ...] = (0.03, 0.06, 0.1)
    unit: str = "standard deviation, share of the range"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A noisy copy of x, clipped to the bounds."""
        out = rng.standard_normal(x.shape, np.float32)
        out *= np.float32(level * spec.span)
        out += x
        return np.clip(out, *spec.bounds, out=out)

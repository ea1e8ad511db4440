"""Gaussian blur: a lens slightly out of focus, or a picture scaled up."""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, image_axes, length, placed


@dataclass(frozen=True)
class GaussianBlur:
    """Gaussian blur of the image plane, the image mirrored at its borders; every draw is the same.

    sigma is a share of the width: 0.014 is 0.4 pixels of 32, and 3.1 of 224. Filters by cosine transform, so
    the cost does not depend on sigma and the mean of the image is kept. Source: Hendrycks & Dietterich, ICLR
    2019 (ImageNet-C), whose severities are 1 to 6 pixels of 224 and 0.4 to 1 of 32.
    """

    name: str = "gaussian_blur"
    needs: tuple[str, ...] = IMAGE
    levels: tuple[float, ...] = (0.008, 0.014, 0.022)
    unit: str = "sigma, share of the width"
    varies: bool = False

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A blurred copy of x."""
        sigma = level * length(spec, "width")
        plane = image_axes(spec)
        out: Array = fft.dctn(x, axes=plane, norm="ortho")
        for axis in IMAGE:
            out *= placed(_transfer(length(spec, axis), sigma), (axis,), spec)
        out = fft.idctn(out, axes=plane, norm="ortho", overwrite_x=True)
        return np.clip(out, *spec.bounds, out=out)


def _transfer(size: int, sigma: float) -> Array:
    # DCT-II coefficient k of n has the angular frequency pi k / n.
    frequency = np.pi * np.arange(size) / size
    gain = np.exp(-0.5 * (sigma * frequency) ** 2)
    # Denormal numbers would make the transform back twice as slow.
    return np.where(gain < 1e-9, 0, gain).astype(np.float32)

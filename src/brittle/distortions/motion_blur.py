"""Motion blur: the camera or the subject moves in a straight line while the shutter is open."""

from dataclasses import dataclass
from math import ceil, cos, pi, sin

import numpy as np
from scipy import fft

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, image_axes, length


@dataclass(frozen=True)
class MotionBlur:
    """The average of the image along a straight path; each draw has its own direction.

    The length is a share of the width: 0.05 is 1.6 pixels of 32, and 11 of 224; the image is mirrored at its
    borders. Source: Hendrycks & Dietterich, ICLR 2019 (ImageNet-C), here with even speed along the path.
    """

    name: str = "motion_blur"
    needs: tuple[str, ...] = IMAGE
    levels: tuple[float, ...] = (0.025, 0.05, 0.09)
    unit: str = "length of the path, share of the width"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x smeared along a random direction."""
        return smeared(x, spec, level, rng.uniform(0, pi))


def smeared(x: Array, spec: InputSpec, level: float, angle: float) -> Array:
    """A copy of x smeared along a path; its length as a share of the width, its angle from the rows."""
    path = level * length(spec, "width")
    margin = ceil(path / 2) + 1
    planes = np.moveaxis(x, image_axes(spec), (-2, -1))
    height, width = planes.shape[-2:]
    rows = fft.next_fast_len(height + 2 * margin, real=True)
    columns = fft.next_fast_len(width + 2 * margin, real=True)
    around = [(margin, rows - height - margin), (margin, columns - width - margin)]
    wide = np.pad(planes, [(0, 0)] * (x.ndim - 2) + around, mode="symmetric")
    kernel = _kernel((rows, columns), path, angle)
    blurred: Array = fft.irfft2(fft.rfft2(wide) * fft.rfft2(kernel), s=(rows, columns))
    inner = blurred[..., margin : margin + height, margin : margin + width]
    return np.clip(np.moveaxis(inner, (-2, -1), image_axes(spec)), *spec.bounds)


def _kernel(size: tuple[int, int], path: float, angle: float) -> Array:
    """A straight line through element (0, 0), wrapped round the borders; sums to 1."""
    points = 4 * ceil(path) + 1
    along = path * ((np.arange(points) + 0.5) / points - 0.5)
    y, x = along * sin(angle), along * cos(angle)
    row, column = np.floor(y).astype(int), np.floor(x).astype(int)
    kernel = np.zeros(size, np.float32)
    for down in (0, 1):
        for right in (0, 1):
            weight = (1 - np.abs(y - row - down)) * (1 - np.abs(x - column - right)) / points
            np.add.at(kernel, ((row + down) % size[0], (column + right) % size[1]), weight)
    return kernel

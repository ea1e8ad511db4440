"""How alike two images, or two clips, look: structural similarity."""

import numpy as np
import scipy
from numpy.typing import NDArray

from brittle.core.sample import Array

SIGMA, RADIUS = 1.5, 5  # of the window, 11 by 11
K1, K2 = 0.01, 0.03


def ssim(x: Array, changed: Array, span: float) -> float:
    """Mean structural similarity of two images (..., height, width), values having a span; 1: the same.

    Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
    Similarity", 2004: Gaussian windows that lie inside the image, and the mean over them, the channels
    and the frames. Where an image is smaller than a window, its edges are mirrored.
    """
    a, b = (np.asarray(each, np.float64).reshape(-1, *each.shape[-2:]) for each in (x, changed))
    mean_a, mean_b = _local(a), _local(b)
    square_a, square_b, product = mean_a * mean_a, mean_b * mean_b, mean_a * mean_b
    spread = _local(a * a) - square_a + _local(b * b) - square_b
    light = (2 * product + (K1 * span) ** 2) / (square_a + square_b + (K1 * span) ** 2)
    rest = (2 * (_local(a * b) - product) + (K2 * span) ** 2) / (spread + (K2 * span) ** 2)
    return float((light * rest).mean())


def _local(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted means about every place that a whole window has around it."""
    means = scipy.ndimage.gaussian_filter(values, (0, SIGMA, SIGMA), radius=(0, RADIUS, RADIUS))
    if min(values.shape[1:]) > 2 * RADIUS:
        means = means[:, RADIUS:-RADIUS, RADIUS:-RADIUS]
    return np.asarray(means, np.float64)

"""Waves as the features of a learned prior: the same for a wave and its opposite, and at any size."""

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Field, Waves


def wave_features(waves: Waves, field: Field) -> NDArray[np.float64]:
    """ln(cycles), -1 to 1 over the field's band, and the squares of direction and colour, (n, f).

    Of a unit vector v these are v_i v_j for i <= j, times sqrt(2) where i < j, so that their scalar
    products are squared cosines. The phase, which hardly matters, is left out.
    """
    low, high = np.log(field.band)
    frequency = 2 * (np.log(waves.cycles) - low) / (high - low) - 1
    return np.concatenate([frequency[:, None], _squares(waves.direction), _squares(waves.colour)], axis=1)


def feature_count(axes: int, channels: int) -> int:
    """How many there are for waves along so many axes."""
    return 1 + sum(n * (n + 1) // 2 for n in (axes, channels))


def mirror_signs(axes: int, channels: int) -> NDArray[np.float64]:
    """By what features change where an input is mirrored along its last axis: factors of 1 or -1, (f,)."""
    i, j = np.triu_indices(axes)
    of_direction = np.where((j == axes - 1) & (i != j), -1.0, 1.0)
    return np.concatenate([[1.0], of_direction, np.ones(channels * (channels + 1) // 2)])


def _squares(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Products of pairs of components, (n, k (k + 1) / 2)."""
    i, j = np.triu_indices(vectors.shape[1])
    return np.asarray(vectors[:, i] * vectors[:, j] * np.where(i == j, 1, np.sqrt(2)))

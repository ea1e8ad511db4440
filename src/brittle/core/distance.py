"""How far a changed input is from its original, in the input's own units."""

import numpy as np

from brittle.core.sample import Array


def l0(x: Array, changed: Array) -> int:
    """Number of elements that differ."""
    return int(np.count_nonzero(x != changed))


def l2(x: Array, changed: Array) -> float:
    """Euclidean distance over all elements."""
    difference = np.subtract(changed, x)
    return float(np.sqrt(np.square(difference, out=difference).sum(dtype=np.float64)))


def root_power(x: Array, changed: Array, power: int) -> float:
    """The square root of the sum of |changes| to a power: L2 for 2; for 1 it orders inputs as MAP does."""
    if power == 2:
        return l2(x, changed)
    return float(np.sqrt(np.abs(np.subtract(changed, x)).sum(dtype=np.float64)))


def linf(x: Array, changed: Array) -> float:
    """Greatest absolute change of an element."""
    return float(np.abs(np.subtract(changed, x)).max())


def mean_absolute(x: Array, changed: Array) -> float:
    """Mean absolute change over all elements."""
    return float(np.abs(np.subtract(changed, x)).mean(dtype=np.float64))


def mean_absolute_perturbation(mean_absolute: float, span: float) -> float:
    """MAP: the mean absolute change on the scale of 0 to 255, as attacks on video report it.

    Source: Wei et al., "Efficient Robustness Assessment via Adversarial Spatial-Temporal Focus on Videos",
    TPAMI 2023 (AstFocus), and its code.
    """
    return 255 * mean_absolute / span


def touched(x: Array, changed: Array, axis: int) -> tuple[int, int]:
    """How many slices along an axis differ at all, and the longest run of them."""
    others = tuple(i for i in range(x.ndim) if i != axis)
    differs = np.any(x != changed, axis=others)
    ends = np.flatnonzero(np.diff(np.concatenate([[False], differs, [False]])))
    return int(differs.sum()), int(np.diff(ends)[::2].max(initial=0))


def rms(l2: float, elements: int) -> float:
    """Root mean square change of an element, from the Euclidean distance over all of them."""
    return float(l2 / np.sqrt(elements))


def psnr(l2: float, elements: int, span: float) -> float:
    """Peak signal-to-noise ratio in dB: the span of values over the root mean square change."""
    return float("inf") if l2 == 0 else float(20 * np.log10(span / rms(l2, elements)))


def snr(x: Array, changed: Array, time: int) -> float:
    """Signal-to-noise ratio in dB: power of each lead about its own mean, over power of the change.

    time: the axis of time; both powers are sums over all leads.
    """
    noise = np.subtract(changed, x, dtype=np.float64)
    power = float(np.square(noise).sum())
    signal = float(np.square(x - x.mean(axis=time, keepdims=True, dtype=np.float64)).sum())
    if power == 0:
        return float("inf")
    return float(10 * np.log10(max(signal, 1e-30) / power))


def prd(x: Array, changed: Array) -> float:
    """Percent root-mean-square difference, as ECG compression reports it: 100 |change| / |signal|."""
    size = float(np.linalg.norm(x.astype(np.float64)))
    return 100 * l2(x, changed) / max(size, 1e-30)

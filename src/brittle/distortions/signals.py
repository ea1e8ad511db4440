"""What the distortions of signals share: time in seconds, noise within a band, a stated SNR."""

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from brittle.core.errors import DistortionError
from brittle.core.sample import Array, InputSpec

TIME = ("time",)
Signal = NDArray[np.float64]


def rate_of(spec: InputSpec, fastest: float = 0.0) -> float:
    """Samples per second. Raises DistortionError if unknown, or too slow to show `fastest` Hz."""
    if spec.rate is None:
        raise DistortionError("expected a signal with a known sampling rate; state it (--sampling-rate)")
    if spec.rate <= 2 * fastest:
        raise DistortionError(
            f"expected more than {2 * fastest:g} samples per second to show {fastest:g} Hz, got {spec.rate:g}"
        )
    return spec.rate


def seconds(spec: InputSpec) -> Signal:
    """The time of every sample from the start, shape (time,)."""
    return np.arange(spec.shape[spec.axes.index("time")]) / rate_of(spec)


def leads(spec: InputSpec) -> tuple[int, ...]:
    """Shape of an input without its time axis."""
    return tuple(size for size, axis in zip(spec.shape, spec.axes, strict=True) if axis != "time")


def along_time(signal: NDArray[Any], spec: InputSpec) -> NDArray[Any]:
    """A signal of shape (*leads, time) with its axes in the order of spec; lead axes may have length 1."""
    return np.moveaxis(signal, -1, spec.axes.index("time"))


def in_every_lead(signal: NDArray[Any], spec: InputSpec) -> NDArray[Any]:
    """The same signal (time,) in all leads, with the axes of spec."""
    return along_time(np.broadcast_to(signal, (*leads(spec), len(signal))), spec)


def band_noise(spec: InputSpec, low: float, high: float, rng: np.random.Generator) -> Signal:
    """Gaussian noise with a flat spectrum from low to high Hz, another in every lead; shape of spec.

    It is cut out of a noise of at least four periods of `low`, so that short inputs hold slow noise too.
    """
    rate, samples = rate_of(spec, fastest=low), spec.shape[spec.axes.index("time")]
    size = fft.next_fast_len(max(samples, ceil(4 * rate / low)), real=True)
    spectrum = fft.rfft(rng.standard_normal((*leads(spec), size)))
    frequency = fft.rfftfreq(size, 1 / rate)
    spectrum[..., (frequency < low) | (frequency > high)] = 0
    return along_time(fft.irfft(spectrum, size)[..., :samples], spec)


def added(x: Array, noise: NDArray[Any], spec: InputSpec) -> Array:
    """A copy of x with noise on it, clipped to the bounds."""
    return np.asarray(np.clip(x + noise, *spec.bounds), np.float32)


def added_at(snr: float, x: Array, noise: NDArray[Any], spec: InputSpec) -> Array:
    """A copy of x with noise, in each lead at a signal-to-noise ratio in dB about that lead's own mean."""
    time = spec.axes.index("time")
    signal = np.square(x - x.mean(axis=time, keepdims=True, dtype=np.float64)).sum(axis=time, keepdims=True)
    power = np.square(noise, dtype=np.float64).sum(axis=time, keepdims=True)
    gain = np.sqrt(signal / np.maximum(power, 1e-30)) * 10 ** (-snr / 20)
    return added(x, gain * noise, spec)

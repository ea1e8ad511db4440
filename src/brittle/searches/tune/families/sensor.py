"""What a sensor adds: noise of a grain and a colour, and pixels that are stuck."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from brittle.core.sample import Array, InputSpec
from brittle.core.seeds import generator
from brittle.distortions.axes import IMAGE, image_axes, length, placed
from brittle.optimise.kinds import Choice, Kind, Line
from brittle.searches.tune.family import Family, Free, Level

SEEDS = Choice(tuple(range(8)))


class FreeNoise(Family):
    """Gaussian noise with a grain and a colour, as a sensor leaves it after demosaicing and denoising.

    The level is the standard deviation of every value before values are clipped. Source of grain and of noise
    that channels share: Nam et al., "A Holistic Approach to Cross-Channel Image Noise Modeling and Its
    Application to Image Denoising", CVPR 2016.
    """

    name = "gaussian_noise"
    needs = IMAGE
    level = Level(0.01, 0.4, "standard deviation, share of the range")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Grain: sigma of what it is smoothed by, pixels; grey: share of the noise that all channels have."""
        return {"grain": Line(0, 3), "grey": Line(0, 1), "seed": SEEDS}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x with noise added."""
        rng, plane = generator(free["seed"], "tuned noise"), image_axes(spec)
        own = rng.standard_normal(x.shape, np.float32)
        shared = rng.standard_normal(
            [1 if a == "channel" else n for a, n in zip(spec.axes, x.shape, strict=True)]
        )
        noise = np.sqrt(1 - free["grey"]) * own + np.sqrt(free["grey"]) * shared
        if free["grain"] > 0:
            noise = _grained(noise, plane, free["grain"])
        return np.asarray(np.clip(x + level * spec.span * noise, *spec.bounds), np.float32)


class FreeDeadPixels(Family):
    """`dead_pixels` of which it is chosen what they stick at. Places have nothing to choose but a seed."""

    name = "dead_pixels"
    needs = IMAGE
    level = Level(0.001, 0.3, "share of the pixels")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """What they stick at; the seed of their places."""
        return {"stuck": Choice(("dead", "hot", "both")), "seed": SEEDS}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x with round(level * pixels) of them stuck, at least one."""
        size = tuple(length(spec, axis) for axis in IMAGE)
        rng = generator(free["seed"], "tuned pixels")
        order = rng.permutation(size[0] * size[1]).reshape(size)
        hot = rng.random(size) < {"dead": 0.0, "hot": 1.0, "both": 0.5}[free["stuck"]]
        stuck = order < max(1, round(level * order.size))
        value = np.where(hot, spec.bounds[1], spec.bounds[0]).astype(np.float32)
        return np.where(placed(stuck, IMAGE, spec), placed(value, IMAGE, spec), x)


def _grained(noise: NDArray[np.floating], plane: tuple[int, int], grain: float) -> NDArray[np.floating]:
    """White noise smoothed by a Gaussian on a torus, scaled to the same variance."""
    spectrum = fft.rfftn(noise, axes=plane)
    gain, power = np.ones([1] * noise.ndim), 1.0
    for axis in plane:
        side = noise.shape[axis]
        turns = fft.rfftfreq(side) if axis == plane[-1] else fft.fftfreq(side)
        shape = [1] * noise.ndim
        shape[axis] = len(turns)
        gain = gain * np.exp(-0.5 * (2 * np.pi * grain * turns) ** 2).reshape(shape)
        power *= float(np.mean(np.exp(-((2 * np.pi * grain * fft.fftfreq(side)) ** 2))))
    sides = [noise.shape[axis] for axis in plane]
    return np.asarray(fft.irfftn(spectrum * gain, s=sides, axes=plane) / np.sqrt(power))

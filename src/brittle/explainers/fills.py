"""What stands where an input is masked: a strong blur, a flat level, or a natural distortion."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from brittle.core.canvas import distort
from brittle.core.errors import UsageError, did_you_mean
from brittle.core.explain_run import Fill
from brittle.core.sample import Array, InputSpec, Sample
from brittle.distortions import DISTORTIONS, open_distortion
from brittle.explainers import USUAL_FILLS

SHARE = 1 / 12.8
"""Of the longer side of an image: the blur's sigma."""
SHORT, LONG = 0.07, 0.2
"""Seconds: sigma for signals of one beat, and for longer ones."""
BEAT = 1.5
"""Seconds that one beat takes at most."""


@dataclass(frozen=True)
class Blur:
    """A Gaussian blur so strong that shapes are gone and colours stay; signals keep their slow course.

    Sigma is 1/12.8 of the longer side of an image; 0.07 s of a signal of one beat and 0.2 s of a longer one,
    a tenth of a signal whose rate is not known. Inputs are mirrored at their borders.
    """

    name: str = "blur"

    def __call__(self, sample: Sample) -> Array:
        """The blurred input."""
        spec, out = sample.spec, sample.x
        for axis, sigma in _sigmas(spec).items():
            out = gaussian_filter1d(out, sigma, axis=axis, mode="reflect")
        return np.clip(out, *spec.bounds)


@dataclass(frozen=True)
class Flat:
    """Every channel at its own mean."""

    name: str = "flat"

    def __call__(self, sample: Sample) -> Array:
        """The flat input."""
        means = sample.x.mean(axis=sample.spec.spatial, keepdims=True, dtype=np.float64)
        return np.broadcast_to(means.astype(np.float32), sample.x.shape)


@dataclass(frozen=True)
class Distorted:
    """The whole input under a natural distortion at its strongest level."""

    name: str
    seed: int = 0

    def __call__(self, sample: Sample) -> Array:
        """The distorted input. Raises DistortionError."""
        distortion = open_distortion(self.name)
        return distort(distortion, sample, distortion.levels[-1], 0, self.seed)


def open_fill(name: str, spec: InputSpec, seed: int = 0) -> Fill:
    """The fill of this name: blur, flat, or a distortion that suits the input. Raises UsageError."""
    if name == "blur":
        return Blur()
    if name == "flat":
        return Flat()
    if name not in DISTORTIONS.names() and ":" not in name:
        hint = did_you_mean(name, [*USUAL_FILLS, *DISTORTIONS.names()])
        raise UsageError(f"no fill is called '{name}'; {hint}")
    for axis in open_distortion(name).needs:
        if axis not in spec.axes:
            raise UsageError(f"{name} needs the axis '{axis}'; this input has {', '.join(spec.axes)}")
    return Distorted(name, seed)


def _sigmas(spec: InputSpec) -> dict[int, float]:
    """Sigma along each spatial axis but that of frames, in elements."""
    if "time" in spec.axes:
        axis = spec.axes.index("time")
        if spec.rate is None:
            return {axis: spec.shape[axis] / 10}
        return {axis: (SHORT if spec.shape[axis] / spec.rate <= BEAT else LONG) * spec.rate}
    sides = {i: spec.shape[i] for i in spec.spatial if spec.axes[i] != "frame"}
    return dict.fromkeys(sides, SHARE * max(sides.values()))

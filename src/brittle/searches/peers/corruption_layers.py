"""The 15 corruptions of ImageNet-C as distortions of images, their levels the severities 1 to 5."""

from dataclasses import dataclass

import numpy as np

from brittle.core.canvas import Distortion
from brittle.core.sample import Array, InputSpec
from brittle.searches.peers.imagenet_c import CORRUPTIONS, SEVERITIES, as_image, as_photo, corrupt
from brittle.searches.peers.mosaic import IMAGE

PREFIX = "imagenet_c/"


@dataclass(frozen=True)
class Corruption:
    """One of them. Implements core.canvas.Distortion."""

    kind: str
    needs: tuple[str, ...] = IMAGE
    levels: tuple[float, ...] = tuple(float(severity) for severity in range(1, SEVERITIES + 1))
    unit: str = "severity"
    varies: bool = True

    @property
    def name(self) -> str:
        """Its name, told apart from the distortions of brittle."""
        return PREFIX + self.kind

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """As of Distortion."""
        made = corrupt(as_photo(x, spec), self.kind, int(level), rng)
        return as_image(made, spec).clip(*spec.bounds)


def corruptions(spec: InputSpec) -> tuple[Distortion, ...]:
    """All of them for images, none for other inputs."""
    return tuple(map(Corruption, CORRUPTIONS)) if spec.axes == IMAGE else ()

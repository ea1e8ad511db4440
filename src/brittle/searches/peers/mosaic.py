"""A clip as one picture, its frames side by side, so that attacks on images can play it."""

from dataclasses import dataclass, replace
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import InputSpec, Sample

CLIP = ("channel", "frame", "height", "width")
IMAGE = ("channel", "height", "width")


@dataclass(frozen=True)
class Mosaic:
    """Pictures of clips of one form: as nearly square a raster of frames as their number allows."""

    spec: InputSpec

    @property
    def raster(self) -> tuple[int, int]:
        """Frames down and across: 4 x 5 of 20, 1 x 7 of 7."""
        frames = self.spec.shape[1]
        down = next(n for n in range(isqrt(frames), 0, -1) if frames % n == 0)
        return down, frames // down

    @property
    def picture_spec(self) -> InputSpec:
        """The form of the pictures."""
        channels, _, height, width = self.spec.shape
        down, across = self.raster
        return replace(self.spec, shape=(channels, down * height, across * width), axes=IMAGE, rate=None)

    def pictures(self, clips: NDArray[np.floating]) -> NDArray[np.floating]:
        """(n, channels, frames, height, width) -> (n, channels, height, width)."""
        n, channels, _, height, width = clips.shape
        down, across = self.raster
        frames = clips.reshape(n, channels, down, across, height, width)
        return frames.transpose(0, 1, 2, 4, 3, 5).reshape(n, *self.picture_spec.shape)

    def clips(self, pictures: NDArray[np.floating]) -> NDArray[np.floating]:
        """The inverse of pictures."""
        n, channels = pictures.shape[:2]
        down, across = self.raster
        height, width = self.spec.shape[2:]
        frames = pictures.reshape(n, channels, down, height, across, width)
        return frames.transpose(0, 1, 2, 4, 3, 5).reshape(n, *self.spec.shape)

    def picture_of(self, sample: Sample) -> Sample:
        """A clip as a picture, under the same name and label."""
        x = np.ascontiguousarray(self.pictures(sample.x[None])[0], np.float32)
        return Sample(sample.id, x, sample.label, self.picture_spec)

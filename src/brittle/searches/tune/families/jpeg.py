"""JPEG at any quality, with its blocks at any place."""

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, image_axes, length
from brittle.distortions.jpeg import Jpeg
from brittle.optimise.kinds import Angle, Kind
from brittle.searches.tune.family import Family, Free, Level

BLOCK = 8  # pixels along a side, 16 for chroma


class FreeJpeg(Family):
    """`jpeg`, and where its blocks begin, as after a crop: all that is free beside the quality."""

    name = "jpeg"
    needs = IMAGE
    level = Level(95, 1, "quality of 100, lower is stronger", steps="whole")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Pixels by which blocks are moved down and to the right."""
        return {"down": Angle(2 * BLOCK), "right": Angle(2 * BLOCK)}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x, written and read as JPEG; borders are mirrored where a block needs it."""
        around, inner = [(0, 0)] * x.ndim, [slice(None)] * x.ndim
        for axis, name, move in zip(image_axes(spec), IMAGE, ("down", "right"), strict=True):
            moved = round(free[move]) % (2 * BLOCK)
            around[axis] = (moved, 0)
            inner[axis] = slice(moved, moved + length(spec, name))
        wide = np.pad(x, around, mode="symmetric")
        return Jpeg()(wide, spec, level, np.random.default_rng(0))[tuple(inner)]

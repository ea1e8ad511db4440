"""JPEG: what storage and transmission do to a picture."""

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, image_axes


@dataclass(frozen=True)
class Jpeg:
    """JPEG compression at 8 bits; every draw is the same.

    One channel is compressed as grey, three as RGB (4:2:0 chroma, Pillow's default), others each by itself as
    grey. Source: Hendrycks & Dietterich, ICLR 2019 (ImageNet-C), whose qualities are 25 down to 7.
    """

    name: str = "jpeg"
    needs: tuple[str, ...] = IMAGE
    levels: tuple[float, ...] = (40, 20, 10)
    unit: str = "quality of 100, lower is stronger"
    varies: bool = False

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x, written and read as JPEG."""
        order = _picture_order(spec)
        eight_bit = replace(spec, bits=8)
        codes = eight_bit.encode(x).transpose(order)
        pictures = codes.reshape(-1, *codes.shape[-3 if _is_rgb(spec) else -2 :])
        read = np.stack([_compressed(picture, round(level)) for picture in pictures]).reshape(codes.shape)
        return eight_bit.decode(read.transpose(np.argsort(order)))


def _is_rgb(spec: InputSpec) -> bool:
    return "channel" in spec.axes and spec.shape[spec.axes.index("channel")] == 3


def _picture_order(spec: InputSpec) -> list[int]:
    """Axes with those of one picture last: height, width and, for RGB, channel."""
    last = [*image_axes(spec), *([spec.axes.index("channel")] if _is_rgb(spec) else [])]
    return [axis for axis in range(len(spec.axes)) if axis not in last] + last


def _compressed(picture: NDArray[np.uint8], quality: int) -> NDArray[Any]:
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))

"""Pictures of values: 8-bit pixels, enlarged until they can be seen, tinted where cells were touched."""

import io
from collections.abc import Sequence
from math import ceil
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageColor

from brittle.core.canvas import Layer
from brittle.core.sample import Array, InputSpec
from brittle.domains.tints import tint, tints

Pixels = NDArray[np.uint8]
Kind = TypeVar("Kind", bound=np.generic)
READABLE = 160
"""Pixels that the longer side of a picture has at least; smaller ones are enlarged by a whole factor."""


def pixels(values: NDArray[np.floating]) -> Pixels:
    """Values of 0 to 1, (channels, height, width) -> (height, width, 1 or 3), the mean of other channels."""
    if values.shape[0] not in (1, 3):
        values = values.mean(axis=0, keepdims=True)
    codes = np.clip(np.rint(np.asarray(values, np.float64) * 255), 0, 255).astype(np.uint8)
    return np.moveaxis(codes, 0, -1)


def shown(x: Array, spec: InputSpec) -> Pixels:
    """The pixels of values within the bounds of spec, (channels, height, width)."""
    return pixels((x - spec.bounds[0]) / spec.span)


def amplified(x: Array, changed: Array) -> Pixels:
    """The pixels of changed - x about mid-grey, amplified to its own greatest value."""
    difference = np.subtract(changed, x, dtype=np.float64)
    greatest = np.abs(difference).max()
    return pixels(0.5 + 0.5 * difference / (greatest or 1.0))


def tinted(
    picture: Pixels, numbers: NDArray[np.integer], layer: NDArray[np.integer], layers: Sequence[Layer] | None
) -> Pixels:
    """A picture in dim grey; touched cells keep their looks under a tint and an outline.

    numbers, layer: of the cell that each pixel lies in, and of its layer, (height, width), 0 is untouched.
    layers: those of the palette, so that all of one distortion share a tint; without them each has its own.
    """
    factor = enlargement(picture)
    large = repeated(picture, factor).astype(np.float64)
    if large.shape[-1] == 1:
        large = np.repeat(large, 3, axis=-1)
    on, edges = repeated(layer, factor), _edges(repeated(numbers, factor))
    paint = _paint(int(on.max()), layers)[on]
    dim = 0.45 * large.mean(axis=-1, keepdims=True) + 25
    touched = np.where(edges[..., None], paint, 0.6 * large + 0.4 * paint)
    return np.asarray(np.rint(np.where(on[..., None] > 0, touched, dim)), np.uint8)


def enlarged(picture: Pixels) -> Pixels:
    """A picture, large enough to see."""
    return repeated(picture, enlargement(picture))


def enlargement(picture: Pixels) -> int:
    """By how much a picture is enlarged."""
    return ceil(READABLE / max(len(picture), len(picture[0])))


def repeated(field: NDArray[Kind], factor: int) -> NDArray[Kind]:
    """Every pixel so many times, down and across."""
    return field.repeat(factor, axis=0).repeat(factor, axis=1)


def png(picture: NDArray[np.generic]) -> bytes:
    """(height, width, 1 or 3) uint8 as a PNG."""
    out = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(picture[..., 0] if picture.shape[-1] == 1 else picture)).save(
        out, "PNG", compress_level=2
    )
    return out.getvalue()


def white_where(mask: NDArray[np.bool_]) -> Pixels:
    """A mask as grey pixels, (..., 1): white is kept."""
    return np.where(mask, np.uint8(255), np.uint8(0))[..., None]


def _paint(count: int, layers: Sequence[Layer] | None) -> NDArray[np.float64]:
    """RGB of each of `count` layers, (count + 1, 3); that of 0 is not used."""
    if layers is None:
        names = [tint(layer) for layer in range(count)]
    else:
        by_name = tints(layers)
        names = [by_name[layer.distortion] for layer in layers]
    return np.array([(0, 0, 0), *(ImageColor.getrgb(name) for name in names)], np.float64)


def _edges(numbers: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Where a neighbour has another number, and the border."""
    around = np.pad(numbers.astype(np.int64), 1, constant_values=-1)
    height, width = numbers.shape
    edges = np.zeros(numbers.shape, bool)
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2)):
        edges |= around[down : down + height, right : right + width] != numbers
    return edges

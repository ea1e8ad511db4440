"""Images: channel, height, width."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageColor

from brittle.core.canvas import Assignment, Layer
from brittle.core.errors import DataError, UsageError
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec
from brittle.domains.heat import glowing
from brittle.domains.tints import tint, tints

Pixels = NDArray[np.uint8]
Kind = TypeVar("Kind", bound=np.generic)
READABLE = 160
"""Pixels that the longer side of a picture has at least; smaller ones are enlarged by a whole factor."""


@dataclass(frozen=True)
class Image:
    """Images, cut into rectangles; stored as PNG where that is exact."""

    name: str = "image"
    axes: tuple[str, ...] = ("channel", "height", "width")

    def cell(self, spec: InputSpec) -> tuple[int, ...]:
        """About 1/14 of each side: 16 x 16 of 224 x 224, 2 x 2 of 32 x 32."""
        return tuple(max(1, round(side / 14)) for side in spec.shape[1:])

    def parse_cell(self, text: str, spec: InputSpec) -> tuple[int, ...]:
        """Height and width of "8x16", or "8" for both. Raises UsageError."""
        sides = re.fullmatch(r"([0-9]{1,9})(?:\s*[xX×]\s*([0-9]{1,9}))?", text.strip())
        if sides is None:
            raise UsageError(f"expected a cell as HEIGHTxWIDTH, such as 8x8, or one number, got '{text}'")
        height, width = int(sides[1]), int(sides[2] or sides[1])
        return Grid(spec, (height, width)).cell

    def suffix(self, spec: InputSpec) -> str:
        """.png for 8-bit images of 1 or 3 channels, which it holds exactly, else .npy."""
        return ".png" if spec.bits == 8 and spec.shape[0] in (1, 3) else ".npy"

    def to_bytes(self, x: Array, spec: InputSpec) -> bytes:
        """PNG of the 8-bit codes, or the float32 values as npy."""
        if self.suffix(spec) == ".png":
            return _png(np.moveaxis(spec.encode(x), 0, -1))
        out = io.BytesIO()
        np.save(out, np.asarray(x, np.float32), allow_pickle=False)
        return out.getvalue()

    def from_bytes(self, data: bytes, spec: InputSpec) -> Array:
        """The inverse of to_bytes. Raises DataError."""
        read = _from_png if self.suffix(spec) == ".png" else _from_npy
        try:
            return read(data, spec)
        except DataError:
            raise
        except Exception as error:  # damaged files make Pillow raise nearly anything
            reason = " ".join(str(error).split()) or type(error).__name__
            raise DataError(
                f"expected a stored {self.suffix(spec)[1:]} image, got damaged data: {reason}"
            ) from error

    def companions(self, name: str, spec: InputSpec) -> dict[str, str]:
        """None: an image file says all itself."""
        return {}

    def picture(self, x: Array, spec: InputSpec) -> bytes:
        """PNG in grey or RGB (the mean of any other number of channels), large enough to see."""
        return _png(_enlarged(_pixels((x - spec.bounds[0]) / spec.span)))

    def change(self, x: Array, changed: Array, spec: InputSpec) -> bytes:
        """PNG of changed - x about mid-grey, amplified to its own greatest value."""
        difference = np.subtract(changed, x, dtype=np.float64)
        greatest = np.abs(difference).max()
        return _png(_enlarged(_pixels(0.5 + 0.5 * difference / (greatest or 1.0))))

    def cells_touched(
        self,
        x: Array,
        grid: Grid,
        assignment: Assignment,
        spec: InputSpec,
        layers: Sequence[Layer] | None = None,
    ) -> bytes:
        """PNG of x in dim grey; touched cells keep their looks under a tint and an outline.

        assignment: one layer index a cell, 0 is untouched. layers: those of the palette, so that all of one
        distortion share a tint; without them every layer has its own.
        """
        shown = _enlarged(_pixels((x - spec.bounds[0]) / spec.span)).astype(np.float64)
        if shown.shape[-1] == 1:
            shown = np.repeat(shown, 3, axis=-1)
        factor = shown.shape[0] // x.shape[1]
        shown_layer = _repeated(grid.spread(np.asarray(assignment))[0], factor)
        edges = _edges(_repeated(grid.spread(np.arange(grid.cells))[0], factor))
        paint = _paint(int(shown_layer.max()), layers)[shown_layer]
        dim = 0.45 * shown.mean(axis=-1, keepdims=True) + 25
        touched = np.where(edges[..., None], paint, 0.6 * shown + 0.4 * paint)
        return _png(np.rint(np.where(shown_layer[..., None] > 0, touched, dim)).astype(np.uint8))

    def explained(
        self, x: Array, values: Array, spec: InputSpec, mask: NDArray[np.bool_] | None = None
    ) -> bytes:
        """PNG of x in dim grey under the colours of its map; the mask has a white contour."""
        shown = _enlarged(_pixels((x - spec.bounds[0]) / spec.span))
        return _png(glowing(shown, values, mask))

    def region(self, mask: NDArray[np.bool_], spec: InputSpec) -> bytes:
        """PNG of a mask (height, width), a pixel an element: white is kept."""
        return _png(np.where(mask, np.uint8(255), np.uint8(0))[..., None])


def _paint(count: int, layers: Sequence[Layer] | None) -> NDArray[np.float64]:
    """RGB of each of `count` layers, (count + 1, 3); that of 0 is not used."""
    if layers is None:
        names = [tint(layer) for layer in range(count)]
    else:
        by_name = tints(layers)
        names = [by_name[layer.distortion] for layer in layers]
    return np.array([(0, 0, 0), *(ImageColor.getrgb(name) for name in names)], np.float64)


def _pixels(values: NDArray[np.floating]) -> Pixels:
    """Values of 0 to 1, (channels, height, width) -> (height, width, 1 or 3)."""
    if values.shape[0] not in (1, 3):
        values = values.mean(axis=0, keepdims=True)
    codes = np.clip(np.rint(np.asarray(values, np.float64) * 255), 0, 255).astype(np.uint8)
    return np.moveaxis(codes, 0, -1)


def _enlarged(pixels: Pixels) -> Pixels:
    return _repeated(pixels, ceil(READABLE / max(pixels.shape[:2])))


def _repeated(field: NDArray[Kind], factor: int) -> NDArray[Kind]:
    return field.repeat(factor, axis=0).repeat(factor, axis=1)


def _edges(numbers: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where a neighbour has another number, and the border."""
    around = np.pad(numbers.astype(np.int64), 1, constant_values=-1)
    height, width = numbers.shape
    edges = np.zeros(numbers.shape, bool)
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2)):
        edges |= around[down : down + height, right : right + width] != numbers
    return edges


def _png(pixels: NDArray[np.generic]) -> bytes:
    """(height, width, 1 or 3) uint8 as a PNG."""
    out = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)).save(
        out, "PNG", compress_level=2
    )
    return out.getvalue()


def _from_png(data: bytes, spec: InputSpec) -> Array:
    channels, height, width = spec.shape
    mode = "L" if channels == 1 else "RGB"
    with Pillow.open(io.BytesIO(data), formats=("PNG",)) as image:
        if (image.mode, image.size) != (mode, (width, height)):
            raise DataError(
                f"expected a stored image of {mode} {height}x{width}, "
                f"got {image.mode} {image.height}x{image.width}"
            )
        codes = np.asarray(image, np.uint8).reshape(height, width, channels)
    return spec.decode(np.ascontiguousarray(np.moveaxis(codes, -1, 0)))


def _from_npy(data: bytes, spec: InputSpec) -> Array:
    x = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    if x.dtype != np.float32:
        raise DataError(f"expected a stored image of float32, got {x.dtype}")
    spec.check(x, "stored image")
    return x

"""Images: channel, height, width."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from brittle.core.canvas import Assignment, Layer
from brittle.core.errors import DataError, UsageError
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec
from brittle.domains.heat import glowing, shares_of
from brittle.domains.pixels import amplified, enlarged, png, shown, tinted, white_where
from brittle.domains.stored import damage_told, fits_png, from_npy, to_npy


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
        return ".png" if fits_png(spec) else ".npy"

    def to_bytes(self, x: Array, spec: InputSpec) -> bytes:
        """PNG of the 8-bit codes, or the float32 values as npy."""
        return png(np.moveaxis(spec.encode(x), 0, -1)) if fits_png(spec) else to_npy(x)

    def from_bytes(self, data: bytes, spec: InputSpec) -> Array:
        """The inverse of to_bytes. Raises DataError."""
        if not fits_png(spec):
            return from_npy(data, spec, "image")
        with damage_told("png image"):
            return _from_png(data, spec)

    def companions(self, name: str, spec: InputSpec) -> dict[str, str]:
        """None: an image file says all itself."""
        return {}

    def picture(self, x: Array, spec: InputSpec, beside: Sequence[Array] = ()) -> bytes:
        """PNG in grey or RGB (the mean of any other number of channels), large enough to see."""
        return png(enlarged(shown(x, spec)))

    def extent(self, spec: InputSpec) -> str:
        """Empty: all of it."""
        return ""

    def animation(self, inputs: Sequence[Array], spec: InputSpec) -> bytes | None:
        """None: an image stands still."""
        return None

    def change(self, x: Array, changed: Array, spec: InputSpec) -> bytes:
        """PNG of changed - x about mid-grey, amplified to its own greatest value."""
        return png(enlarged(amplified(x, changed)))

    def cells_touched(
        self,
        x: Array,
        grid: Grid,
        assignment: Assignment,
        spec: InputSpec,
        layers: Sequence[Layer] | None = None,
        beside: Sequence[Array] = (),
    ) -> bytes:
        """PNG of x in dim grey; touched cells keep their looks under a tint and an outline.

        assignment: one layer index a cell, 0 is untouched. layers: those of the palette, so that all of one
        distortion share a tint; without them every layer has its own.
        """
        numbers, layer = (grid.spread(of)[0] for of in (np.arange(grid.cells), np.asarray(assignment)))
        return png(tinted(shown(x, spec), numbers, layer, layers))

    def explained(
        self, x: Array, values: Array, spec: InputSpec, mask: NDArray[np.bool_] | None = None
    ) -> bytes:
        """PNG of x in dim grey under the colours of its map; the mask has a white contour."""
        return png(glowing(enlarged(shown(x, spec)), shares_of(values), mask))

    def region(self, mask: NDArray[np.bool_], spec: InputSpec) -> bytes:
        """PNG of a mask (height, width), a pixel an element: white is kept."""
        return png(white_where(mask))


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

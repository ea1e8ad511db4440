"""Video: channel, frame, height, width. A clip is stored as an animation and drawn as a film strip."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Layer
from brittle.core.errors import UsageError
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec
from brittle.domains.apng import SHOWN, read_apng, write_apng
from brittle.domains.heat import glowing, shares_of
from brittle.domains.pixels import (
    Kind,
    amplified,
    enlarged,
    enlargement,
    png,
    repeated,
    shown,
    tinted,
    white_where,
)
from brittle.domains.stored import damage_told, fits_png, from_npy, to_npy

USUAL_CELL = "all x 1/8 x 1/8"
STRIP_FRAMES = 8
"""Frames of a film strip, at even distances."""
MOST_PLAYED = 32
"""Frames of an animation to look at; of longer clips every second one, or every third ..."""
APART = 1 / 32
"""From one clip of an animation to the next, as a share of its width."""
USUAL_RATE = 10.0
"""Frames a second at which a clip is played whose rate is not known."""
EXPECTED = "expected a cell as FRAMESxHEIGHTxWIDTH, such as 'all x 8x8', '1 x 1/8 x 1/8' or '0.5s x 16x16'"


@dataclass(frozen=True)
class Video:
    """Clips, cut into blocks of frames, height and width; stored as animated PNG where that is exact."""

    name: str = "video"
    axes: tuple[str, ...] = ("channel", "frame", "height", "width")

    def cell(self, spec: InputSpec) -> tuple[int, ...]:
        """Tubes, all frames of an eighth of each side: a change of all frames is more than its parts."""
        return self.parse_cell(USUAL_CELL, spec)

    def parse_cell(self, text: str, spec: InputSpec) -> tuple[int, ...]:
        """Frames ("all", a number, or seconds as "0.5s"), height and width (a number, or "1/8" of it).

        Raises UsageError.
        """
        side, times = r"([0-9]{1,9}|1/[1-9][0-9]{0,8})", r"\s*[xX×]\s*"
        duration = r"(all|[0-9]{1,9}|[0-9]{1,9}(?:\.[0-9]{1,9})?\s*s)"
        found = re.fullmatch(f"{duration}{times}{side}{times}{side}", text.strip())
        if found is None:
            raise UsageError(f"{EXPECTED}, got '{text}'")
        height, width = spec.shape[2:]
        return Grid(spec, (_frames(found[1], spec), _side(found[2], height), _side(found[3], width))).cell

    def suffix(self, spec: InputSpec) -> str:
        """.png (animated) for 8-bit clips of 1 or 3 channels, which it holds exactly, else .npy."""
        return ".png" if fits_png(spec) else ".npy"

    def to_bytes(self, x: Array, spec: InputSpec) -> bytes:
        """Animated PNG of the 8-bit codes, every frame of it, or the float32 values as npy."""
        if not fits_png(spec):
            return to_npy(x)
        return write_apng(np.moveaxis(spec.encode(x), 0, -1), spec.rate or USUAL_RATE)

    def from_bytes(self, data: bytes, spec: InputSpec) -> Array:
        """The inverse of to_bytes. Raises DataError."""
        if not fits_png(spec):
            return from_npy(data, spec, "clip")
        with damage_told("png clip"):
            frames = read_apng(data, (*spec.shape[1:], spec.shape[0]))
        return spec.decode(np.ascontiguousarray(np.moveaxis(frames, -1, 0)))

    def companions(self, name: str, spec: InputSpec) -> dict[str, str]:
        """None: an animation says all itself."""
        return {}

    def picture(self, x: Array, spec: InputSpec, beside: Sequence[Array] = ()) -> bytes:
        """PNG of a film strip: frames at even distances, side by side."""
        return png(enlarged(shown(_strip(x), spec)))

    def extent(self, spec: InputSpec) -> str:
        """Which frames a film strip shows, and from when to when where the rate is known."""
        frames = spec.shape[1]
        numbers = ", ".join(str(place + 1) for place in strip_frames(frames))
        span = "" if spec.rate is None else f", 0 to {(frames - 1) / spec.rate:.3g} s"
        return f"frames {numbers} of {frames}{span}"

    def animation(self, inputs: Sequence[Array], spec: InputSpec) -> bytes:
        """Animated PNG of clips side by side, large enough to see, at their own speed."""
        every = ceil(spec.shape[1] / MOST_PLAYED)
        grey, width = sum(spec.bounds) / 2, ceil(APART * spec.shape[-1])
        gap = np.full((*spec.shape[:-1], width), grey, np.float32)
        beside = [part for x in inputs for part in (x, gap)][:-1]
        frames = shown(np.concatenate(beside, axis=-1)[:, ::every], spec)
        large = np.stack([enlarged(frame) for frame in frames])
        return write_apng(large, (spec.rate or USUAL_RATE) / every, SHOWN)

    def change(self, x: Array, changed: Array, spec: InputSpec) -> bytes:
        """PNG of a film strip of changed - x about mid-grey, amplified to its own greatest value."""
        return png(enlarged(amplified(_strip(x), _strip(changed))))

    def cells_touched(
        self,
        x: Array,
        grid: Grid,
        assignment: Assignment,
        spec: InputSpec,
        layers: Sequence[Layer] | None = None,
        beside: Sequence[Array] = (),
    ) -> bytes:
        """PNG of a film strip in dim grey; touched cells keep their looks under a tint and an outline."""
        numbers, layer = (
            _strip(grid.spread(of))[0] for of in (np.arange(grid.cells), np.asarray(assignment))
        )
        return png(tinted(shown(_strip(x), spec), numbers, layer, layers))

    def explained(
        self, x: Array, values: Array, spec: InputSpec, mask: NDArray[np.bool_] | None = None
    ) -> bytes:
        """PNG of a film strip in dim grey under the colours of its map, shares being of all frames."""
        factor, shares = enlargement(shown(_strip(x), spec)), shares_of(values)
        frames = [
            glowing(
                repeated(shown(x[:, place], spec), factor),
                shares[place],
                None if mask is None else mask[place],
            )
            for place in strip_frames(spec.shape[1])
        ]
        return png(np.concatenate(frames, axis=1))

    def region(self, mask: NDArray[np.bool_], spec: InputSpec) -> bytes:
        """Animated PNG of a mask (frame, height, width), a pixel an element: white is kept."""
        return write_apng(white_where(mask), spec.rate or USUAL_RATE)


def strip_frames(frames: int) -> NDArray[np.intp]:
    """Which of so many frames a film strip shows, first and last among them."""
    return np.unique(np.rint(np.linspace(0, frames - 1, STRIP_FRAMES)).astype(np.intp))


def _strip(clip: NDArray[Kind]) -> NDArray[Kind]:
    """Frames side by side, (channels, frames, height, width) -> (channels, height, frames shown x width)."""
    some = clip[:, strip_frames(clip.shape[1])]
    return np.asarray(np.concatenate(list(np.moveaxis(some, 1, 0)), axis=-1))


def _frames(text: str, spec: InputSpec) -> int:
    """Frames of "all", "5" or "0.5s"; at least one of a duration."""
    if text == "all":
        return spec.shape[1]
    if not text.endswith("s"):
        return int(text)
    if spec.rate is None:
        raise UsageError(f"the frame rate is not known: give the cell in frames, not as '{text}'")
    return max(1, round(float(text[:-1]) * spec.rate))


def _side(text: str, size: int) -> int:
    """Pixels of "8", or of "1/8" of all, rounded up."""
    return ceil(size / int(text[2:])) if text.startswith("1/") else int(text)

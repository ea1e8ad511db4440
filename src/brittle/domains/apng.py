"""Animated PNG, written so that every frame survives: Pillow's writer drops one that equals the one before.

A browser plays it, any viewer of images shows its first frame. Source: "Portable Network Graphics (PNG)
Specification (Third Edition)", W3C Recommendation 2025, sections 11.3.6 and 13.
"""

import io
import struct
import zlib
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from brittle.core.errors import DataError

Frames = NDArray[np.uint8]
SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2}  # channels -> grey, RGB
UP = 2  # the filter: each line less the one above
KEPT, SHOWN = 6, 1
"""Effort of compression, 1 to 9: of what is stored, and of what is soon drawn into a page."""


def write_apng(frames: Frames, rate: float, effort: int = KEPT) -> bytes:
    """Frames (n, height, width, 1 or 3) as an animation without end; same frames, same bytes.

    rate: frames a second, as near as 1/65535 s allows. effort: of compression, KEPT or SHOWN.
    """
    count, height, width, channels = frames.shape
    seconds = Fraction(1 / rate).limit_denominator(65535)
    delay = min(65535, max(1, seconds.numerator)), seconds.denominator
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    chunks = [_chunk(b"IHDR", header), _chunk(b"acTL", struct.pack(">II", count, 0))]
    number = 0
    for place, frame in enumerate(frames):
        control = struct.pack(">IIIIIHHBB", number, width, height, 0, 0, *delay, 0, 0)  # replaces all of it
        number += 1
        data = zlib.compress(_lines(frame), effort)
        chunks.append(_chunk(b"fcTL", control))
        if place == 0:
            chunks.append(_chunk(b"IDAT", data))
        else:
            chunks.append(_chunk(b"fdAT", struct.pack(">I", number) + data))
            number += 1
    return b"".join([SIGNATURE, *chunks, _chunk(b"IEND", b"")])


def read_apng(data: bytes, shape: tuple[int, ...]) -> Frames:
    """The frames of an animation of this shape, (n, height, width, 1 or 3).

    Raises DataError for another shape; on damaged data Pillow raises nearly anything.
    """
    count, height, width, channels = shape
    mode = "L" if channels == 1 else "RGB"
    with Pillow.open(io.BytesIO(data), formats=("PNG",)) as image:
        found = (getattr(image, "n_frames", 1), image.mode, image.height, image.width)
        if found != (count, mode, height, width):
            raise DataError(
                f"expected a stored clip of {count} frames of {mode} {height}x{width}, "
                f"got {found[0]} of {found[1]} {found[2]}x{found[3]}"
            )
        frames = np.empty(shape, np.uint8)
        for place in range(count):
            image.seek(place)
            frames[place] = np.asarray(image.convert(mode), np.uint8).reshape(height, width, channels)
    return frames


def _lines(frame: Frames) -> bytes:
    """The filtered lines of one frame: the filter's number, then what each line adds to the one above."""
    lines = np.ascontiguousarray(frame).reshape(len(frame), -1)
    out = np.full((len(lines), 1 + lines.shape[1]), UP, np.uint8)
    out[:, 1:] = np.diff(lines, axis=0, prepend=np.zeros((1, lines.shape[1]), np.uint8))
    return out.tobytes()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

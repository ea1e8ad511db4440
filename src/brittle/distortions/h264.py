"""H.264: what nearly every camera and platform does to a video."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import MissingExtraError
from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import length
from brittle.distortions.frames import VIDEO, by_frame

RATE = 25
"""Frames per second that the encoder is told, whatever those of the clip: its choices depend on it."""


@dataclass(frozen=True)
class H264:
    """H.264 compression at 8 bits by x264 at a constant rate factor (CRF); every draw is the same.

    Three channels are compressed as RGB (4:2:0 chroma), others each by itself as grey. In no default palette.
    Raises MissingExtraError without the extra video. Source: Yi et al., NeurIPS Datasets and Benchmarks 2021
    (Mini Kinetics-C), whose CRFs are 23, 30, 37, 44 and 51.
    """

    name: str = "h264"
    needs: tuple[str, ...] = VIDEO
    levels: tuple[float, ...] = (23, 30, 37)
    unit: str = "CRF of 0 to 51, higher is stronger"
    varies: bool = False

    def __post_init__(self) -> None:
        if find_spec("av") is None:
            raise MissingExtraError("the distortion h264", "video")

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x, written and read as H.264."""
        eight_bit = replace(spec, bits=8)
        codes = eight_bit.encode(x)
        read = np.empty_like(codes)
        for clip, out in zip(_clips(codes, spec), _clips(read, spec), strict=True):
            out[...] = _compressed(clip, round(level))
        return eight_bit.decode(read)


def _clips(codes: NDArray[np.uint8], spec: InputSpec) -> list[NDArray[np.uint8]]:
    """Views of shape (frame, height, width, 3) or, in grey, (frame, height, width)."""
    clip = by_frame(codes, spec)
    if "channel" not in spec.axes:
        return [clip]
    return [np.moveaxis(clip, 1, -1)] if length(spec, "channel") == 3 else list(np.moveaxis(clip, 1, 0))


def _compressed(clip: NDArray[np.uint8], crf: int) -> NDArray[np.uint8]:
    """A clip of any size; the encoder sees an even one, its last row and column repeated."""
    height, width = clip.shape[1:3]
    around = [(0, 0), (0, height % 2), (0, width % 2)] + [(0, 0)] * (clip.ndim - 3)
    colours = "rgb24" if clip.ndim == 4 else "gray"
    frames = _coded(np.pad(clip, around, mode="edge"), colours, crf)
    return np.stack([frame.to_ndarray(format=colours)[:height, :width] for frame in frames])


def _coded(clip: NDArray[np.uint8], colours: str, crf: int) -> Iterator[Any]:
    """The frames of a clip of even size after the encoder and the decoder."""
    import av  # noqa: PLC0415

    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width = clip.shape[1:3]
    encoder.pix_fmt = "gray" if colours == "gray" else "yuv420p"
    encoder.time_base = Fraction(1, RATE)
    # The preset of live streams. One thread: how many there are changes the result. No macroblock tree:
    # x264's reads memory that nobody wrote, so its result is another one every time.
    encoder.options = {"crf": str(crf), "preset": "veryfast", "threads": "1", "x264-params": "no-mbtree=1"}
    decoder = av.CodecContext.create("h264", "r")
    pictures = [av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format=colours) for frame in clip]
    for time, picture in enumerate(pictures):
        picture.pts = time
    packets = [packet for picture in [*pictures, None] for packet in encoder.encode(picture)]
    for packet in [*packets, None]:
        yield from decoder.decode(packet)

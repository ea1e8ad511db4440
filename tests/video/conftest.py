"""Small clips, as files and as arrays."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brittle.core.sample import InputSpec

AXES = ("channel", "frame", "height", "width")
Film = Callable[..., Path]


def spec_of(*shape: int, **more: Any) -> InputSpec:
    return InputSpec(shape, AXES, **{"bits": 8, **more})


def grey_frames(count: int, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """Frame k is all of grey 10 k: what is read says which frames it was."""
    levels = np.arange(count, dtype=np.uint8) * np.uint8(10)
    return np.broadcast_to(levels[:, None, None, None], (count, height, width, 3)).copy()


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """Write frames as a file of video below tmp_path, without loss: film("cat/1.mkv", frames)."""
    av = pytest.importorskip("av")

    def write(
        name: str,
        frames: NDArray[np.uint8],
        rate: int = 10,
        times: list[int] | None = None,
        turned: int = 0,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("ffv1" if path.suffix == ".mkv" else "libx264", rate=rate)
            stream.height, stream.width = frames.shape[1:3]
            stream.pix_fmt = "bgr0" if path.suffix == ".mkv" else "yuv444p"
            if path.suffix != ".mkv":
                stream.options = {"qp": "0"}
            stream.time_base = Fraction(1, rate)
            if turned:
                stream.set_display_rotation(turned)
            for place, pixels in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts = place if times is None else times[place]
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return write

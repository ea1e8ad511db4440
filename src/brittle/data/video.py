"""Files of video, decoded by PyAV (the extra video): how many frames, how fast, and some of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import BrittleError, DataError, MissingExtraError
from brittle.data.files import MOST_PIXELS

# A file cannot reach readers of playlists, which open other files and addresses.
SAFE = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,gif,apng",
    "protocol_whitelist": "file",
}
LONGEST_GAP = 3.0
"""Between two frames, as a multiple of the usual one: longer ones make a clip one of variable frame rate."""


class Video:
    """One file. Raises DataError, one line that names it, if it cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def frames(self) -> int:
        """How many there are, by decoding: what a container says of it may be wrong."""
        return len(self._times)

    @cached_property
    def rate(self) -> float:
        """Frames a second. Raises DataError where it varies."""
        gaps = np.diff(self._times)
        if len(gaps) == 0:
            return 1.0
        if not np.isfinite(gaps).all():
            raise DataError(f"{self.path}: its frames carry no times; write it again with a frame rate")
        if gaps.min() <= 0 or gaps.max() > LONGEST_GAP * np.median(gaps):
            raise DataError(
                f"{self.path}: its frames are {1000 * gaps.min():.0f} to {1000 * gaps.max():.0f} ms apart; "
                "expected an even rate, so write it again at a constant one"
            )
        return float(1 / gaps.mean())

    @cached_property
    def size(self) -> tuple[int, int]:
        """Height and width, upright."""
        height, width = next(iter(self.read(range(1)))).shape[:2]
        return height, width

    def read(self, places: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        """The frames at these places, which ascend, upright, (height, width, 3)."""
        wanted = set(places)
        for place, frame in enumerate(self._decoded()):
            if place in wanted:
                upright = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
                yield np.ascontiguousarray(upright)
            if place >= places[-1]:
                return

    @cached_property
    def _times(self) -> NDArray[np.float64]:
        """When each frame is shown, seconds."""
        return np.array([frame.time if frame.time is not None else np.nan for frame in self._decoded()])

    def _decoded(self) -> Iterator[Any]:
        av = _av()
        with (
            _one_line(self.path),
            self.path.open("rb") as file,
            av.open(file, options=SAFE) as container,
        ):
            if not container.streams.video:
                raise DataError(f"{self.path}: it has no pictures; drop this sample")
            stream = container.streams.video[0]
            if stream.width * stream.height > MOST_PIXELS:
                raise DataError(f"{self.path}: frames of more than {MOST_PIXELS} pixels; make them smaller")
            yield from container.decode(stream)


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """What reading raises as a DataError."""
    try:
        yield
    except BrittleError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; put it there or drop this sample") from error
    except Exception as error:  # PyAV raises a class for each of FFmpeg's codes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: cannot be read as a clip: {reason}; replace or drop this sample") from error


def _av() -> Any:
    try:
        import av  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("reading files of video", "video") from error
    return av

"""Clips as samples: files of video sampled, resized and rounded as the model is fed.

Without a stride, T frames are spread over the whole clip of F: frames 0, k, 2 k ... with k = max(F // T, 1).
With one they are that far apart. Several windows stand side by side.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import DataError
from brittle.core.sample import InputSpec, Sample
from brittle.data.dataset import Wanted, evenly
from brittle.data.files import MediaFile, MediaSet, times
from brittle.data.options import DataOptions
from brittle.data.video import Video

AXES = ("channel", "frame", "height", "width")
SUFFIXES = frozenset({".mp4", ".avi", ".mkv", ".webm", ".mov", ".m4v", ".gif"})
GREY = np.array([0.299, 0.587, 0.114])  # of red, green and blue, as Pillow has it (ITU-R BT.601)


def clip_set(
    name: str,
    files: Iterable[MediaFile],
    wanted: Wanted,
    options: DataOptions,
    classes: tuple[str, ...] | None = None,
) -> MediaSet:
    """A Dataset of these files in their order. Raises DataError if clips do not fit the model."""
    chosen = evenly(files, options.limit)
    shape = wanted.shape if wanted.shape is not None else (None, None, None, None)
    if len(shape) != 4 or shape[0] not in (None, 1, 3):
        raise DataError(
            f"{name} holds clips (1 or 3 x frames x height x width), but the model takes {wanted}"
        )
    frames = options.frames or shape[1]
    if frames is None:
        raise DataError(f"{name}: the model takes any number of frames; state how many with --frames")
    first = _first(chosen)
    height, width = options.size or tuple(a or b for a, b in zip(shape[2:], first.size, strict=True))
    rate = first.rate / _stride(first, frames, options.stride, 1)
    sides = (shape[0] or 3, frames, height, width)
    spec = InputSpec(sides, AXES, options.bounds or (0.0, 1.0), bits=8, rate=rate)
    if not wanted.takes(spec.shape):
        raise DataError(
            f"{name}: the model takes {wanted}, clips would be {times(spec.shape)}; "
            "leave --frames or --size out"
        )
    windows = [part for file in chosen for part in _parts(file, frames, options)]
    how = "spread over each" if options.stride is None else f"{options.stride} apart"
    by_id = {window.id: window for window in windows}
    read = partial(_read, stride=options.stride)
    return MediaSet(f"{name} ({frames} frames, {how})", spec, classes, by_id, wanted.outputs, read)


def _parts(file: MediaFile, frames: int, options: DataOptions) -> list[MediaFile]:
    """The windows of a clip that are asked for; at least one, which may prove too short."""
    if options.windows == 1 or file.problem:
        return [file]
    try:
        video = Video(file.path)
        span = frames * (options.stride or 1)
        parts = max(1, min(options.windows, video.frames // span))
    except DataError as error:
        return [replace(file, problem=str(error).removeprefix(f"{file.path}: "))]
    return [replace(file, id=f"{file.id}-{k + 1}of{parts}", part=k, parts=parts) for k in range(parts)]


def _read(file: MediaFile, spec: InputSpec, stride: int | None) -> Sample:
    """One window of a clip."""
    video, frames = Video(file.path), spec.shape[1]
    every = _stride(video, frames, stride, file.parts)
    start = file.part * (video.frames // file.parts if stride is None else frames * every)
    last = start + (frames - 1) * every
    if last >= video.frames:
        raise DataError(
            f"{file.path}: expected at least {last + 1} frames, got {video.frames}; drop this sample, or "
            "state fewer --frames or a shorter --stride"
        )
    own = replace(spec, rate=video.rate / every)
    codes = np.stack(
        [_fitted(frame, spec.shape) for frame in video.read(range(start, last + 1, every))], axis=1
    )
    return Sample(file.id, spec.decode(np.ascontiguousarray(codes)), file.label, own)


def _stride(video: Video, frames: int, stated: int | None, parts: int) -> int:
    """From one frame of a sample to the next."""
    return stated or max(1, video.frames // parts // frames)


def _first(files: list[MediaFile]) -> Video:
    """The first clip that opens. Raises DataError."""
    problem: DataError | None = None
    for file in files:
        try:
            video = Video(file.path)
            if video.frames:
                return video
        except DataError as error:  # read again, and reported, when this sample is opened
            problem = error
    raise DataError(f"none of {len(files)} clips can be read; {problem or 'they hold no frames'}")


def _fitted(frame: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A frame (height, width, 3) at the size and channels of a sample, (channels, height, width)."""
    channels, _, height, width = shape
    values = np.moveaxis(frame, -1, 0).astype(np.float64)
    if frame.shape[:2] != (height, width):
        values = _weights(frame.shape[0], height) @ values @ _weights(frame.shape[1], width).T
    if channels == 1:
        values = np.tensordot(GREY, values, axes=1)[None]
    return np.asarray(np.rint(values), np.uint8)


def _weights(old: int, new: int) -> NDArray[np.float64]:
    """Bilinear resizing along one axis, half-pixel centres, (new, old)."""
    at = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(at[:, None] - np.arange(old))))

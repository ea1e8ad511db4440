"""Camera shake: a camera held by hand."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import length
from brittle.distortions.frames import VIDEO, by_frame


@dataclass(frozen=True)
class CameraShake:
    """Frames are moved along a random walk around where the camera points; each draw walks another way.

    The level is the root mean square distance from there: 0.02 is 1.3 pixels of 64, and 4.5 of 224. Between
    pixels values are interpolated (bilinear), and the picture is mirrored at its borders. Source: translation
    in Schiappa et al., CVPR 2023 (UCF101-P), by up to 8 to 40 pixels of 224.
    """

    name: str = "camera_shake"
    needs: tuple[str, ...] = VIDEO
    levels: tuple[float, ...] = (0.01, 0.02, 0.04)
    unit: str = "distance moved, share of the width"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x, each frame moved."""
        path = level * length(spec, "width") * _walk(length(spec, "frame"), rng)
        margin = ceil(np.abs(path).max()) + 1
        clip = by_frame(x, spec)
        wide = np.pad(clip, [(0, 0)] * (clip.ndim - 2) + [(margin, margin)] * 2, mode="symmetric")
        out = np.empty_like(x)
        for moved, frame, corner in zip(by_frame(out, spec), wide, path + margin, strict=True):
            moved[...] = _window(frame, corner, moved.shape[-2:])
        return np.clip(out, *spec.bounds, out=out)


def _walk(frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A random walk of (y, x) about its mean, root mean square 1, shape (frames, 2); 0 for one frame."""
    path = np.cumsum(rng.standard_normal((frames, 2)), axis=0)
    path -= path.mean(axis=0)
    return path / max(float(np.sqrt(np.square(path).sum(axis=1).mean())), 1e-9)


def _window(frame: Array, corner: NDArray[np.float64], size: tuple[int, ...]) -> Array:
    """What of a frame (..., height, width) lies from a corner (y, x) on, bilinear, shape (..., *size)."""
    (top, left), (height, width) = corner.astype(int), size
    down, right = (corner % 1).astype(np.float32)
    rows = frame[..., top : top + height + 1, :]
    rows = rows[..., :-1, :] * (1 - down) + rows[..., 1:, :] * down
    columns = rows[..., left : left + width + 1]
    out: Array = columns[..., :-1] * (1 - right) + columns[..., 1:] * right
    return out

"""Inputs as people watch them: small pictures, or the numbers of a trace. Exact files are kept elsewhere."""

import io
from base64 import b64encode
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brittle.core.sample import Array, InputSpec
from brittle.domains.pixels import enlarged
from brittle.domains.stored import is_picture
from brittle.domains.video import strip_frames


class Look(NamedTuple):
    """How pictures are encoded: pixels of the longer side, and the quality of a JPEG."""

    side: int
    quality: int


LIVE = Look(320, 85)
COLUMNS = 500
"""Pairs of least and greatest value that a trace is drawn from at most."""
MOST_TRACES = 12


def kind_of(spec: InputSpec) -> dict[str, Any]:
    """How previews of these inputs are read: kind, and numbers of frames (from 1) or names of traces.

    sizes: elements of the input along each axis that can be cut.
    """
    sizes = [spec.shape[i] for i in spec.spatial]
    if not is_picture(spec):
        names = spec.channels or tuple(f"channel {k + 1}" for k in range(spec.shape[0]))
        about = {"names": list(names[:MOST_TRACES]), "unit": spec.unit, "rate": spec.rate}
        return {"kind": "signal", "sizes": sizes, **about}
    if "frame" in spec.axes:
        frames = [int(k) + 1 for k in strip_frames(spec.shape[1])]
        return {"kind": "clip", "sizes": sizes, "frames": frames}
    return {"kind": "image", "sizes": sizes}


def preview(x: Array, spec: InputSpec, look: Look = LIVE) -> list[Any]:
    """Pictures as data URIs, one for an image and some frames of a clip; of a signal traces of numbers."""
    if not is_picture(spec):
        return [_thinned(trace) for trace in x[:MOST_TRACES]]
    return [_jpeg(_pixels((frame - spec.bounds[0]) / spec.span), look) for frame in _frames(x, spec)]


def change(x: Array, changed: Array, spec: InputSpec, look: Look = LIVE) -> list[Any]:
    """The same of changed - x: pictures about mid-grey, amplified to its own greatest value."""
    if not is_picture(spec):
        return [_thinned(trace) for trace in (changed - x)[:MOST_TRACES]]
    before, after = _frames(x, spec), _frames(changed, spec)
    difference = np.concatenate(after, axis=-1) - np.concatenate(before, axis=-1)
    both = _pixels(0.5 + difference * np.float32(0.5 / (np.abs(difference).max() or 1.0)))
    return [_jpeg(part, look) for part in np.split(both, len(before), axis=1)]


def _frames(x: Array, spec: InputSpec) -> list[Array]:
    """The image, or the frames of a clip that are shown, each (channels, height, width)."""
    return [x[:, k] for k in strip_frames(spec.shape[1])] if "frame" in spec.axes else [x]


def _pixels(values: Array) -> NDArray[np.uint8]:
    """As domains.pixels.pixels has them, but for roundings: in the precision of the values, for speed."""
    if values.shape[0] not in (1, 3):
        values = values.mean(axis=0, keepdims=True)
    codes = np.rint(values * np.float32(255))
    return np.moveaxis(np.clip(codes, 0, 255, out=codes).astype(np.uint8), 0, -1)


def _jpeg(picture: NDArray[np.uint8], look: Look) -> str:
    large = np.ascontiguousarray(enlarged(picture))
    image = Image.fromarray(large[..., 0] if large.shape[-1] == 1 else large)
    image.thumbnail((look.side, look.side))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=look.quality)
    return f"data:image/jpeg;base64,{b64encode(out.getvalue()).decode()}"


def _thinned(trace: NDArray[np.floating]) -> list[float]:
    """The values of a trace; of a long one the least and greatest of each column, in turns."""
    if len(trace) > 2 * COLUMNS:
        starts = np.linspace(0, len(trace), COLUMNS, endpoint=False).astype(np.intp)
        least, greatest = np.minimum.reduceat(trace, starts), np.maximum.reduceat(trace, starts)
        trace = np.stack([least, greatest], axis=1).reshape(-1)
    return [float(f"{value:.4g}") for value in trace]

"""Stored inputs: free floats as npy, exactly as they were shown, and what is said of a damaged file."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from brittle.core.errors import DataError
from brittle.core.sample import Array, InputSpec


def is_picture(spec: InputSpec) -> bool:
    """Whether inputs are images or clips, that people look at as pixels."""
    return {"height", "width"} <= set(spec.axes)


def fits_png(spec: InputSpec) -> bool:
    """Whether 8-bit grey or RGB pixels hold inputs exactly."""
    return spec.bits == 8 and spec.shape[0] in (1, 3)


def to_npy(x: Array) -> bytes:
    """float32 values as npy."""
    out = io.BytesIO()
    np.save(out, np.asarray(x, np.float32), allow_pickle=False)
    return out.getvalue()


def from_npy(data: bytes, spec: InputSpec, kind: str) -> Array:
    """The inverse of to_npy; kind: what is stored, for the error. Raises DataError."""
    with damage_told(f"npy {kind}"):
        x = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    if x.dtype != np.float32:
        raise DataError(f"expected a stored {kind} of float32, got {x.dtype}")
    spec.check(x, f"stored {kind}")
    return np.asarray(x)


@contextmanager
def damage_told(what: str) -> Iterator[None]:
    """Damaged files make NumPy and Pillow raise nearly anything: a DataError that says what was stored."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"expected a stored {what}, got damaged data: {reason}") from error

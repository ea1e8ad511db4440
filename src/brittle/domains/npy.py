"""Free floats as stored inputs: the npy form, exactly as they were shown."""

import io

import numpy as np

from brittle.core.errors import DataError
from brittle.core.sample import Array, InputSpec


def to_npy(x: Array) -> bytes:
    """float32 values as npy."""
    out = io.BytesIO()
    np.save(out, np.asarray(x, np.float32), allow_pickle=False)
    return out.getvalue()


def from_npy(data: bytes, spec: InputSpec, kind: str) -> Array:
    """The inverse of to_npy; kind: what is stored, for the error. Raises DataError."""
    try:
        x = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # damaged headers make NumPy raise nearly anything
        raise DataError(f"expected a stored npy {kind}, got damaged data: {reason(error)}") from error
    if x.dtype != np.float32:
        raise DataError(f"expected a stored {kind} of float32, got {x.dtype}")
    spec.check(x, f"stored {kind}")
    return np.asarray(x)


def reason(error: Exception) -> str:
    """What an exception says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__

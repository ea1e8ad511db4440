"""What objects of MAITE's protocols look like: models and data know them by that, and need no maite."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_maite(thing: Any) -> bool:
    """Whether it has what objects of MAITE have: metadata with an id."""
    metadata = getattr(thing, "metadata", None)
    return isinstance(metadata, Mapping) and "id" in metadata


def plain(values: Any) -> NDArray[Any]:
    """Any array, a torch tensor too, as NumPy's."""
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)


def single(values: Any) -> NDArray[Any]:
    """The same, doubles in single precision."""
    found = plain(values)
    return found.astype(np.float32) if found.dtype == np.float64 else found

"""A model of MAITE's protocol as a function, known by what it looks like: maite itself is not needed.

Protocol: maite.protocols.image_classification.Model, a callable on a sequence of images (channels, height,
width) that answers as many rows (classes,), with `metadata`, whose index2label may name the classes.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array


def is_maite(thing: Any) -> bool:
    """Whether it has what objects of MAITE have: metadata with an id."""
    metadata = getattr(thing, "metadata", None)
    return isinstance(metadata, Mapping) and "id" in metadata


def asked_by_rows(model: Callable[..., Any]) -> Callable[[Array], NDArray[Any]]:
    """A model of MAITE as a callable on a NumPy batch (n, *shape)."""

    def ask(x: Array) -> NDArray[Any]:
        return np.stack([_plain(answer) for answer in model(list(x))])

    return ask


def _plain(values: Any) -> NDArray[Any]:
    """Any array, a torch tensor too, as NumPy's."""
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)

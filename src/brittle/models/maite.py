"""A model of MAITE's protocol as a function, known by what it looks like: maite itself is not needed.

Protocol: maite.protocols.image_classification.Model, a callable on a sequence of images (channels, height,
width) that answers as many rows (classes,), with `metadata`, whose index2label may name the classes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.maite import plain
from brittle.core.sample import Array


def asked_by_rows(model: Callable[..., Any]) -> Callable[[Array], NDArray[Any]]:
    """A model of MAITE as a callable on a NumPy batch (n, *shape)."""

    def ask(x: Array) -> NDArray[Any]:
        return np.stack([plain(answer) for answer in model(list(x))])

    return ask

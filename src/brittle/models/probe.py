"""How many classes a model answers that does not say so."""

import numpy as np

from brittle.core.door import Door
from brittle.core.errors import ModelError, RefusedError
from brittle.core.sample import InputSpec
from brittle.models.backend import Backend


def count_classes(backend: Backend, spec: InputSpec) -> int:
    """Classes in the answer to one row, all of the middle value. Raises ModelError."""
    middle = np.full((1, *spec.shape), sum(spec.bounds) / 2, np.float32)
    try:
        answers = Door(backend.ask, backend.meter)(middle)
    except RefusedError as error:
        shape = ", ".join(map(str, spec.shape))
        raise ModelError(
            f"{backend.name}: {error}; check that it takes a float32 batch of shape (n, {shape})"
        ) from error
    if answers.ndim != 2:
        raise ModelError(
            f"{backend.name}: expected answers of shape (1, classes) to one row, got {answers.shape}"
        )
    return int(answers.shape[1])

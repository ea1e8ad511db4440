"""What every model backend opens to: inputs in, probabilities out."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import ModelError
from brittle.core.sample import Array, InputSpec


class Classifier(Protocol):
    """A black box. input: what it takes; classes: their names, in the order of its answers."""

    @property
    def input(self) -> InputSpec: ...
    @property
    def classes(self) -> tuple[str, ...]: ...

    def __call__(self, x: Array) -> Array:
        """(n, *input.shape) -> probabilities (n, len(classes))."""


def check_answers(answers: NDArray[Any], rows: int, classes: int) -> None:
    """Raise ModelError unless a model answered (rows, classes)."""
    if answers.shape != (rows, classes):
        raise ModelError(
            f"expected answers of shape ({rows}, {classes}) for {rows} inputs and {classes} classes, "
            f"got {answers.shape}"
        )


def rounded(answers: NDArray[Any], bits: int = 12) -> Array:
    """Answers kept to `bits` significant bits.

    An engine answers the same row a little differently in another batch (relative 1e-6 or so); after
    rounding (relative 2.4e-4 at 12 bits) nearly all of these answers are the same number.
    """
    mantissa, exponent = np.frexp(np.asarray(answers, np.float32))
    scale = np.float32(2**bits)
    return np.asarray(np.ldexp(np.rint(mantissa * scale) / scale, exponent), np.float32)

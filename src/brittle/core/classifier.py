"""What every model backend opens to: inputs in, probabilities out."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import BrittleError, ModelError, RefusedError
from brittle.core.sample import Array, InputSpec


class Classifier(Protocol):
    """A black box. input: what it takes; classes: their names, in the order of its answers."""

    @property
    def input(self) -> InputSpec: ...
    @property
    def classes(self) -> tuple[str, ...]: ...

    def __call__(self, x: Array) -> Array:
        """(n, *input.shape) -> probabilities (n, len(classes)). Raises RefusedError for some rows."""


def check_answers(answers: NDArray[Any], rows: int, classes: int) -> None:
    """Raise ModelError unless a model answered (rows, classes)."""
    if answers.shape != (rows, classes):
        raise ModelError(
            f"expected answers of shape ({rows}, {classes}) for {rows} inputs and {classes} classes, "
            f"got {answers.shape}"
        )


def ask(model: Classifier, x: Array) -> tuple[Array, Mapping[int, Exception]]:
    """Rounded answers (n, classes), NaN in the rows that were refused; and by row of those, why.

    Raises every BrittleError of the model but RefusedError, and ModelError for answers of another shape.
    """
    causes: Mapping[int, Exception] = {}
    try:
        answers = model(x)
    except RefusedError as refused:
        answers, causes = refused.answers, refused.causes or dict.fromkeys(range(len(x)), refused)
    except BrittleError:
        raise
    except Exception as error:
        answers, causes = None, dict.fromkeys(range(len(x)), error)
    if answers is None:
        answers = np.full((len(x), len(model.classes)), np.nan, np.float32)
    check_answers(answers, len(x), len(model.classes))
    return rounded(answers), causes


def rounded(answers: NDArray[Any], bits: int = 12) -> Array:
    """Answers kept to `bits` significant bits.

    An engine answers the same row a little differently in another batch (relative 1e-6 or so); after
    rounding (relative 2.4e-4 at 12 bits) nearly all of these answers are the same number.
    """
    mantissa, exponent = np.frexp(np.asarray(answers, np.float32))
    scale = np.float32(2**bits)
    return np.asarray(np.ldexp(np.rint(mantissa * scale) / scale, exponent), np.float32)

"""What a model says of its inputs and outputs: which output is asked, and sizes that are fixed."""

from collections.abc import Container, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import ModelError, UsageError, did_you_mean
from brittle.core.sample import Array
from brittle.models.backend import Ask


def chosen_output(every: Iterable[Any], name: str, asked: str | None, floats: Container[str]) -> Any:
    """The output of this name; without one the only float output of rank 2, or else of unknown rank.

    every: outputs with name, type and shape, of a model called `name`. floats: types of numbers.
    Raises ModelError, UsageError for a name that no output has.
    """
    every = list(every)
    named = [o for o in every if asked in (None, o.name)]
    if not named:
        raise UsageError(
            f"{name} has no output '{asked}'; {did_you_mean(str(asked), (o.name for o in every))}"
        )
    fitting = [o for o in named if o.type in floats and len(o.shape) in (0, 2)]
    fitting = [o for o in fitting if o.shape] or fitting
    if not fitting:
        raise ModelError(f"{name}: expected a float output of shape (n, classes), got {_listed(named)}")
    if len(fitting) > 1:
        raise ModelError(
            f"{name} has {len(fitting)} outputs, {_listed(fitting)}; name one with --output-name"
        )
    return fitting[0]


def no_output_names(asked: str, kind: str) -> UsageError:
    """That a model of this kind has no outputs to name."""
    return UsageError(
        f"expected an .onnx file or an address of the Open Inference Protocol to go with --output-name "
        f"{asked}, got a model of kind '{kind}'; leave it out"
    )


def _listed(outputs: Iterable[Any]) -> str:
    """Outputs by name, type and shape."""
    return ", ".join(f"{o.name} {o.type} {o.shape}" for o in outputs)


def fixed_size(size: Any) -> int | None:
    """A size, None where it is free: a name, or not above 0."""
    return size if isinstance(size, int) and size > 0 else None


def class_count(output: Any) -> int | None:
    """How many classes an output of shape (n, classes) has, where that is said."""
    return fixed_size(output.shape[1]) if len(output.shape) == 2 else None


def in_batches_of(size: int, ask: Ask) -> Ask:
    """Ask a model of fixed batch: a short one is filled up with its last row, and those answers dropped."""

    def asked(x: Array) -> NDArray[Any]:
        answers = []
        for start in range(0, len(x), size):
            rows = x[start : start + size]
            filled = np.concatenate([rows, np.repeat(rows[-1:], size - len(rows), axis=0)])
            answers.append(ask(filled)[: len(rows)])
        return np.concatenate(answers)

    return asked

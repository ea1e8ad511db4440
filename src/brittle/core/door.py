"""The door that every row passes on its way to a model: it is counted there, and fails alone if it fails."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import BrittleError, ModelError, RefusedError
from brittle.core.rows import Meter
from brittle.core.sample import Array

LOG = logging.getLogger("brittle")


class Door:
    """Asks a model, and where it does not answer a batch, row by row.

    alone: whether the model was found to answer single rows only; then it is shown nothing else.
    """

    def __init__(self, ask: Callable[[Array], NDArray[Any]], meter: Meter) -> None:
        self._ask, self._meter = ask, meter
        self.alone = self._pooled = False

    def __call__(self, x: Array) -> NDArray[Any]:
        """Inputs (n, ...) -> answers (n, ...).

        Raises RefusedError with what was answered if the model raised on a row, and every other BrittleError
        of the model as it is.
        """
        if self.alone:
            return self._one_by_one(x, self._meter.show)
        self._meter.show(len(x))
        try:
            answers = self._answers(x)
        except RefusedError as error:
            if len(x) == 1:
                raise RefusedError(str(error), {0: _cause(error)}) from error.__cause__
        else:
            self._pooled = self._pooled or len(x) > 1
            return answers
        answers = self._one_by_one(x, self._meter.show_again)
        if not self._pooled:
            self.alone = True
            LOG.warning("the model answers only one row at a time; it is asked so, which is slower")
        return answers

    def _answers(self, x: Array) -> NDArray[Any]:
        """Answers to one batch. Raises RefusedError for what else than a BrittleError the model raises."""
        try:
            answers = np.asarray(self._ask(x))
        except BrittleError:
            raise
        except Exception as error:
            raise RefusedError(f"the model raised {type(error).__name__}: {error}") from error
        if answers.shape[:1] != (len(x),):
            raise RefusedError(f"expected answers to {len(x)} rows, got an array of shape {answers.shape}")
        return answers

    def _one_by_one(self, x: Array, count: Callable[[int], None]) -> NDArray[Any]:
        """Answers of a batch, one row at a time. Raises RefusedError with those that came if some did not."""
        found: dict[int, NDArray[Any]] = {}
        refused: dict[int, RefusedError] = {}
        for i in range(len(x)):
            count(1)
            try:
                found[i] = self._answers(x[i : i + 1])[0]
            except RefusedError as error:
                refused[i] = error
        answers = _stacked(found, len(x))
        if refused:
            first = next(iter(refused.values()))
            causes = {i: _cause(error) for i, error in refused.items()}
            raise RefusedError(str(first), causes, answers) from first.__cause__
        return np.asarray(answers)


def _stacked(found: Mapping[int, NDArray[Any]], rows: int) -> NDArray[np.float64] | None:
    """Single answers as one array, NaN in the other rows; None if there are none."""
    shapes = {answer.shape for answer in found.values()}
    if len(shapes) > 1:
        raise ModelError(f"the model answers one row with another shape than the next: {sorted(shapes)}")
    if not found:
        return None
    answers = np.full((rows, *shapes.pop()), np.nan)
    for i, answer in found.items():
        answers[i] = answer
    return answers


def _cause(error: RefusedError) -> Exception:
    return error.__cause__ if isinstance(error.__cause__, Exception) else error

"""What a sample run asks for: rows to be shown to the model, each counted."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import DataError
from brittle.core.sample import Array
from brittle.core.search import Board


@dataclass(frozen=True)
class Request:
    """Rows to be shown to the model: moves (k, ...) on a board; alone = in a batch of one row."""

    board: Board
    moves: NDArray[Any]
    alone: bool = False


class Unanswered(Exception):
    """Thrown into a sample run whose request failed, its cause being why. shown: rows the model was shown."""

    def __init__(self, shown: int) -> None:
        super().__init__(f"{shown} rows were shown, and not answered")
        self.shown = shown


R = TypeVar("R")
SampleRun = Generator[Request, Array, R]
"""One sample from its first query to its result, of whatever kind that is."""


def show(request: Request, known: dict[str, Any], count: str = "queries") -> Generator[Request, Array, Array]:
    """Have rows shown to the model, and count them in `known`, under the name of their account."""
    try:
        answers = yield request
    except Unanswered as failure:
        known[count] += failure.shown
        raise (failure.__cause__ or failure) from None
    known[count] += len(request.moves)
    return answers


def asked(
    request: Request, known: dict[str, Any], count: str = "queries"
) -> Generator[Request, Array, Array]:
    """Answers to a request, counted. Raises DataError where they are not numbers."""
    answers = yield from show(request, known, count)
    if not np.isfinite(answers).all():
        raise DataError(f"the model answered NaN or infinity within row {known[count]}")
    return answers

"""Errors meant for the user, and the exit code of each.

BrittleError                 1   anything below, and a verification that does not hold
├── UsageError               2   a name, option or setting that makes no sense
│   └── DistortionError      2   a distortion that breaks its contract
├── DataError                3   samples that cannot be read, or do not fit the model
├── ModelError               4   a model that cannot be loaded, reached or trusted
│   └── RefusedError         4   a model that does not answer some of the rows it was shown
├── RunError                 5   a run folder that is foreign, different, busy or damaged
├── MissingExtraError        6   an optional part of brittle that is not installed
└── DiskError                7   results that cannot be written

Every message is one line that says what was expected, what came, and what to do.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

RED = 9
"""Exit code of a command that has finished, but whose gate is red: no error."""
INTERRUPTED = 130
"""Exit code of a command that was stopped by its user; what is finished is kept."""


class BrittleError(Exception):
    """Root of all errors that brittle raises on purpose; its text is for the user."""

    exit_code = 1


class UsageError(BrittleError):
    """A name, option or setting that makes no sense."""

    exit_code = 2


class DistortionError(UsageError):
    """A distortion that changed its input, left the bounds or returned another shape."""


class DataError(BrittleError):
    """A sample or data set that cannot be read, or does not fit the model."""

    exit_code = 3


class ModelError(BrittleError):
    """A model that cannot be loaded or reached, or whose answers are not probabilities."""

    exit_code = 4


class RefusedError(ModelError):
    """Rows that a model did not answer, while it may answer others.

    causes: by row of the batch, why; empty: none was answered. answers: (n, classes), of the other rows.
    """

    def __init__(self, text: str, causes: Mapping[int, Exception] | None = None, answers: Any = None) -> None:
        super().__init__(text)
        self.causes, self.answers = causes or {}, answers


class RunError(BrittleError):
    """A run folder that is foreign, belongs to another command, is in use or damaged."""

    exit_code = 5


class MissingExtraError(BrittleError):
    """An optional part that is not installed."""

    exit_code = 6

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the extra '{extra}'; install it from the checkout: "
            f"pip install -c constraints.txt -e '.[{extra}]'"
        )


class DiskError(BrittleError):
    """Results that cannot be written, most often because the disk is full."""

    exit_code = 7


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, or all of them."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    return f"did you mean '{near[0]}'?" if near else f"choose one of: {', '.join(names)}"

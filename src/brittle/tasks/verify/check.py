"""What verification finds: one check for each line, file and table of a run."""

from collections.abc import Iterator
from dataclasses import dataclass

from brittle.core.errors import DataError, RunError

LINES = "results.jsonl"


@dataclass(frozen=True)
class Check:
    """One thing that a run says, looked at again.

    sample: whose it is, empty for the whole run. file: inside the run folder. message: empty if it holds,
    else the first difference.
    """

    sample: str
    file: str
    message: str = ""

    @property
    def holds(self) -> bool:
        """Whether what the run says is so."""
        return not self.message

    def __str__(self) -> str:
        """One line: whose, which file, and what is wrong."""
        return ": ".join(part for part in (self.sample, self.file, self.message) if part)


@dataclass(frozen=True)
class Verification:
    """Everything that a run says, checked.

    rows: shown to the model. flips: of an audit; maps: of an explanation; files: of a hard set; answers: of
    severity curves. same_model:
    whether its SHA-256 is the run's. finished: whether every sample has its result; always True where one
    sample was asked for. notes: what could not be checked, a line each.
    """

    checks: tuple[Check, ...]
    rows: int
    same_model: bool
    samples: int = 0
    flips: int = 0
    maps: int = 0
    files: int = 0
    answers: int = 0
    finished: bool = True
    notes: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if not check.holds)


def first(faults: Iterator[str]) -> str:
    """The first thing that is wrong; empty if nothing is.

    A file of the run or a sample of the data that cannot be read is one; other errors are passed on.
    """
    try:
        return next(faults, "")
    except (RunError, DataError) as error:
        return str(error)

"""What every command shares: the consoles, and errors as one line with an exit code."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from brittle.core.errors import INTERRUPTED, BrittleError

if TYPE_CHECKING:
    from brittle.report.gates.gate import Verdict

EXIT_CODES = """
\b
Exit codes: 0 done; 1 a flip did not hold, or another error; 2 usage; 3 data;
4 model; 5 run folder; 6 an extra is missing; 7 disk; 9 a gate is red;
130 interrupted.
"""

console = Console(highlight=False, markup=False)
errors = Console(stderr=True, highlight=False, markup=False)


def show_verdicts(verdicts: "Iterable[Verdict]") -> None:
    """A line for each gate."""
    for verdict in verdicts:
        console.print(str(verdict), style="green" if verdict.green else "bold red", soft_wrap=True)


def printable(text: str) -> str:
    """Text of a stranger as one line, without what a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Every error that is meant for the user as one line, with its exit code."""
    try:
        yield
    except BrittleError as error:
        errors.print("error:", style="bold red", end=" ")
        errors.print(" ".join(str(error).split()), soft_wrap=True)  # one line, whatever a file is called
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        errors.print("interrupted: what is finished is kept; the same command continues")
        sys.exit(INTERRUPTED)

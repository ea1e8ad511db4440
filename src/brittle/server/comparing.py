"""Several runs side by side, as `brittle compare` sets them; nothing is written.

It draws, and a server loads it when it first compares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from threading import Lock

from brittle.core.errors import BrittleError, RunError, UsageError
from brittle.report.compare.naming import apart
from brittle.report.compare.page import comparison_of, comparison_parts
from brittle.report.explain.compare import compare_explained, explanation_parts
from brittle.server.pages import MOST_COMPARED
from brittle.server.reading.folders import Folders, Found
from brittle.store.run import Run

MOST_BYTES = 100_000_000  # of the lines of all runs together
READ = ("run.json", "results.jsonl", "sessions.jsonl", "rows.jsonl")
"""Files of a run that a comparison reads as a whole, beside its flips or maps."""
COMPARED = ("audit", "explain")


@dataclass(frozen=True)
class Compared:
    """What the page of a comparison shows. head, body: HTML; found: the runs, the first one first."""

    head: str
    body: str
    found: tuple[Found, ...]


class Comparing:
    """Compares runs below a root, one comparison at a time."""

    def __init__(self, folders: Folders) -> None:
        self._folders, self._one = folders, Lock()

    def of(self, parts: Sequence[str]) -> Compared:
        """The comparison of the runs with these ids. Raises UsageError, RunError."""
        chosen = list(dict.fromkeys(parts))
        if not 2 <= len(chosen) <= MOST_COMPARED:
            raise UsageError(f"expected 2 to {MOST_COMPARED} different runs, got {len(chosen)}; tick others")
        found = [self._found(part) for part in chosen]
        _refuse_large(found)
        with self._one:
            try:
                head, body = _parts([Run.open(one.path) for one in found])
            except BrittleError:
                raise
            except (ValueError, TypeError, LookupError, ArithmeticError, OSError) as error:
                raise RunError(f"these runs cannot be compared, one is damaged: {error}") from error
        return Compared(head, body, tuple(found))

    def _found(self, part: str) -> Found:
        found = self._folders.get(part)
        if found is None or found.kind != "run":
            raise UsageError(f"there is no run '{part[:200]}' here; tick runs of the list")
        return found


def _parts(runs: Sequence[Run]) -> tuple[str, str]:
    verbs = sorted({run.manifest.verb for run in runs})
    if len(verbs) > 1 or verbs[0] not in COMPARED:
        raise UsageError(
            f"expected audits alone, or explanations alone, got runs of {', '.join(verbs)}; tick others"
        )
    if verbs == ["explain"]:
        return explanation_parts(compare_explained(dict(zip(apart(runs), runs, strict=True))))
    return comparison_parts(comparison_of(runs))


def _refuse_large(found: Sequence[Found]) -> None:
    """Raise RunError for files that are links, or too much to be read as a whole."""
    total = sum(_size(one.path / name, one.name) for one in found for name in READ)
    if total > MOST_BYTES:
        raise RunError(
            f"expected runs with at most {MOST_BYTES >> 20} MiB of lines together, got {total >> 20}; "
            "use brittle compare in a terminal"
        )


def _size(path: Path, run: str) -> int:
    try:
        about = path.lstat()
    except OSError:
        return 0
    if not S_ISREG(about.st_mode):
        raise RunError(f"{path.name} of the run '{run}' is no plain file; it is not read")
    return about.st_size

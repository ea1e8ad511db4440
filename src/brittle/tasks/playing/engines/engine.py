"""What an engine is given, and what it does with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from brittle.store.kept import FolderFiles
from brittle.tasks.playing.opened import Opened
from brittle.tasks.playing.samples import OnAsked


class Open(Protocol):
    """How a verb opens what its settings name: a function of a module, so that workers find it."""

    def __call__(self, settings: Any, *, outputs: int | None = None) -> Opened: ...


@dataclass(frozen=True)
class Job:
    """Samples of a run that are to be played. open: the same again, in workers; folder: of the run.

    session: its number, of which rows are counted; batch: rows shown at once.
    """

    opened: Opened
    open: Open
    folder: Path
    session: int
    batch: int

    @property
    def files(self) -> FolderFiles:
        """Where what samples leave is kept in the end."""
        return FolderFiles(self.opened.files_root(self.folder))


class Engine(Protocol):
    """Plays samples of a job. opened: what is asked in this process, which may be another than the job's."""

    @property
    def opened(self) -> Opened: ...

    def play(self, names: Sequence[str], on_asked: OnAsked) -> Iterator[Any]:
        """Results as they come; everything they name is in the job's files by then."""

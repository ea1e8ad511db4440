"""Play in several processes of this machine."""

import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import sleep

from brittle.store.kept import FolderFiles
from brittle.store.rows import RowLog
from brittle.tasks.playing.engines.team import Link, Team
from brittle.tasks.playing.engines.worker import Briefing, Message, work

GRACE = 0.05
"""Seconds in which a batch that is counted already reaches the model before an orphaned worker ends."""


@dataclass(frozen=True)
class _Place:
    """Where a process counts rows and leaves files: folder and session of the run, and the root of files."""

    folder: Path
    session: int
    root: Path


class Processes(Team):
    """Processes, which write into the run folder themselves."""

    def threads(self) -> int:
        """They share the CPUs."""
        return max(1, (os.cpu_count() or 1) // self.opened.settings.workers)

    def begin(self, briefing: Briefing) -> Link:
        """Start a process."""
        place = _Place(self.job.folder, self.job.session, self.job.files.folder)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(briefing, place, theirs), daemon=True)
        process.start()
        theirs.close()
        return _Process(process, ours)

    def speaking(self, links: Sequence[Link]) -> Sequence[Link]:
        """Those whose pipes can be read, or are at their end."""
        pipes = {link.pipe: link for link in links if isinstance(link, _Process)}
        return [pipes[pipe] for pipe in wait(list(pipes)) if isinstance(pipe, Connection)]


@dataclass(frozen=True)
class _Process:
    """A process and the pipe to it. Implements Link."""

    process: BaseProcess
    pipe: Connection

    def send(self, name: str | None) -> None:
        self.pipe.send(name)

    def hear(self) -> Message:
        said: Message = self.pipe.recv()
        return said

    def ended(self) -> str:
        self.process.join()
        return f"exit code {self.process.exitcode}"

    def stop(self) -> None:
        self.process.terminate()


def _work(briefing: Briefing, place: _Place, pipe: Connection) -> None:
    """One process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    count = RowLog(place.folder, place.session).write
    try:
        work(briefing, pipe.send, pipe.recv, FolderFiles(place.root), count)
    except (EOFError, ConnectionError):  # the parent is no more
        sleep(GRACE)
        os._exit(1)

"""Play samples in several processes; this one hands them out, keeps the books and outlives the others."""

import logging
import multiprocessing
import os
import signal
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import sleep
from typing import Any, Protocol

from brittle.core.errors import BrittleError, ModelError
from brittle.store.rows import RowLog
from brittle.tasks.playing.opened import Opened, known_outputs
from brittle.tasks.playing.samples import OnAsked, play_samples
from brittle.tasks.playing.settings import RunSettings

GRACE = 0.05
"""Seconds in which a batch that is counted already reaches the model before an orphaned worker ends."""
SUSPECT, GUILTY = 2, 3
"""Deaths of workers that had a sample open: from then on it is played alone; then it is given up."""
LOG = logging.getLogger("brittle")


class Open(Protocol):
    """How a verb opens what its settings name: a function of a module, so that workers find it."""

    def __call__(self, settings: Any, *, outputs: int | None = None) -> Opened: ...


@dataclass(frozen=True)
class Job:
    """What every worker is told at its start.

    most: samples that it may have open at the same time.
    """

    open: Open
    settings: RunSettings
    folder: Path
    session: int
    batch: int
    most: int


@dataclass(frozen=True)
class _Failure:
    """An error that ends the run, as it travels between processes."""

    kind: type[BrittleError]
    text: str

    def error(self) -> BrittleError:
        return self.kind.__new__(self.kind, self.text)


@dataclass
class _Worker:
    """A process, its samples under way, and the rows that it asked for. suspect: the one sample it plays."""

    process: BaseProcess
    pipe: Connection
    suspect: str | None
    begun: bool = False
    asked: int = 0
    playing: set[str] = field(default_factory=set)


class Team:
    """Workers, each with a model of its own, that draw samples from one queue.

    The samples of one that dies go to others. One that was open at two deaths is played alone in a worker,
    and is FAILED at the third.
    """

    def __init__(self, opened: Opened, open_again: Open, folder: Path, session: int, batch: int) -> None:
        self.opened, self.open_again = opened, open_again
        self.folder, self.session, self.batch = folder, session, batch
        self.size = opened.settings.workers
        self._queue: deque[str] = deque()
        self._suspects: deque[str] = deque()
        self._deaths: Counter[str] = Counter()
        self._workers: list[_Worker] = []
        self._asked = 0

    def play(self, names: Sequence[str], on_asked: OnAsked) -> Iterator[Any]:
        """Results as they come. Raises what a worker raises; ModelError if one dies at its start."""
        self._queue.extend(names)
        most = max(1, ceil(len(names) / self.size))
        job = Job(self.open_again, self.opened.settings, self.folder, self.session, self.batch, most)
        try:
            while self._hire(job):
                for pipe in wait([worker.pipe for worker in self._workers]):
                    worker = next(worker for worker in self._workers if worker.pipe is pipe)
                    yield from self._hear(worker, on_asked)
        finally:
            for worker in self._workers:
                worker.process.terminate()

    def _hire(self, job: Job) -> bool:
        """Fill the team up as long as there are samples for it; whether anybody is at work."""
        while len(self._workers) < self.size:
            new = sum(not worker.begun and worker.suspect is None for worker in self._workers)
            suspect = self._suspects.popleft() if self._suspects else None
            if suspect is None and new >= len(self._queue):
                break
            self._workers.append(_begin(job, suspect))
        return bool(self._workers)

    def _hear(self, worker: _Worker, on_asked: OnAsked) -> Iterator[Any]:
        """What one worker says: it wants a sample, asked for rows, has a result, failed, or is no more."""
        try:
            news = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._bury(worker)
            return
        if news is None:
            self._hand_out(worker)
        elif isinstance(news, int):
            self._asked += news - worker.asked
            worker.asked = news
            on_asked(self._asked)
        elif isinstance(news, _Failure):
            raise news.error()
        else:
            worker.playing.discard(news.sample)
            yield news

    def _hand_out(self, worker: _Worker) -> None:
        """Give a worker its next sample; None where there is none."""
        if worker.suspect is not None:
            name = None if worker.begun else worker.suspect
        else:
            name = self._queue.popleft() if self._queue else None
        worker.begun = True
        if name is not None:
            worker.playing.add(name)
        with suppress(OSError):  # it died: that is heard of next
            worker.pipe.send(name)

    def _bury(self, worker: _Worker) -> Iterator[Any]:
        """A worker that is no more: at its end, or before, with samples under way."""
        self._workers.remove(worker)
        worker.process.join()
        code = worker.process.exitcode
        if not worker.begun:
            raise ModelError(
                f"a worker died at its start (exit code {code}); if memory ran out, use fewer --workers; "
                "a script that calls brittle needs `if __name__ == '__main__':` around the call. "
                "What is finished is kept: run the same command again"
            )
        if worker.playing:
            LOG.warning(f"a worker died (exit code {code}): others play its {len(worker.playing)} samples")
        for name in sorted(worker.playing):
            self._deaths[name] += 1
            if self._deaths[name] >= GUILTY:
                yield self.opened.given_up(
                    name, f"{GUILTY} workers died while they played it, the last alone (exit code {code})"
                )
            elif self._deaths[name] >= SUSPECT:
                self._suspects.append(name)
            else:
                self._queue.append(name)


def _begin(job: Job, suspect: str | None) -> _Worker:
    """Start a worker."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(job, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, suspect)


def _work(job: Job, pipe: Connection) -> None:
    """One worker: it asks for samples, and tells what it asked the model for and found."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    settings = job.settings
    threads = settings.model_options.threads or max(1, (os.cpu_count() or 1) // settings.workers)
    options = settings.model_options.model_copy(update={"threads": threads})

    def names() -> Iterator[str]:
        while True:
            pipe.send(None)
            name = pipe.recv()
            if name is None:
                return
            yield name

    try:
        outputs = known_outputs(job.folder, settings)
        opened = job.open(settings.model_copy(update={"model_options": options}), outputs=outputs)
        opened.backend.meter.write_to(RowLog(job.folder, job.session).write)
        for result in play_samples(opened, names(), job.folder, job.batch, pipe.send, most=job.most):
            pipe.send(result)
    except (EOFError, ConnectionError):  # the parent is no more
        sleep(GRACE)
        os._exit(1)
    except BrittleError as error:
        pipe.send(_Failure(type(error), str(error)))
    except Exception as error:
        pipe.send(_Failure(ModelError, f"a worker failed: {type(error).__name__}: {error}"))

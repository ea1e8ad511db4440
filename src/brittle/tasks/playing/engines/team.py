"""Workers that play one run, wherever they are; this process hands samples out and keeps the books."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from typing import Any, Protocol

from brittle.core.errors import ModelError
from brittle.core.rows import Rows
from brittle.store.rows import RowLog
from brittle.tasks.playing.engines.engine import Job
from brittle.tasks.playing.engines.queue import GUILTY, SampleQueue
from brittle.tasks.playing.engines.worker import Briefing, Failure, Hello, Message, Played, hello_of
from brittle.tasks.playing.samples import OnAsked

LOG = logging.getLogger("brittle")


class Link(Protocol):
    """A worker, as its team sees it."""

    def send(self, name: str | None) -> None:
        """Give it a sample; None where there is none. Raises OSError where it is no more."""

    def hear(self) -> Message:
        """What it says next. Raises EOFError or OSError where it is no more."""

    def ended(self) -> str:
        """How it ended, in words."""

    def stop(self) -> None:
        """End it."""


@dataclass
class _Worker:
    """A worker, its samples under way, and the rows that it asked for. suspect: the one sample it plays."""

    link: Link
    suspect: str | None
    log: RowLog
    begun: bool = False
    asked: int = 0
    playing: set[str] = field(default_factory=set)


class Team(ABC):
    """Workers, each with a model of its own, that draw samples from one queue. Implements Engine.

    At most as many as the settings say, begun as long as samples wait for them. apart: they may be on other
    machines, so they introduce themselves, and share no cache of answers.
    """

    apart = False

    def __init__(self, job: Job) -> None:
        self.job, self.opened = job, job.opened
        self._workers: list[_Worker] = []
        self._asked = 0

    @abstractmethod
    def begin(self, briefing: Briefing) -> Link:
        """Start a worker."""

    @abstractmethod
    def speaking(self, links: Sequence[Link]) -> Sequence[Link]:
        """Those that have something to say, or are no more; waits for the first."""

    @abstractmethod
    def threads(self) -> int:
        """Those of a worker's model, where settings state none."""

    def close(self) -> None:  # noqa: B027
        """End what is left besides workers; nothing, where there is nothing else."""

    def play(self, names: Sequence[str], on_asked: OnAsked) -> Iterator[Any]:
        """Results as they come. Raises what a worker raises; ModelError if one dies at its start."""
        queue, size = SampleQueue(names), self.opened.settings.workers
        briefing = self._briefing(max(1, ceil(len(names) / size)))
        try:
            while self._hire(queue, size, briefing):
                for link in self.speaking([worker.link for worker in self._workers]):
                    worker = next(worker for worker in self._workers if worker.link is link)
                    yield from self._hear(worker, queue, on_asked)
        finally:
            for worker in self._workers:
                worker.link.stop()
            self.close()

    def _briefing(self, most: int) -> Briefing:
        """What every worker is told. most: samples that it may have open."""
        return Briefing(
            open=self.job.open,
            settings=self.opened.settings,
            outputs=len(self.opened.model.classes),
            batch=self.job.batch,
            most=most,
            threads=self.threads(),
            answers=self.opened.answers,
            folder=None if self.apart else self.job.folder,
            introduce=self.apart,
        )

    def _hire(self, queue: SampleQueue, size: int, briefing: Briefing) -> bool:
        """Fill the team up as long as there are samples for it; whether anything is still to come."""
        while len(self._workers) < size:
            new = sum(not worker.begun and worker.suspect is None for worker in self._workers)
            suspect = queue.draw_suspect()
            if suspect is None and new >= len(queue):
                break
            log = RowLog(self.job.folder, self.job.session)
            self._workers.append(_Worker(self.begin(briefing), suspect, log))
        waits = any(worker.suspect is not None and not worker.begun for worker in self._workers)
        return waits or not queue.empty or any(worker.playing for worker in self._workers)

    def _hear(self, worker: _Worker, queue: SampleQueue, on_asked: OnAsked) -> Iterator[Any]:
        """What one worker says, or that it is no more."""
        try:
            news = worker.link.hear()
        except (EOFError, OSError):
            yield from self._bury(worker, queue)
            return
        if news is None:
            _hand_out(worker, queue)
        elif isinstance(news, int):
            self._asked += news - worker.asked
            worker.asked = news
            on_asked(self._asked)
        elif isinstance(news, Rows):
            worker.log.write(news)
        elif isinstance(news, Hello):
            self._refuse_other(news)
        elif isinstance(news, Failure):
            raise news.error()
        elif isinstance(news, Played):
            for file, data in news.files.items():
                self.job.files.write(file, data)
            worker.playing.discard(news.result.sample)
            yield news.result

    @cached_property
    def _own(self) -> Hello:
        return hello_of(self.opened)

    def _refuse_other(self, hello: Hello) -> None:
        """Raise ModelError where a worker plays with another model, data or libraries than this process."""
        own, found = self._own, []
        for name, version in own.versions.items():
            if hello.versions.get(name) != version:
                found.append(f"{name} {hello.versions.get(name, 'is not there')}, here {version}")
        found += [
            f"another {what} (SHA-256 {theirs[:8]}, here {ours[:8]})"
            for what, theirs, ours in (("model", hello.model, own.model), ("data", hello.data, own.data))
            if theirs != ours
        ]
        if found:
            raise ModelError(f"the worker on {hello.node} has {'; '.join(found)}; make all nodes alike")

    def _bury(self, worker: _Worker, queue: SampleQueue) -> Iterator[Any]:
        """A worker that is no more: at its end, or before, with samples under way."""
        self._workers.remove(worker)
        how = worker.link.ended()
        if not worker.begun:
            raise ModelError(
                f"a worker died at its start ({how}); if memory ran out, use fewer --workers; "
                "a script that calls brittle needs `if __name__ == '__main__':` around the call. "
                "What is finished is kept: run the same command again"
            )
        if worker.playing:
            LOG.warning(f"a worker died ({how}): others play its {len(worker.playing)} samples")
        for name in queue.put_back(worker.playing):
            yield self.opened.given_up(
                name, f"{GUILTY} workers died while they played it, the last alone ({how})"
            )


def _hand_out(worker: _Worker, queue: SampleQueue) -> None:
    """Give a worker its next sample; None where there is none."""
    alone = worker.suspect is not None
    name = queue.draw() if not alone else None if worker.begun else worker.suspect
    worker.begun = True
    if name is not None:
        worker.playing.add(name)
    with suppress(OSError):  # it died: that is heard of next
        worker.link.send(name)

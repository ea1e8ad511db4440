"""Tell who watches a run of one of its samples: of which one, how often, and what happens where that fails.

While nobody watches it costs one stat a second. What goes wrong here ends the telling, never the run.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, process_time, thread_time, time
from typing import Any, Protocol

from brittle.store.live import EventLog, Interest

LOG = logging.getLogger("brittle")
APART = 1 / 8  # seconds between two events that have pictures, at least
SHARE = 0.025  # of this process's CPU time that they may take; where they cost more, they come farther apart
PATIENCE = 4.0  # times farther apart by the clock, where the process computes little as it waits for a model


class Follower(Protocol):
    """What follows the samples of a run. onlook: what their rules take as an onlooker."""

    @property
    def onlook(self) -> Callable[..., None]: ...

    def ended(self, result: Any) -> None:
        """A sample has its result."""


class Pace:
    """Keeps work to a part of the SHARE of the CPU time. apart: whether two times are APART, too."""

    def __init__(self, part: float = 1.0, *, apart: bool = True) -> None:
        self._part, self._apart = part, apart
        self._next = self._at_last = self._computed = float("-inf")

    @property
    def due(self) -> bool:
        """Whether it may be done again."""
        now = monotonic()
        return now >= self._next and (process_time() >= self._computed or now >= self._at_last)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is done meanwhile puts the next time off."""
        spent = thread_time()
        yield
        wait = (thread_time() - spent) / (self._part * SHARE)
        now = monotonic()
        self._next = now + (APART if self._apart else 0.0)
        self._computed, self._at_last = process_time() + wait, now + PATIENCE * wait


class Telling:
    """What this process tells of a run. sample: the one that is followed, or None; pace: of pictures."""

    def __init__(self, folder: Path, pace: Pace | None = None) -> None:
        self.sample: str | None = None
        self.pace = pace or Pace()
        self._log, self._interest = EventLog(folder), Interest(folder)
        self._dark = False
        self._number = 0

    @property
    def watched(self) -> bool:
        """Whether somebody watches, and nothing has gone wrong."""
        return not self._dark and self._interest.watched()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Whatever is raised meanwhile ends the telling and nothing else."""
        try:
            yield
        except Exception as error:
            LOG.warning(f"what is watched of this run ends here: {type(error).__name__}: {error}")
            self._dark = True
            self.leave()

    def follows(self, name: str, begin: Callable[[], None]) -> bool:
        """Whether this sample is told of: the one that is wished for, or else whichever comes first.

        begin: tells all that is known of it, for who comes now; done again where the next file begins.
        """
        watched, wish = self.watched, self._interest.sample
        if self.sample is not None and (not watched or wish not in (None, self.sample)):
            self.leave()
        if not watched or wish not in (None, name):
            return False
        if self.sample is None and self._log.take_light():
            self.sample = name
            begin()
        elif self.sample == name and self._log.full:
            self._log.next_file()
            begin()
        return self.sample == name

    def leave(self) -> None:
        """Follow another sample, in this process or in another one."""
        self.sample = None
        self._log.leave_light()

    def tell(self, event: str, **what: Any) -> None:
        """One event of the followed sample. Raises OSError."""
        self._number += 1
        about = {"event": event, "number": self._number, "time": time(), "sample": self.sample}
        self._log.append({**about, **what})

"""Rows that a model was shown, counted at the moment they go to it."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from threading import Lock
from typing import Literal

Purpose = Literal["setup", "warm_up", "samples"]


@dataclass(frozen=True)
class Rows:
    """How many rows were shown, by what for.

    setup: to know the model, its classes and its best batch. warm_up: to the agent that learns first.
    samples: clean inputs, candidates and verifications. retried: shown once more, as no answer had come.
    looked_up: of samples, and not shown: the answer was in the cache.
    """

    setup: int = 0
    warm_up: int = 0
    samples: int = 0
    retried: int = 0
    looked_up: int = 0

    def __add__(self, other: "Rows") -> "Rows":
        """Both together."""
        return Rows(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    @property
    def shown(self) -> int:
        """All that the model saw."""
        return self.setup + self.warm_up + self.samples + self.retried

    @property
    def asked(self) -> int:
        """What was asked for samples, whether the model or the cache answered."""
        return self.samples + self.looked_up


class Meter:
    """The counter that every row of one opened model passes. rows: so far. purpose: what the next are for.

    It may be used from several threads. What writes its count down is told before the rows go, so that a
    killed process has counted what the model saw.
    """

    def __init__(self) -> None:
        self.rows = Rows()
        self.purpose: Purpose = "setup"
        self._write: Callable[[Rows], None] | None = None
        self._whole: Meter | None = None
        self._lock = Lock()

    def write_to(self, write: Callable[[Rows], None]) -> None:
        """Tell every count from now on, and the one so far."""
        with self._lock:
            self._write = write
            if self.rows.shown:
                write(self.rows)

    def join(self, whole: "Meter") -> None:
        """Leave it to the meter of an ensemble, which counts a row for every member, to count.

        That one is told what it cannot know: rows that this member is shown once more, or never was.
        """
        self._whole = whole

    def show(self, rows: int) -> None:
        """Count rows that are about to be shown; fewer than 0 takes back what was never sent."""
        self._add(self.purpose, rows)

    def show_again(self, rows: int) -> None:
        """Count rows that are about to be shown once more."""
        self._add("retried", rows)

    def look_up(self, rows: int) -> None:
        """Count rows that the cache answered."""
        self._add("looked_up", rows)

    def _add(self, name: str, rows: int) -> None:
        if self._whole is None:
            self._count(name, rows)
        elif name == "retried":
            self._whole._count(name, rows)
        elif rows < 0:
            self._whole._count(self._whole.purpose, rows)

    def _count(self, name: str, rows: int) -> None:
        with self._lock:
            self.rows = replace(self.rows, **{name: getattr(self.rows, name) + rows})
            if self._write:
                self._write(self.rows)

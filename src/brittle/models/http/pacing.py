"""How often an endpoint is asked: its pace, what it asks to wait, and the rows that were sent again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock

from brittle.core.rows import Meter


@dataclass
class Tally:
    """The attempts of one request of `rows` rows, the first counted already. sent: those that went out."""

    meter: Meter
    rows: int
    counted: int = 1
    sent: int = 0

    def begin(self) -> None:
        """Count an attempt, unless the last one that was counted never went out."""
        if self.sent == self.counted:
            self.meter.show_again(self.rows)
            self.counted += 1

    def end(self) -> None:
        """Take back what was counted and never went out."""
        if self.sent < self.counted:
            take_back = self.meter.show if self.counted == 1 else self.meter.show_again
            take_back(-self.rows)


class Pace:
    """Keeps requests at most `rate` per second, over all threads; None does not wait."""

    def __init__(self, rate: float | None, sleep: Callable[[float], None] = time.sleep) -> None:
        self.gap = 1 / rate if rate else 0.0
        self._sleep, self._next, self._lock = sleep, 0.0, Lock()

    def wait(self) -> None:
        """Sleep until the next request is due."""
        if not self.gap:
            return
        with self._lock:
            now = time.monotonic()
            due = max(now, self._next)
            self._next = due + self.gap
        if due > now:
            self._sleep(due - now)


def retry_after(header: str) -> float | None:
    """What a Retry-After header says, in seconds: a number, or a date; None where it says nothing."""
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None

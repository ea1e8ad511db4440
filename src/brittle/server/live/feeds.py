"""What is read of one run at work, once for all who look at it: where it stands, and what it tells."""

import json
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import Any

from anyio import Lock, to_thread

from brittle.server.live.tailing import Tail, caught_up
from brittle.server.reading.folders import Found
from brittle.server.reading.standing import Standing, Standings
from brittle.store.live import clear, is_in_use, touch

LOOKS_EVERY = 0.2  # seconds between two looks at the folder
STANDS_EVERY, TOUCHED_EVERY = 1.0, 2.0
KEPT = 64
"""Messages that are kept for those who are a little late; who is later is told where the sample stands."""


class Feed:
    """One run. viewers: streams that are open, live: those that want what it tries."""

    def __init__(self, found: Found, standings: Standings) -> None:
        self.found, self.viewers, self.live = found, 0, 0
        self._standings = standings
        self._standing: Standing | None = None
        self._stood = self._looked = self._touched = float("-inf")
        self._tail: Tail | None = None
        self._wish: tuple[str | None] | None = None
        self._sample: str | None = None
        self._now: list[dict[str, Any]] = []
        self._messages: deque[bytes] = deque(maxlen=KEPT)
        self._count = 0
        self._reading = Lock()

    def join(self, live: bool, sample: str | None) -> None:
        """Another viewer comes; of live ones the newest chooses the sample."""
        self.viewers += 1
        if live:
            self.live += 1
            self._wish = (sample,)
            self._touched = float("-inf")

    def leave(self, live: bool) -> None:
        """A viewer goes; with the last live one the run is told that nobody watches."""
        self.viewers -= 1
        self.live -= live
        if live and not self.live:
            self._close()

    async def standing(self) -> Standing:
        """Where the run stands, at most a second old."""
        async with self._reading:
            if self._standing is None or monotonic() - self._stood >= STANDS_EVERY:
                self._standing = await to_thread.run_sync(self._standings.of, self.found)
                self._stood = monotonic()
            return self._standing

    async def news(self, place: int | None, last: bool = False) -> tuple[list[bytes], int]:
        """What was told since a place, and the place after it; from None where the sample stands now.

        last: look once more, as the run has ended.
        """
        async with self._reading:
            if last or monotonic() - self._looked >= LOOKS_EVERY:
                self._take(await to_thread.run_sync(self._look))
                self._looked = monotonic()
        missed = len(self._messages) if place is None else self._count - place
        if place is None or missed > len(self._messages):
            return [message(event["event"], event) for event in self._now], self._count
        return list(self._messages)[len(self._messages) - missed :], self._count

    def _take(self, events: list[dict[str, Any]]) -> None:
        if events:
            self._messages.extend(message(event["event"], event) for event in events)
            self._count += len(events)
            self._now = caught_up([*self._now, *events])

    def _look(self) -> list[dict[str, Any]]:
        """What was told since the last look; says that somebody watches."""
        if self._tail is None:
            self._tail = Tail(self.found.path)
        now = monotonic()
        if now - self._touched >= TOUCHED_EVERY and is_in_use(self.found.path):
            self._touched, wish, self._wish = now, self._wish, None
            self._sample = wish[0] if wish else self._sample
            with suppress(OSError):  # in a folder that cannot be written to nothing is told
                touch(self.found.path, self._sample, wish=wish is not None)
        return self._tail.news()

    def _close(self) -> None:
        if self._tail:
            self._tail.close()
        self._tail, self._now = None, []
        self._messages.clear()
        if not is_in_use(self.found.path):
            clear(self.found.path)


def message(event: str, data: dict[str, Any]) -> bytes:
    """A server-sent event."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    return f"event: {event}\ndata: {text}\n\n".encode()

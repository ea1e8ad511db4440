"""Server-sent events of one run: where it stands, and what an audit that is watched tells."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from anyio import sleep, to_thread

from brittle.server.folders import Found
from brittle.server.standing import Standings
from brittle.server.tailing import Tail
from brittle.store.live import clear, is_in_use, touch

LOOKS_EVERY = 0.2  # seconds between two looks at the folder
STANDS_EVERY, TOUCHED_EVERY, SPEAKS_EVERY = 1.0, 2.0, 10.0
MOST_STREAMS = 6  # at the same time; a browser opens no more to one address


class Streams:
    """The streams that are open, and whether the server goes on."""

    def __init__(self, standings: Standings) -> None:
        self.standings = standings
        self.open = 0
        self.ending = False

    @property
    def full(self) -> bool:
        """Whether no more are taken."""
        return self.open >= MOST_STREAMS

    async def of(
        self, found: Found, live: bool, sample: str | None, gone: Callable[[], Any]
    ) -> AsyncIterator[bytes]:
        """The events of one run until it ends, or who reads them is gone; live: what it tries, too."""
        self.open += 1
        watcher = _Watcher(found, sample) if live else None
        told: dict[str, Any] = {}
        stood = spoke = float("-inf")
        try:
            yield b"retry: 1000\n\n"
            while not self.ending and not await gone():
                now = monotonic()
                events = await to_thread.run_sync(watcher.look) if watcher else []
                for event in events:
                    yield _message(event["event"], event)
                if now - stood >= STANDS_EVERY:
                    stood = now
                    standing = await to_thread.run_sync(self.standings.of, found)
                    if (current := standing.to_dict()) != told:
                        told, spoke = current, now
                        yield _message("progress", current)
                    if standing.state != "running":
                        for event in watcher.look() if watcher else []:
                            yield _message(event["event"], event)
                        yield _message("state", current)
                        return
                if now - spoke >= SPEAKS_EVERY:
                    spoke = now
                    yield b": still here\n\n"
                await sleep(LOOKS_EVERY)
        finally:
            self.open -= 1
            if watcher:
                watcher.close()


class _Watcher:
    """Says that somebody watches a run, and reads what it tells."""

    def __init__(self, found: Found, sample: str | None) -> None:
        self.folder, self.sample = found.path, sample
        self._tail, self._touched, self._wish = Tail(found.path), float("-inf"), True

    def look(self) -> list[dict[str, Any]]:
        """What was told since the last look."""
        now = monotonic()
        if now - self._touched >= TOUCHED_EVERY and is_in_use(self.folder):
            self._touched = now
            with suppress(OSError):  # in a folder that cannot be written to nothing is told
                touch(self.folder, self.sample, wish=self._wish)
                self._wish = False
        return self._tail.news()

    def close(self) -> None:
        self._tail.close()
        if not is_in_use(self.folder):
            clear(self.folder)


def _message(event: str, data: dict[str, Any]) -> bytes:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    return f"event: {event}\ndata: {text}\n\n".encode()

"""Server-sent events of one run: where it stands, and what it tells while it is watched."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic
from typing import Any

from anyio import sleep
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from brittle.server.live import feeds
from brittle.server.live.feeds import Feed, message
from brittle.server.reading.folders import Found
from brittle.server.reading.standing import Standing, Standings

SPEAKS_EVERY = 10.0
MOST_STREAMS = 32  # at the same time; one browser opens no more than 6 to one address


class Streams:
    """The streams of runs. open: how many answers are streams; ending: whether the server ends."""

    def __init__(self, standings: Standings) -> None:
        self.standings = standings
        self.open = 0
        self.ending = False
        self._feeds: dict[Path, Feed] = {}

    @property
    def full(self) -> bool:
        """Whether no more are taken."""
        return self.open >= MOST_STREAMS

    async def of(
        self, found: Found, live: bool, sample: str | None, gone: Callable[[], Any]
    ) -> AsyncIterator[bytes]:
        """The events of one run until it ends, or who reads them is gone; live: what it tries, too."""
        if found.path not in self._feeds:
            self._feeds[found.path] = Feed(found, self.standings)
        feed = self._feeds[found.path]
        feed.join(live, sample)
        seen: Standing | None = None
        told: dict[str, Any] = {}
        place: int | None = None
        spoke = monotonic()
        try:
            yield b"retry: 1000\n\n"
            while not self.ending and not await gone():
                if live:
                    news, place = await feed.news(place)
                    for one in news:
                        yield one
                standing = await feed.standing()
                if standing is not seen and (current := standing.to_dict()) != told:
                    told, spoke = current, monotonic()
                    yield message("progress", told)
                seen = standing
                if standing.state != "running":
                    if live:
                        for one in (await feed.news(place, last=True))[0]:
                            yield one
                    yield message("state", told)
                    return
                if monotonic() - spoke >= SPEAKS_EVERY:
                    spoke = monotonic()
                    yield b": still here\n\n"
                await sleep(feeds.LOOKS_EVERY)
        finally:
            feed.leave(live)
            if not feed.viewers:
                self._feeds.pop(found.path, None)


class Stream(StreamingResponse):
    """A stream as an answer, counted from when it is promised until it ends, however that is."""

    def __init__(self, streams: Streams, content: AsyncIterator[bytes]) -> None:
        super().__init__(content, media_type="text/event-stream")
        self._streams = streams
        streams.open += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.open -= 1

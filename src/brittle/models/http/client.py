"""Requests to one host, each with a limit on its whole time and on the size of its answer."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from threading import Lock, Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import finalize

import aiohttp
from yarl import URL

from brittle.core.errors import UsageError

PIECE = 1 << 16  # bytes that are read at once


@dataclass(frozen=True)
class Reply:
    """What came back. headers: their names in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoReplyError(Exception):
    """Why nothing usable came back, in words.

    sent: whether the endpoint may have seen the request; dropped: whether it then ended the connection.
    """

    def __init__(self, why: str, sent: bool, dropped: bool = False) -> None:
        super().__init__(why)
        self.sent, self.dropped = sent, dropped


class LongReplyError(Exception):
    """An answer of more bytes than were to be read."""


class Client:
    """Connections to one host, from any thread; a proxy is that of the environment.

    timeout: seconds for a whole request, from the first byte sent to the last one read. connections: most at
    the same time.
    Raises UsageError for a proxy that is none of http.
    """

    def __init__(self, address: str, timeout: float, connections: int = 1) -> None:
        self.timeout, self.connections = timeout, connections
        self.proxy = _proxy(address)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sessions: list[aiohttp.ClientSession] = []
        self._starting = Lock()
        self._end: Callable[[], object] = lambda: None

    def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str], most: int) -> Reply:
        """Send a request and read the answer, at most so many bytes of it. method: GET or POST.

        Raises NoReplyError, LongReplyError.
        """
        sent = SimpleNamespace(headers=False)
        request = self._send(method, url, body, headers, most, sent)
        call = asyncio.run_coroutine_threadsafe(request, self._running())
        try:
            return call.result()
        except TimeoutError as error:
            raise NoReplyError(f"no answer within {self.timeout:g} s", sent.headers) from error
        except CancelledError as error:
            raise NoReplyError("stopped", sent.headers) from error
        except aiohttp.ClientError as error:
            why = "connection lost" if sent.headers else "no connection"
            raise NoReplyError(f"{why} ({type(error).__name__})", sent.headers, sent.headers) from error
        finally:
            call.cancel()

    async def _send(
        self,
        method: str,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        most: int,
        sent: SimpleNamespace,
    ) -> Reply:
        if not self._sessions:
            connector = aiohttp.TCPConnector(limit=self.connections)
            self._sessions.append(
                aiohttp.ClientSession(
                    connector=connector, auto_decompress=False, trace_configs=[_watch_sending()]
                )
            )
        async with self._sessions[0].request(
            method,
            URL(url, encoded=True),
            data=body or None,
            # A redirect could carry a secret header to a stranger: it is answered with an error instead.
            allow_redirects=False,
            headers={**headers, "Accept-Encoding": "identity"},
            proxy=self.proxy,
            timeout=aiohttp.ClientTimeout(total=self.timeout),
            trace_request_ctx=sent,
        ) as reply:
            pieces, size = [], 0
            async for piece in reply.content.iter_chunked(PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise LongReplyError(f"expected an answer of at most {most} bytes, got more")
            return Reply(reply.status, reply.headers, b"".join(pieces))

    def _running(self) -> asyncio.AbstractEventLoop:
        """The event loop, in a thread of its own that no end of the process waits for."""
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                Thread(target=_run, args=(self._loop, self._sessions), name="http", daemon=True).start()
                self._end = finalize(self, self._loop.call_soon_threadsafe, self._loop.stop)
            return self._loop

    def close(self) -> None:
        """End what is under way."""
        self._end()


def _run(loop: asyncio.AbstractEventLoop, sessions: Sequence[aiohttp.ClientSession]) -> None:
    """Run a loop until it is stopped, then end what is under way in it."""
    loop.run_forever()
    loop.run_until_complete(_ended(sessions))
    loop.close()


async def _ended(sessions: Sequence[aiohttp.ClientSession]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for session in sessions:
        await session.close()


def _watch_sending() -> aiohttp.TraceConfig:
    """Notes in a request's context that its headers were sent."""

    async def sent(_: Any, context: Any, __: Any) -> None:
        context.trace_request_ctx.headers = True

    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(sent)
    return config


def _proxy(address: str) -> str | None:
    """The proxy that the environment names for an address. Raises UsageError if it is none of http."""
    url, proxies = urlsplit(address), getproxies()
    proxy = proxies.get(url.scheme.lower()) or proxies.get("all")
    if proxy is None or proxy_bypass(url.netloc):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if not proxy.lower().startswith(("http://", "https://")):
        kind = proxy.partition("://")[0]
        raise UsageError(f"expected a proxy of http:// in the environment, got one of {kind}://")
    return proxy

"""An endpoint as a model: what it is asked, how often again, and how it is paced."""

import logging
import os
from http import HTTPStatus
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from numpy.typing import NDArray
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from brittle.core.errors import ModelError, RefusedError, UsageError
from brittle.core.rows import Meter
from brittle.core.sample import Array
from brittle.models.backend import Backend
from brittle.models.http.body import JSON, pack, unpack
from brittle.models.http.client import Client, LongReplyError, NoReplyError, Reply
from brittle.models.http.pacing import Pace, Tally, retry_after
from brittle.models.options import ModelOptions

RETRIED = (408, 429, 500, 502, 503, 504)
"""Statuses of an endpoint that may answer a little later."""
LONGEST_WAIT = 60.0  # seconds between two attempts, whatever the endpoint asks for
FIRST_WAIT = 0.5
SHOWN_WAIT = 2.0  # seconds; a longer one is said
NUMBER, SPARE = 64, 1 << 16  # bytes of an answer for each class of a row, and besides
UNKNOWN = 20_000  # classes for which there is room before the first answer
AGAIN = "run the same command again to continue"
LOG = logging.getLogger("brittle")


def open_http(model: str, options: ModelOptions) -> Backend:
    """The backend of an endpoint; nothing is sent yet. There is no sha256: what runs there is not known.

    Asked: POST {"inputs": rows} as JSON, or the rows as an npy file. Answered: a list of rows, alone or under
    "probabilities", "logits", "outputs" or "predictions", or an npy file (by its content type).
    Raises UsageError for an address with a password or a query in it, or a variable that is not set.
    """
    meter = Meter()
    endpoint = Endpoint(model, options, meter)
    return Backend(
        name=model,
        ask=endpoint.ask,
        shape=None,
        classes=None,
        outputs=None,
        sha256="",
        local=False,
        settings=options,
        meter=meter,
        close=endpoint.close,
    )


class Endpoint:
    """One address, its retries and its pace. meter: counts the rows that are sent again."""

    def __init__(self, address: str, options: ModelOptions, meter: Meter) -> None:
        self.address, self.options, self.meter = address, options, meter
        _check_address(address)
        self.client = Client(address, options.timeout)
        self.closed = Event()
        self.pace = Pace(options.rate, self._sleep)
        self.retrying = Retrying(
            stop=stop_after_attempt(options.retries + 1),
            retry=retry_if_exception_type(_BusyError),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        self._classes = UNKNOWN
        self._url(), self._header()

    def ask(self, x: Array) -> NDArray[Any]:
        """Send one batch and read the answers.

        Raises RefusedError where it answers that it cannot take this batch, ModelError where it cannot be
        asked, UsageError for a missing variable.
        """
        body, kind = pack(x, self.options.body)
        tally = Tally(self.meter, len(x))
        try:
            reply: Reply = self.retrying(self._attempt, body, kind, tally)
        except _BusyError as error:
            attempts = self.options.retries + 1
            raise ModelError(
                f"{self.address}: {error}, attempts: {attempts}; check that the endpoint is up, then {AGAIN}"
            ) from error
        finally:
            tally.end()
        if reply.status != HTTPStatus.OK:
            raise self._refusal(reply.status)
        try:
            answers = unpack(reply.body, reply.headers.get("Content-Type", ""), self.options.body)
        except ValueError as error:
            raise ModelError(f"{self.address}: {error}; check the endpoint, then {AGAIN}") from error
        self._classes = answers.shape[1] if answers.ndim == 2 else self._classes
        return answers

    def _attempt(self, body: bytes, kind: str, tally: Tally) -> Reply:
        """One request. Raises _BusyError where another may do better."""
        headers = {"Content-Type": kind, "Accept": f"{kind}, {JSON}", **self._header()}
        most = tally.rows * self._classes * NUMBER + SPARE
        self.pace.wait()
        tally.begin()
        try:
            reply = self.client.post(self._url(), body, headers, most)
        except LongReplyError as error:
            tally.sent += 1
            raise ModelError(f"{self.address}: {error}; check the endpoint") from error
        except NoReplyError as error:
            tally.sent += error.sent
            raise _BusyError(str(error)) from error
        tally.sent += 1
        if reply.status in RETRIED:
            wait = retry_after(reply.headers.get("Retry-After", ""))
            raise _BusyError(f"expected status 200, got {reply.status}", wait)
        return reply

    def _wait(self, state: RetryCallState) -> float:
        """Seconds until the next attempt: as the endpoint asks, else twice as long each time; both capped."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, _BusyError) else None
        wait = FIRST_WAIT * 2 ** (state.attempt_number - 1) if asked is None else asked
        wait = min(wait, LONGEST_WAIT)
        if wait >= SHOWN_WAIT:
            longer = f", not in {asked:g} s as it asks" if asked and asked > wait else ""
            LOG.warning(f"{self.address}: {error}; asked again in {wait:g} s{longer}")
        return wait

    def _sleep(self, seconds: float) -> None:
        if self.closed.wait(seconds):
            raise ModelError(f"{self.address}: stopped while waiting for it")

    def _url(self) -> str:
        """The address with the query that the environment holds."""
        if self.options.query is None:
            return self.address
        query = _secret(self.options.query, "the query of the address")
        return f"{self.address}?{query.removeprefix('?')}"

    def _header(self) -> dict[str, str]:
        """The stated header with its value from the environment, read anew for each request."""
        if self.options.header is None:
            return {}
        name, _, variable = self.options.header.partition("=")
        return {name: _secret(variable, f"the value of header '{name}'")}

    def _refusal(self, status: int) -> ModelError:
        text = f"{self.address}: expected status 200, got {status}; "
        if 300 <= status < 400:
            return ModelError(text + "give the address it redirects to")
        if status in (401, 403):
            return ModelError(text + f"check the header that signs in, then {AGAIN}")
        if 400 <= status < 500 and status != HTTPStatus.NOT_FOUND:
            return RefusedError(text + "it refuses what it was sent")
        return ModelError(text + f"check the endpoint, then {AGAIN}")

    def close(self) -> None:
        """End waits and connections."""
        self.closed.set()
        self.client.close()


class _BusyError(Exception):
    """Why an attempt brought nothing. wait: seconds that the endpoint asks to wait."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


def _check_address(address: str) -> None:
    """Raise UsageError for an address without a host, or one that holds what may be a secret."""
    try:
        url = urlsplit(address)
        host, password = url.hostname, url.username or url.password
        _ = url.port
    except ValueError:
        host, password = None, None
    if not host:
        raise UsageError("expected an address like https://host/path, got one without a host")
    if password is not None:
        raise UsageError(
            f"expected the address of {host} without user and password, since a run stores it; "
            "put them into an environment variable and name it as the header"
        )
    if "?" in address or "#" in address:
        raise UsageError(
            f"expected the address of {host} without a query, which may hold a key, since a run stores it; "
            "put what follows the '?' into an environment variable and name that with --query"
        )


def _secret(variable: str, what: str) -> str:
    """The value of an environment variable. Raises UsageError where it is not set or cannot be sent."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise UsageError(f"expected {what} in ${variable}, which is not set; set it")
    if not (value.isascii() and value.isprintable()):
        raise UsageError(f"expected printable ASCII in ${variable}, got other characters; check its value")
    return value

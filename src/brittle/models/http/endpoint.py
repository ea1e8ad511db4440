"""An endpoint: how often again it is asked, how it is paced, and what its refusals mean."""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from threading import Event

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from brittle.core.errors import ModelError, RefusedError
from brittle.core.rows import Meter
from brittle.models.http.body import UNREADABLE, Packed
from brittle.models.http.client import Client, LongReplyError, NoReplyError, Reply
from brittle.models.http.pacing import Pace, Tally, retry_after
from brittle.models.http.secrets import Secrets, check_address
from brittle.models.options import ModelOptions

RETRIED = (408, 429, 500, 502, 503, 504)
"""Statuses of an endpoint that may answer a little later."""
BROKEN = (500, 501)
"""Statuses of an endpoint that may fail on how it was asked."""
LONGEST_WAIT = 60.0  # seconds between two attempts, whatever the endpoint asks for
FIRST_WAIT = 0.5
SHOWN_WAIT = 2.0  # seconds; a longer one is said
AGAIN = "run the same command again to continue"
LOG = logging.getLogger("brittle")


class StrangeError(ModelError):
    """What an endpoint makes of a form that it does not take: an answer that is none, or a failure."""


class Endpoint:
    """One address, its secrets, its retries and its pace, from any thread.

    meter: counts the rows that are sent again. explains: a refusal's {"error": text} is shown.
    Raises UsageError for an address with a password or a query in it, or a variable that is not set.
    """

    def __init__(self, address: str, options: ModelOptions, meter: Meter, explains: bool = False) -> None:
        self.address, self.options, self.meter, self.explains = address, options, meter, explains
        check_address(address)
        self.secrets = Secrets(options)
        self.client = Client(address, options.timeout, options.concurrency)
        self.closed = Event()
        self.pace = Pace(options.rate, self._sleep)
        self.retrying = Retrying(
            stop=stop_after_attempt(options.retries + 1),
            retry=retry_if_exception_type(_BusyError),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )

    def get(self, url: str, most: int) -> Reply:
        """What it says at one of its addresses, at most so many bytes. Raises ModelError, UsageError."""
        return self._asked(lambda: self._attempt("GET", url, Packed(b"", {}), most, Tally(self.meter, 0)))

    def post(self, url: str, packed: Packed, most: int, tally: Tally, patient: bool = True) -> Reply:
        """Send rows, counted by the tally, and read the answer, at most so many bytes of it.

        patient: a failure that may be about how it was asked is retried too; else it is a StrangeError or the
        reply. Raises ModelError where it cannot be asked, UsageError for a missing variable.
        """
        return self._asked(lambda: self._attempt("POST", url, packed, most, tally, patient))

    def _asked(self, attempt: Callable[[], Reply]) -> Reply:
        try:
            return self.retrying(attempt)
        except _BusyError as error:
            attempts = self.options.retries + 1
            raise ModelError(
                f"{self.address}: {error}, attempts: {attempts}; check that the endpoint is up, then {AGAIN}"
            ) from error

    def _attempt(
        self, method: str, url: str, packed: Packed, most: int, tally: Tally, patient: bool = True
    ) -> Reply:
        """One request. Raises _BusyError where another may do better."""
        headers = {**packed.headers, **self.secrets.header()}
        self.pace.wait()
        tally.begin()
        try:
            reply = self.client.send(method, url + self.secrets.query(), packed.body, headers, most)
        except LongReplyError as error:
            tally.sent += 1
            raise ModelError(f"{self.address}: {error}; check the endpoint") from error
        except NoReplyError as error:
            tally.sent += error.sent
            if error.dropped and not patient:
                raise StrangeError(f"{self.address}: {error}") from error
            raise _BusyError(str(error)) from error
        tally.sent += 1
        if reply.status in RETRIED and (patient or reply.status not in BROKEN):
            wait = retry_after(reply.headers.get("Retry-After", ""))
            raise _BusyError(self._status(reply), wait)
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

    def refusal(self, reply: Reply) -> ModelError:
        """What a reply means that is no answer: RefusedError where it cannot take these rows."""
        text = f"{self.address}: {self._status(reply)}; "
        if 300 <= reply.status < 400:
            return ModelError(text + "give the address it redirects to")
        if reply.status in (401, 403):
            return ModelError(text + f"check the header that signs in, then {AGAIN}")
        if 400 <= reply.status < 500 and reply.status != HTTPStatus.NOT_FOUND:
            return RefusedError(text + "it refuses what it was sent")
        kind = StrangeError if reply.status in BROKEN else ModelError
        return kind(text + f"check the endpoint, then {AGAIN}")

    def unreadable(self, error: Exception) -> StrangeError:
        """An answer that is none."""
        said = self.secrets.hidden(str(error))
        return StrangeError(f"{self.address}: {said}; check the endpoint, then {AGAIN}")

    def _status(self, reply: Reply) -> str:
        """The status, and what the endpoint says of it where it explains itself."""
        text = f"expected status 200, got {reply.status}"
        if not self.explains:
            return text
        try:
            said = self.secrets.hidden(str(json.loads(reply.body)["error"]))
        except (*UNREADABLE, LookupError):
            said = ""
        return f"{text} ({said})" if said else text

    def close(self) -> None:
        """End waits and connections."""
        self.closed.set()
        self.client.close()


class _BusyError(Exception):
    """Why an attempt brought nothing. wait: seconds that the endpoint asks to wait."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait

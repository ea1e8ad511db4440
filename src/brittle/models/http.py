"""A classifier behind an HTTP endpoint, asked by POST with a JSON or npy body."""

import io
import json
import os
import threading
import time
from typing import Any

import numpy as np
import urllib3
from numpy.typing import NDArray
from urllib3.exceptions import HTTPError, LocationParseError, MaxRetryError, NewConnectionError, TimeoutError
from urllib3.util import Retry, parse_url

from brittle.core.errors import ModelError, UsageError
from brittle.core.sample import Array
from brittle.models.backend import Backend
from brittle.models.options import ModelOptions

JSON, NPY = "application/json", "application/x-npy"
KEYS = ("probabilities", "logits", "outputs", "predictions")
RETRY_STATUSES = (429, 500, 502, 503, 504)
AGAIN = "run the same command again to continue"


def open_http(model: str, options: ModelOptions) -> Backend:
    """The backend of an endpoint; nothing is sent yet. There is no sha256: what runs there is not known.

    Asked: POST {"inputs": rows} as JSON, or the rows as an npy file. Answered: a list of rows, alone or under
    "probabilities", "logits", "outputs" or "predictions", or an npy file (by its content type).
    Raises UsageError for an address with a password in it, or a header whose variable is not set.
    """
    return Backend(
        name=model,
        ask=Endpoint(model, options).ask,
        shape=None,
        classes=None,
        outputs=None,
        sha256="",
        local=False,
        settings=options,
    )


class Endpoint:
    """One address, its connections, its retries and its pace."""

    def __init__(self, address: str, options: ModelOptions) -> None:
        self.address, self.options = address, options
        self.shown = _checked_address(address)
        self.pace = Pace(options.rate)
        self.pool = urllib3.PoolManager()
        self.retry = Retry(
            total=options.retries,
            status_forcelist=RETRY_STATUSES,
            allowed_methods=None,  # a classifier may be asked twice: POST too
            backoff_factor=0.5,
            raise_on_status=False,
        )
        self._header()

    def ask(self, x: Array) -> NDArray[Any]:
        """Send one batch and read the answers. Raises ModelError; UsageError for a missing variable."""
        body, kind = _packed(x, self.options.body)
        headers = {"Content-Type": kind, "Accept": f"{kind}, {JSON}", **self._header()}
        self.pace.wait()
        try:
            # A redirect could carry a secret header to a stranger: it is answered with an error instead.
            reply = self.pool.request(
                "POST",
                self.address,
                body=body,
                headers=headers,
                retries=self.retry,
                timeout=self.options.timeout,
                redirect=False,
            )
        except HTTPError as error:
            raise ModelError(self._unanswered(error)) from error
        if reply.status != 200:
            raise ModelError(self._refused(reply.status))
        return self._read(reply.data, reply.headers.get("Content-Type", ""))

    def _header(self) -> dict[str, str]:
        """The stated header with its value from the environment, read anew for each request."""
        if self.options.header is None:
            return {}
        name, _, variable = self.options.header.partition("=")
        value = os.environ.get(variable, "").strip()
        if not value:
            raise UsageError(
                f"expected the value of header '{name}' in ${variable}, which is not set; set it"
            )
        if not (value.isascii() and value.isprintable()):
            raise UsageError(
                f"expected printable ASCII in ${variable}, got other characters; check its value"
            )
        return {name: value}

    def _unanswered(self, error: HTTPError) -> str:
        cause = error.reason if isinstance(error, MaxRetryError) else error
        # urllib3 counts a refused connection as a timeout.
        if isinstance(cause, TimeoutError) and not isinstance(cause, NewConnectionError):
            why = f"no answer within {self.options.timeout:g} s"
        else:
            why = f"no connection ({type(cause).__name__})"
        tries = self.options.retries + 1
        return f"{self.shown}: {why}, attempts: {tries}; check that the endpoint is up, then {AGAIN}"

    def _refused(self, status: int) -> str:
        advice = f"check the endpoint, then {AGAIN}"
        if status in (401, 403):
            advice = f"check the header that signs in, then {AGAIN}"
        elif status == 413:
            advice = f"use a smaller batch, then {AGAIN}"
        elif 300 <= status < 400:
            advice = "give the address it redirects to"
        return f"{self.shown}: expected status 200, got {status}; {advice}"

    def _read(self, data: bytes, content_type: str) -> NDArray[Any]:
        kind = content_type.partition(";")[0].strip().lower()
        is_npy = kind == NPY or (kind == "application/octet-stream" and self.options.body == "npy")
        try:
            return _from_npy(data) if is_npy else _from_json(data)
        except (ValueError, TypeError, EOFError, OSError, RecursionError) as error:
            form = (
                "an npy array" if is_npy else f"a JSON list of rows, alone or under one of {', '.join(KEYS)}"
            )
            raise ModelError(
                f"{self.shown}: expected {form}, got {len(data)} bytes of '{kind}' that are none; "
                f"check the endpoint, then {AGAIN}"
            ) from error


class Pace:
    """Keeps requests at most `rate` per second, over all threads; None does not wait."""

    def __init__(self, rate: float | None) -> None:
        self.gap = 1 / rate if rate else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Sleep until the next request is due."""
        if not self.gap:
            return
        with self._lock:
            now = time.monotonic()
            due = max(now, self._next)
            self._next = due + self.gap
        if due > now:
            time.sleep(due - now)


def _checked_address(address: str) -> str:
    """The address as errors show it: without its query, which may hold a key."""
    try:
        url = parse_url(address)
    except LocationParseError:
        url = None
    if url is None or not url.scheme or not url.host:
        raise UsageError("expected an address like https://host/path, got one without a host")
    if url.auth:
        raise UsageError(
            f"expected the address of {url.host} without user and password, since a run stores it; "
            "put them into an environment variable and name it as the header"
        )
    return f"{url.scheme}://{url.netloc}{url.path or ''}"


def _packed(x: Array, form: str) -> tuple[bytes, str]:
    if form == "npy":
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(x), allow_pickle=False)
        return buffer.getvalue(), NPY
    return json.dumps({"inputs": x.tolist()}).encode(), JSON


def _from_npy(data: bytes) -> NDArray[Any]:
    answers: Any = np.load(io.BytesIO(data), allow_pickle=False)
    if not isinstance(answers, np.ndarray):
        raise ValueError("an archive of arrays")
    return answers.astype(np.float64)


def _from_json(data: bytes) -> NDArray[Any]:
    answers = json.loads(data)
    if isinstance(answers, dict):
        answers = next((answers[key] for key in KEYS if key in answers), None)
    if not isinstance(answers, list):
        raise ValueError("no list of rows")
    return np.asarray(answers, np.float64)

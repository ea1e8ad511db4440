"""How often and how long an endpoint is asked: retries, waits, pace, limits of time and size, proxies."""

import socket
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import ModelError, UsageError
from brittle.core.rows import Rows
from brittle.models import ModelOptions, open_model
from brittle.models.http.endpoint import Endpoint
from brittle.models.http.pacing import Pace, retry_after
from endpoint import serving
from posted import MEANS, Served, X, backend


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_endpoint_is_asked_again(server: Served, status: int) -> None:
    server.replies = [{"status": status}, {}]
    np.testing.assert_allclose(backend(server, retries=2).ask(X), MEANS, rtol=1e-6)
    assert len(server.requests) == 2


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of endpoints, which are not waited for."""
    found: list[float] = []
    monkeypatch.setattr(Endpoint, "_sleep", lambda self, seconds: found.append(seconds))
    return found


def test_retry_after_and_back_off_are_waited_for(server: Served, waits: list[float]) -> None:
    busy = {"status": 429, "headers": {"Retry-After": "7"}}
    server.replies = [busy, {"status": 503}, {"status": 503}, {}]
    backend(server, retries=3).ask(X)
    assert waits == [7, 1, 2]


def test_a_long_wait_is_capped_and_said(
    server: Served, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    server.replies = [{"status": 429, "headers": {"Retry-After": "86400"}}, {}]
    backend(server, retries=1).ask(X)
    assert waits == [60]
    said = "expected status 200, got 429; asked again in 60 s, not in 86400 s as it asks"
    assert [record.message for record in caplog.records] == [f"{server.address}: {said}"]


DELAYS = {"3": 3, "-1": 0, "0.5": 0.5, "nan": 0, "soon": None, "": None, "Mon, 01 Jan 2024 00:00:00 GMT": 0}


@pytest.mark.parametrize("header", DELAYS)
def test_what_retry_after_says(header: str) -> None:
    assert retry_after(header) == DELAYS[header]


def test_a_date_to_wait_for_is_in_seconds() -> None:
    assert 80 < (retry_after(formatdate(time.time() + 90, usegmt=True)) or 0) <= 90


def test_an_endpoint_that_stays_busy(server: Served) -> None:
    server.replies = [{"status": 503}]
    with pytest.raises(ModelError, match=r"expected status 200, got 503.*run the same command again"):
        backend(server, retries=1).ask(X)
    assert len(server.requests) == 2


def test_a_slow_endpoint(server: Served) -> None:
    server.replies = [{"delay": 0.5}]
    with pytest.raises(ModelError, match=r"no answer within 0\.05 s.*run the same command again"):
        backend(server, timeout=0.05).ask(X)


def test_an_endpoint_that_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ModelError, match=r"no connection.*attempts: 2.*run the same command again"):
        open_model(f"http://127.0.0.1:{port}/classify", ModelOptions(retries=1)).ask(X)


def test_requests_are_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, waits = [100.0], []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr("brittle.models.http.pacing.time.monotonic", lambda: clock[0])
    pace = Pace(4, sleep)
    for _ in range(3):
        pace.wait()
    clock[0] += 0.1
    pace.wait()
    assert waits == pytest.approx([0.25, 0.25, 0.15])


def test_every_request_is_paced(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(Pace, "wait", lambda self: calls.append(self.gap))
    opened = backend(server, rate=5)
    opened.ask(X)
    opened.ask(X)
    assert calls == [0.2, 0.2]


def test_rows_that_are_sent_again_are_counted_and_unsent_ones_are_not(
    server: Served, waits: list[float]
) -> None:
    opened = backend(server, retries=3)
    server.replies = [{"status": 503}, {"status": 503}, {}]
    opened.meter.show(len(X))  # as a door does
    opened.ask(X)
    assert len(server.requests) == 3 and opened.meter.rows == Rows(setup=2, retried=4)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    opened = open_model(f"http://127.0.0.1:{port}/", ModelOptions(retries=2))
    opened.meter.show(2)
    with pytest.raises(ModelError, match="no connection"):
        opened.ask(X)
    assert opened.meter.rows == Rows()


def drip(asked: BaseHTTPRequestHandler, piece: bytes, pause: float) -> None:
    """Answer for ever."""
    asked.rfile.read(int(asked.headers["Content-Length"]))
    asked.send_response(200)
    asked.end_headers()
    try:
        while True:
            asked.wfile.write(piece)
            time.sleep(pause)
    except OSError:
        pass


def test_an_answer_that_never_ends_is_cut_off_by_time_and_by_size() -> None:
    start = time.monotonic()
    with (
        serving(lambda asked: drip(asked, b" ", 0.05)) as address,
        pytest.raises(ModelError, match=r"no answer within 0\.4 s"),
    ):
        open_model(address, ModelOptions(timeout=0.4, retries=0)).ask(X)
    with (
        serving(lambda asked: drip(asked, b" " * 65536, 0.0)) as address,
        pytest.raises(ModelError, match=r"expected an answer of at most \d+ bytes, got more"),
    ):
        open_model(address, ModelOptions(timeout=20, retries=3)).ask(X)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("reply", "options", "says", "within"),
    [
        ({"status": 503, "headers": {"Retry-After": "50"}}, {"retries": 3}, "stopped while waiting", 5),
        ({"delay": 3}, {"timeout": 60}, "stopped", 2.5),
    ],
    ids=["a wait", "a request"],
)
def test_what_is_under_way_ends_when_the_endpoint_is_closed(
    server: Served, reply: dict[str, Any], options: dict[str, Any], says: str, within: float
) -> None:
    server.replies = [reply]
    opened = backend(server, **options)
    threading.Timer(0.3, opened.close).start()
    start = time.monotonic()
    with pytest.raises(ModelError, match=says):
        opened.ask(X)
    assert time.monotonic() - start < within


def test_the_proxy_of_the_environment_is_asked(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.address.removesuffix("/classify"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    open_model("http://models.example/classify", ModelOptions(retries=0)).ask(X)
    assert server.requests[0]["path"] == "http://models.example/classify"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    backend(server).ask(X)
    assert server.requests[1]["path"] == "/classify"
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(UsageError, match="expected a proxy of http://"):
        open_model("http://models.example/classify")

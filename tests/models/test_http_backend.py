"""The HTTP backend against a real server on this machine."""

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import ModelError, RefusedError, UsageError
from brittle.core.rows import Meter, Rows
from brittle.models import Backend, ModelOptions, open_model
from brittle.models.http.endpoint import Endpoint
from brittle.models.http.pacing import Pace, seconds
from endpoint import serving

X = np.random.default_rng(4).random((2, 3, 2, 2), dtype=np.float32)
MEANS = X.mean(axis=(2, 3))
SECRET = "s3cr3t-t0ken"


@dataclass
class Served:
    """What the server is to answer (the last reply again and again), and the requests it saw."""

    address: str = ""
    replies: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    requests: list[dict[str, Any]] = field(default_factory=list)


def means(body: bytes, kind: str) -> Any:
    x = np.load(io.BytesIO(body)) if kind == "application/x-npy" else np.array(json.loads(body)["inputs"])
    return x.mean(axis=(2, 3))


@pytest.fixture
def server() -> Iterator[Served]:
    served = Served()

    def answer(asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers["Content-Length"]))
        kind = asked.headers["Content-Type"]
        served.requests.append({"headers": dict(asked.headers), "kind": kind, "path": asked.path})
        reply = served.replies.pop(0) if len(served.replies) > 1 else served.replies[0]
        if "delay" in reply:
            time.sleep(reply["delay"])
        data = reply.get("body") or json.dumps({reply.get("key", "outputs"): means(body, kind).tolist()})
        data = reply["make"](body, kind) if "make" in reply else data
        asked.send_response(reply.get("status", 200))
        for name, value in reply.get("headers", {"Content-Type": "application/json"}).items():
            asked.send_header(name, value)
        asked.end_headers()
        asked.wfile.write(data if isinstance(data, bytes) else data.encode())

    with serving(answer) as served.address:
        yield served


def npy(body: bytes, kind: str) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, means(body, kind))
    return buffer.getvalue()


def backend(server: Served, **options: Any) -> Backend:
    return open_model(server.address, ModelOptions(**{"retries": 0, "timeout": 5, **options}))


@pytest.mark.parametrize("key", ["probabilities", "logits", "outputs", "predictions"])
def test_json_under_every_key(server: Served, key: str) -> None:
    server.replies = [{"key": key}]
    np.testing.assert_allclose(backend(server).ask(X), MEANS, rtol=1e-6)
    assert server.requests[0]["kind"] == "application/json"


def test_a_bare_list_with_a_null(server: Served) -> None:
    server.replies = [{"body": "[[0.5, 0.5], [null, 1]]"}]
    np.testing.assert_array_equal(backend(server).ask(X), [[0.5, 0.5], [np.nan, 1]])


def test_npy_both_ways(server: Served) -> None:
    server.replies = [{"make": npy, "headers": {"Content-Type": "application/x-npy"}}]
    np.testing.assert_allclose(backend(server, body="npy").ask(X), MEANS, rtol=1e-6)
    assert server.requests[0]["kind"] == "application/x-npy"


def test_json_may_answer_npy(server: Served) -> None:
    np.testing.assert_allclose(backend(server, body="npy").ask(X), MEANS, rtol=1e-6)


def test_pickles_are_never_read(server: Served) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    server.replies = [{"body": buffer.getvalue(), "headers": {"Content-Type": "application/x-npy"}}]
    with pytest.raises(ModelError, match="expected an npy array"):
        backend(server).ask(X)


def test_what_an_endpoint_says_about_itself(server: Served) -> None:
    opened = backend(server)
    assert (opened.name, opened.local, opened.sha256, opened.shape) == (server.address, False, "", None)
    assert server.requests == []


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
    assert seconds(header) == DELAYS[header]


def test_a_date_to_wait_for_is_in_seconds() -> None:
    assert 80 < (seconds(formatdate(time.time() + 90, usegmt=True)) or 0) <= 90


def test_an_endpoint_that_stays_busy(server: Served) -> None:
    server.replies = [{"status": 503}]
    with pytest.raises(ModelError, match=r"expected status 200, got 503.*run the same command again"):
        backend(server, retries=1).ask(X)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "header"), (403, "header"), (404, "check"), (501, "check")]
)
def test_refusals_say_what_to_do(server: Served, status: int, advice: str) -> None:
    server.replies = [{"status": status, "body": f"you sent {SECRET}"}]
    with pytest.raises(ModelError, match=f"got {status}.*{advice}") as caught:
        backend(server, retries=3).ask(X)
    assert SECRET not in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_it_refuses_to_take_is_no_error_of_the_endpoint(server: Served, status: int) -> None:
    server.replies = [{"status": status, "body": f"you sent {SECRET}"}]
    with pytest.raises(RefusedError, match=f"got {status}; it refuses what it was sent") as caught:
        backend(server, retries=3).ask(X)
    assert SECRET not in str(caught.value) and len(server.requests) == 1


def test_a_slow_endpoint(server: Served) -> None:
    server.replies = [{"delay": 0.5}]
    with pytest.raises(ModelError, match=r"no answer within 0\.05 s.*run the same command again"):
        backend(server, timeout=0.05).ask(X)


def test_an_endpoint_that_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ModelError, match=r"no connection.*attempts: 2.*run the same command again"):
        open_model(f"http://127.0.0.1:{port}/classify", ModelOptions(retries=1)).ask(X)


@pytest.mark.parametrize("body", ["{", "3", '{"answer": [[1]]}', "[[1, 2], [3]]", '[["cat"]]', "<html>"])
def test_bad_json(server: Served, body: str) -> None:
    server.replies = [{"body": body}]
    with pytest.raises(ModelError, match="expected a JSON list of rows") as caught:
        backend(server).ask(X)
    assert "\n" not in str(caught.value)


def test_a_redirect_is_not_followed(server: Served) -> None:
    server.replies = [{"status": 307, "headers": {"Location": "/elsewhere"}}, {}]
    with pytest.raises(ModelError, match="got 307; give the address it redirects to"):
        backend(server, retries=3).ask(X)
    assert len(server.requests) == 1


def test_the_header_comes_from_the_environment_each_time(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRITTLE_TOKEN", SECRET)
    opened = backend(server, header="X-Key=BRITTLE_TOKEN")
    opened.ask(X)
    monkeypatch.setenv("BRITTLE_TOKEN", "another")
    opened.ask(X)
    assert [r["headers"]["X-Key"] for r in server.requests] == [SECRET, "another"]
    assert SECRET not in repr(opened) + opened.settings.model_dump_json()


def test_the_secret_is_in_no_error(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    server.replies = [{"status": 500, "body": SECRET}]
    for value in (SECRET, f"{SECRET}\nX-Other: 1", f"{SECRET}ä"):
        monkeypatch.setenv("BRITTLE_TOKEN", value)
        with pytest.raises((ModelError, UsageError)) as caught:
            backend(server, header="X-Key=BRITTLE_TOKEN").ask(X)
        assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_a_missing_variable_is_named(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BRITTLE_TOKEN", raising=False)
    with pytest.raises(UsageError, match=r"\$BRITTLE_TOKEN, which is not set"):
        backend(server, header="X-Key=BRITTLE_TOKEN")


ADDRESSES = [
    "https://me:s3cr3t@host/x",
    "http://",
    "http://[bad",
    "http://h:99999/",
    "https://h/x?key=s3cr3t",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_model(address)
    assert "s3cr3t" not in str(caught.value)


def test_the_query_comes_from_the_environment_and_is_in_no_error(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BRITTLE_QUERY", raising=False)
    with pytest.raises(UsageError, match=r"the query of the address in \$BRITTLE_QUERY, which is not set"):
        backend(server, query="BRITTLE_QUERY")
    monkeypatch.setenv("BRITTLE_QUERY", f"?version=2&key={SECRET}%2F")
    opened = backend(server, query="BRITTLE_QUERY")
    opened.ask(X)
    assert server.requests[0]["path"] == f"/classify?version=2&key={SECRET}%2F"
    assert SECRET not in repr(opened) + opened.settings.model_dump_json() + opened.name
    server.replies = [{"status": 500}]
    with pytest.raises(ModelError) as caught:
        opened.ask(X)
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"


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
    meter = Meter()
    meter.show(2)
    with pytest.raises(ModelError, match="no connection"):
        Endpoint(f"http://127.0.0.1:{port}/", ModelOptions(retries=2), meter).ask(X)
    assert meter.rows == Rows()


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


def test_waits_end_when_the_endpoint_is_closed(server: Served) -> None:
    server.replies = [{"status": 503, "headers": {"Retry-After": "50"}}]
    opened = backend(server, retries=3)
    threading.Timer(0.3, opened.close).start()
    start = time.monotonic()
    with pytest.raises(ModelError, match="stopped while waiting"):
        opened.ask(X)
    assert time.monotonic() - start < 5


def test_a_request_under_way_ends_when_the_endpoint_is_closed(server: Served) -> None:
    server.replies = [{"delay": 3}]
    opened = backend(server, timeout=60)
    threading.Timer(0.3, opened.close).start()
    start = time.monotonic()
    with pytest.raises(ModelError, match="stopped"):
        opened.ask(X)
    assert time.monotonic() - start < 2.5


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

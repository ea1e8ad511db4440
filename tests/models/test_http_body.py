"""The form in which rows are sent: npy where it is taken, else JSON; what works is found once."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from brittle.core.errors import ModelError, RefusedError
from brittle.core.rows import Rows
from brittle.models.http.body import FORMS, JSON, NPY, JsonForm
from brittle.models.http.client import Reply
from posted import MEANS, Served, X, backend

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(arrays(np.float32, (2, 3), elements=finite))
@settings(max_examples=100, deadline=None)
def test_json_holds_every_float32_exactly(x: Any) -> None:
    again = np.array(json.loads(JsonForm().pack(x).body)["inputs"]).astype(np.float32)
    np.testing.assert_array_equal(again.view(np.uint32), x.view(np.uint32))


@pytest.mark.parametrize("form", FORMS["auto"], ids=lambda form: form.name)
@pytest.mark.parametrize("body", [b"[[1" + b"0" * 400 + b"]]", b"[" * 10**5, b"\xff", b"\x93NUMPY\x01\x00"])
@pytest.mark.parametrize("kind", [JSON, NPY])
def test_bodies_that_are_no_answers(form: Any, body: bytes, kind: str) -> None:
    with pytest.raises(ValueError, match="that are none"):
        form.unpack(Reply(200, {"Content-Type": kind}, body))


def kinds(server: Served) -> list[str]:
    """The forms of all requests."""
    return [{JSON: "json", NPY: "npy"}[request["kind"]] for request in server.requests]


def test_npy_is_sent_where_it_is_taken(server: Served) -> None:
    opened = backend(server)
    for _ in range(2):
        np.testing.assert_allclose(opened.ask(X), MEANS, rtol=1e-6)
    assert kinds(server) == ["npy", "npy"] and opened.meter.rows == Rows()


REFUSALS: dict[str, dict[str, Any]] = {
    **{str(status): {"status": status} for status in (400, 406, 415, 422, 500, 501)},
    "a dropped connection": {"make": lambda body, kind: json.loads(body)},  # which npy is not
    "no answer": {"body": "<html>"},
    "an error": {"body": '{"error": "expected JSON"}'},
    "an answer to another number of rows": {"body": "[[0.5, 0.5]]"},
}


@pytest.mark.parametrize("name", REFUSALS)
def test_json_is_sent_where_npy_is_not_taken(server: Served, name: str) -> None:
    server.replies = [REFUSALS[name], {}]
    opened = backend(server, retries=3)
    opened.meter.show(len(X))  # as a door does
    for _ in range(2):
        np.testing.assert_allclose(opened.ask(X), MEANS, rtol=1e-6)
    assert kinds(server) == ["npy", "json", "json"]
    assert opened.meter.rows == Rows(setup=2, retried=2)


@pytest.mark.parametrize("status", [401, 403, 404, 307])
def test_what_is_no_matter_of_the_form_is_not_asked_in_another(server: Served, status: int) -> None:
    server.replies = [{"status": status}]
    with pytest.raises(ModelError, match=f"got {status}"):
        backend(server, retries=3).ask(X)
    assert kinds(server) == ["npy"]


@pytest.mark.parametrize("status", [408, 429, 503])
def test_a_busy_endpoint_is_asked_again_in_the_same_form(server: Served, status: int) -> None:
    server.replies = [{"status": status, "headers": {"Retry-After": "0"}}, {}]
    backend(server, retries=1).ask(X)
    assert kinds(server) == ["npy", "npy"]


def test_a_form_is_kept_only_once_it_worked(server: Served) -> None:
    server.replies = [{"status": 422}, {"status": 422}, {}, {"status": 500}, {}]
    opened = backend(server, retries=1)
    with pytest.raises(RefusedError, match="got 422"):
        opened.ask(X)
    opened.ask(X)  # npy, now
    opened.ask(X)  # a failure is retried as it was
    assert kinds(server) == ["npy", "json", "npy", "npy", "npy"]


def test_one_thread_finds_the_form_for_all(server: Served) -> None:
    server.replies = [{"status": 415, "delay": 0.1}, {}]
    opened = backend(server, concurrency=4)
    assert opened.lanes == 4 and opened.concurrent and backend(server).concurrent is None
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(opened.ask, [X] * 4))
    np.testing.assert_allclose(answers, [MEANS] * 4, rtol=1e-6)
    assert kinds(server) == ["npy"] + ["json"] * 4

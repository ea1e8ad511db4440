"""The HTTP backend against a real server on this machine: what is sent and read, refusals and secrets."""

import io

import numpy as np
import pytest

from brittle.core.errors import ModelError, RefusedError, UsageError
from brittle.models import open_model
from posted import MEANS, Served, X, backend, npy

SECRET = "s3cr3t-t0ken"


@pytest.mark.parametrize("key", ["probabilities", "logits", "outputs", "predictions"])
def test_json_under_every_key(server: Served, key: str) -> None:
    server.replies = [{"key": key}]
    np.testing.assert_allclose(backend(server, body="json").ask(X), MEANS, rtol=1e-6)
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


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "header"), (403, "header"), (404, "check"), (501, "check")]
)
def test_refusals_say_what_to_do(server: Served, status: int, advice: str) -> None:
    server.replies = [{"status": status, "body": f"you sent {SECRET}"}]
    with pytest.raises(ModelError, match=f"got {status}.*{advice}") as caught:
        backend(server, retries=3, body="json").ask(X)
    assert SECRET not in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_it_refuses_to_take_is_no_error_of_the_endpoint(server: Served, status: int) -> None:
    server.replies = [{"status": status, "body": f"you sent {SECRET}"}]
    with pytest.raises(RefusedError, match=f"got {status}; it refuses what it was sent") as caught:
        backend(server, retries=3, body="json").ask(X)
    assert SECRET not in str(caught.value) and len(server.requests) == 1


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

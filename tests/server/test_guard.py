"""Every rule in front of the page, each with a request that would get through without it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from brittle.core.errors import RunError, UsageError
from brittle.server.app import Pages
from brittle.server.guard import MOST_BODY, Guard
from brittle.server.serve import bound_here, serve

Enter = Callable[..., TestClient]
PORT = 8421
BASE = f"http://127.0.0.1:{PORT}"
OWN = {"origin": BASE}


def guarded(root: Path) -> tuple[Guard, TestClient]:
    guard = Guard(Pages(root).app(), PORT)
    return guard, TestClient(guard, BASE, follow_redirects=False)


@pytest.mark.parametrize("path", ["/", "/api/runs", "/runs/first/report.html", "/static/live.js", "/nothing"])
def test_nothing_is_answered_without_the_cookie(root: Path, path: str) -> None:
    _, client = guarded(root)
    assert client.get(path).status_code == 401
    client.cookies.set(f"brittle-{PORT}", "guessed")
    assert client.get(path).status_code == 401


def test_health_needs_no_cookie_and_says_nothing(root: Path) -> None:
    _, client = guarded(root)
    assert client.get("/healthz").text == "ok\n"


def test_the_link_is_good_once(root: Path) -> None:
    guard, client = guarded(root)
    link = guard.link
    assert client.head(link).status_code == 401  # who looks ahead does not use it up
    answer = client.get(link)
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "domain" not in cookie
    assert client.get("/").status_code == 200
    other = TestClient(guard, BASE, follow_redirects=False)
    assert other.get(link).status_code == 401 and other.get("/").status_code == 401
    assert other.get("/enter?token=None").status_code == 401 and other.get("/enter?token=").status_code == 401


@pytest.mark.parametrize("token", ["", "x", "é", "x&token=y"])
def test_another_token_is_none_and_uses_nothing_up(root: Path, token: str) -> None:
    guard, client = guarded(root)
    assert client.get(f"/enter?token={token}").status_code == 401
    assert client.get(guard.link).status_code == 303


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"evil.example:{PORT}",
        "127.0.0.1",
        "127.0.0.1:1",
        f"127.0.0.1.evil.example:{PORT}",
        f"LOCALHOST.:{PORT}",
        f"192.168.0.7:{PORT}",
        "",
    ],
)
def test_another_host_is_refused(root: Path, entered: Enter, host: str) -> None:
    client = entered(root)
    assert client.get("/", headers={"host": host}).status_code == 400
    assert client.get("/healthz", headers={"host": host}).status_code == 400


def test_two_hosts_are_refused(root: Path, entered: Enter) -> None:
    client = entered(root)
    own = f"127.0.0.1:{PORT}"
    assert client.get("/", headers=[("host", own), ("host", own)]).status_code == 400


def test_localhost_is_this_machine(root: Path, entered: Enter) -> None:
    client = entered(root)
    cookie = f"brittle-{PORT}={client.cookies[f'brittle-{PORT}']}"
    headers = {"host": f"localhost:{PORT}", "cookie": cookie}
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_other_pages_are_refused_whatever_they_do(root: Path, entered: Enter, method: str, site: str) -> None:
    client = entered(root)
    answer = client.request(method, "/", headers={"sec-fetch-site": site, **OWN})
    assert answer.status_code == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_page_itself_and_a_person_are_not(root: Path, entered: Enter, site: str) -> None:
    assert entered(root).get("/", headers={"sec-fetch-site": site}).status_code == 200


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1:1", f"https://127.0.0.1:{PORT}"]
)
def test_what_changes_something_needs_the_own_origin(root: Path, entered: Enter, origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    assert entered(root).post("/start/audit", headers=headers).status_code == 403


def test_bodies_are_capped_said_or_not(root: Path, entered: Enter) -> None:
    client = entered(root)
    assert client.post("/start/audit", content=b"x" * (MOST_BODY + 1), headers=OWN).status_code == 413
    assert client.post("/start/audit", headers={**OWN, "content-length": "many"}).status_code == 413
    unsaid = iter([b"x" * 1000] * (MOST_BODY // 1000 + 1))
    assert client.post("/start/audit", content=unsaid, headers=OWN).status_code == 413


@pytest.mark.parametrize("path", ["/", "/api/runs", "/static/live.js", "/nothing", "/healthz"])
def test_every_answer_has_the_policy(root: Path, entered: Enter, path: str) -> None:
    headers = entered(root).get(path).headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == headers["referrer-policy"] == "same-origin"


def test_refusals_have_it_too(root: Path) -> None:
    _, client = guarded(root)
    assert "default-src 'none'" in client.get("/").headers["content-security-policy"]


def test_it_listens_to_this_machine_alone(tmp_path: Path) -> None:
    with bound_here(0) as one:
        host, port = one.getsockname()
        assert host == "127.0.0.1"
        one.listen()
        with pytest.raises(UsageError, match="another --port"):
            bound_here(port)
    with pytest.raises(RunError, match="expected a folder of runs"):
        serve(tmp_path / "none", read_only=True)

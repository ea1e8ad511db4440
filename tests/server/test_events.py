"""What is streamed of a run, and what is read of what it tells."""

import asyncio
import fcntl
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from brittle.server import events, feeds
from brittle.server.app import Pages
from brittle.server.tailing import Tail, caught_up
from brittle.store.live import touch
from same_run import unfinish

Enter = Callable[..., TestClient]


def told(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_finished_run_says_so_and_ends(root: Path, entered: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[Path] = []
    monkeypatch.setattr(feeds, "touch", lambda folder, *_, **__: touched.append(folder))
    answer = entered(root).get("/api/runs/first/events?live=1")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [name for name, _ in told(answer.text)] == ["progress", "state"]
    assert touched == []  # nothing is written into a run that does not go on


def test_streams_are_counted(root: Path, entered: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_STREAMS", 0)
    answer = entered(root).get("/api/runs/first/events")
    assert answer.status_code == 503 and "close one" in answer.text
    assert entered(root).get("/api/runs/other/events").status_code == 404


def test_a_run_that_goes_on_is_watched_until_nobody_does(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LOOKS_EVERY", 0.01)
    run = root / "first"
    unfinish(run)
    pages = Pages(root)
    found = pages.folders.get("first")
    assert found is not None
    gone = False

    async def is_gone() -> bool:
        return gone

    async def read() -> list[tuple[str, Any]]:
        nonlocal gone
        seen: list[tuple[str, Any]] = []
        async for message in pages.streams.of(found, True, "a sample", is_gone):
            seen += told(message.decode() + "\n\n")
            if seen and not (run / "live" / "events-1-1.jsonl").exists():
                event = {"event": "sample", "sample": "a", "time": 1, "points": [[1, 2, None]]}
                (run / "live" / "events-1-1.jsonl").write_text(json.dumps(event) + "\n{half")
            gone = any(name == "sample" for name, _ in seen)
        return seen

    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        seen = asyncio.run(read())
        assert (run / "live" / "watched").read_text() == '"a sample"'
    assert ("sample", "a") in [(name, event.get("sample")) for name, event in seen]
    assert seen[0][1]["state"] == "running" and pages.streams.open == 0


def test_what_is_read_is_read_once_for_all_who_look(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LOOKS_EVERY", 0.0)
    pages = Pages(root)
    found = pages.folders.get("first")
    assert found is not None
    touch(found.path, None)
    file = found.path / "live" / "events-1-1.jsonl"
    reads: list[int] = []
    read = Tail.news

    def counted(self: Tail) -> list[dict[str, Any]]:
        reads.append(1)
        return read(self)

    monkeypatch.setattr(Tail, "news", counted)

    def tell(kind: str, number: int) -> None:
        with file.open("a") as out:
            event = {"event": kind, "sample": "a", "time": number, "points": [[number, 1, None]]}
            out.write(json.dumps(event) + "\n")

    def points(messages: list[bytes]) -> list[list[int]]:
        return [[point[0] for point in event["points"]] for _, event in told(b"".join(messages).decode())]

    async def look() -> None:
        feed = feeds.Feed(found, pages.standings)
        for _ in range(3):
            feed.join(True, None)
        tell("sample", 1)
        news, place = await feed.news(None)
        assert points(news) == [[1]]
        monkeypatch.setattr(feeds, "LOOKS_EVERY", 60.0)
        tell("step", 2)
        assert points((await feed.news(None))[0]) == [[1]] and len(reads) == 1  # the next look is later
        monkeypatch.setattr(feeds, "LOOKS_EVERY", 0.0)
        news, later = await feed.news(place)
        assert points(news) == [[2]] and (await feed.news(later))[0] == []
        assert points((await feed.news(None))[0]) == [[1, 2], []]  # who comes now
        for number in range(feeds.KEPT + 1):
            tell("step", 3 + number)
        late = told(b"".join((await feed.news(later))[0]).decode())  # who is too late
        assert [name for name, _ in late] == ["sample", "step"] and late[0][1]["points"][-1][
            0
        ] == 3 + feeds.KEPT
        for _ in range(3):
            feed.leave(True)
        assert feed.viewers == 0 and not (found.path / "live").exists()

    asyncio.run(look())


def test_who_comes_late_has_the_curve_so_far() -> None:
    def event(kind: str, sample: str, **more: Any) -> dict[str, Any]:
        return {"event": kind, "sample": sample, **more}

    events = [
        event("sample", "a", points=[[1, 3.0, None]]),
        event("step", "a", points=[[2, 2.0, None]]),
        event("sample", "b", points=[[1, 5.0, None]], closest=None),
        event("step", "b", points=[[3, 4.0, None]], query=3),
        event("flip", "b", points=[[4, -1.0, 2.5]]),
        event("step", "b", points=[], query=5, closest={"l2": 2.5}),
    ]
    start, step = caught_up(events)
    assert start["sample"] == "b" and [point[0] for point in start["points"]] == [1, 3, 4]
    assert start["closest"] == {"l2": 2.5} and step["query"] == 5 and step["points"] == []
    assert caught_up(events[1:2]) == []


@pytest.mark.parametrize("text", [b"{}\n", b"7\n", b"[" * 99_999 + b"\n", b'{"event": "state"}\n', b"\xff\n"])
def test_what_makes_no_sense_is_not_told(tmp_path: Path, text: bytes) -> None:
    touch(tmp_path, None)
    good = b'{"event": "sample", "sample": "a", "time": "never"}\n'
    (tmp_path / "live" / "events-1-1.jsonl").write_bytes(text + good)
    (tmp_path / "live" / "other.jsonl").write_bytes(good)
    (tmp_path / "live" / "events-2-1.jsonl").symlink_to(tmp_path / "live" / "other.jsonl")
    tail = Tail(tmp_path)
    assert [event["sample"] for event in tail.news()] == ["a"] and tail.news() == []
    tail.close()

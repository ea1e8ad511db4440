"""What is streamed of a run, and what is read of what it tells."""

import asyncio
import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.testclient import TestClient

from brittle.server.app import Pages
from brittle.server.live import events, feeds, tailing
from brittle.server.live.tailing import MOST_FILES, Tail, caught_up
from brittle.store.live import touch
from same_run import unfinish

Enter = Callable[..., TestClient]
PICTURES = ["data:image/jpeg;base64,"]
BARS = [{"name": "a cat", "own": True, "before": 0.9, "now": 0.5}]
CUT = {"kind": "image", "sizes": [4, 4], "counts": [2, 2], "cell": [2, 2], "tints": {"jpeg": "#e69f00"}}
ABOUT: dict[str, dict[str, Any]] = {
    "sample": {"label": "a cat", "budget": 40, "margin": 1.5, "bars": BARS, "original": PICTURES, **CUT},
    "step": {"margin": 1, "l2": 2, "bars": BARS, "modified": PICTURES, "distortion": PICTURES},
    "flip": {},
    "end": {"status": "flipped"},
}
MAPPED: dict[str, dict[str, Any]] = {
    "sample": {
        "explained": "a cat",
        "probability": 0.9,
        "filled": 0.1,
        "budget": 40,
        "bars": BARS,
        "original": [[0.5, 1.5]],
        "kind": "signal",
        "names": ["II"],
        "rate": 100,
        "sizes": [2],
        "counts": [2],
        "colours": ["#ffffff"],
        "map": "01",
        "seen": 3,
    },
    "step": {"probability": 0.5, "kept": 0.5, "bars": BARS, "masked": [[0, 1.5]], "map": "01", "seen": 4},
    "end": {"status": "explained", "suffices": 0.1, "flips": None, "map": "01", "seen": None},
}


def event(
    kind: str, number: int = 1, about: dict[str, dict[str, Any]] = ABOUT, **more: Any
) -> dict[str, Any]:
    """An event as a run tells it."""
    points = [[number, 1.0, None][: 3 if about is ABOUT else 2]]
    told = {"event": kind, "sample": "a", "time": number, "query": number, "points": points}
    return {**told, **about[kind], **more}


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


def test_streams_that_are_asked_for_at_once_are_counted_too(root: Path) -> None:
    pages, scope = Pages(root), {"type": "http", "method": "GET", "query_string": b"", "headers": []}
    asked = {**scope, "path_params": {"run": "first"}}

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def unsent(_: Any) -> None:
        raise OSError("nobody reads")

    async def ask() -> None:
        found = [await pages.events(Request(asked, gone)) for _ in range(events.MOST_STREAMS + 2)]
        assert [answer.status_code for answer in found].count(503) == 2 and pages.streams.full
        for answer in found[: events.MOST_STREAMS]:
            with pytest.raises((OSError, ClientDisconnect)):
                await answer(asked, gone, unsent)
        assert pages.streams.open == 0

    asyncio.run(ask())


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
                (run / "live" / "events-1-1.jsonl").write_text(json.dumps(event("sample")) + "\n{half")
            gone = any(name == "sample" for name, _ in seen)
        return seen

    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        seen = asyncio.run(read())
        assert (run / "live" / "watched").read_text() == '"a sample"'
    assert ("sample", "a") in [(name, one.get("sample")) for name, one in seen]
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
            out.write(json.dumps(event(kind, number)) + "\n")

    def points(messages: list[bytes]) -> list[list[int]]:
        return [[point[0] for point in one["points"]] for _, one in told(b"".join(messages).decode())]

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
    def of(kind: str, sample: str, **more: Any) -> dict[str, Any]:
        return {"event": kind, "sample": sample, **more}

    events = [
        of("sample", "a", points=[[1, 3.0, None]]),
        of("step", "a", points=[[2, 2.0, None]]),
        of("sample", "b", points=[[1, 5.0, None]], closest=None),
        of("step", "b", points=[[3, 4.0, None]], query=3),
        of("flip", "b", points=[[4, -1.0, 2.5]]),
        of("step", "b", points=[], query=5, closest={"l2": 2.5}),
    ]
    start, step = caught_up(events)
    assert start["sample"] == "b" and [point[0] for point in start["points"]] == [1, 3, 4]
    assert start["closest"] == {"l2": 2.5} and step["query"] == 5 and step["points"] == []
    assert caught_up(events[1:2]) == []


@pytest.mark.parametrize("about", [ABOUT, MAPPED])
def test_what_is_told_comes_whole(about: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    start, *later = tails(tmp_path, [event(kind, about=about) for kind in about])
    assert start == {**event("sample", about=about), "points": [*start["points"]], "closest": None}
    assert later == [{**event(kind, about=about), "points": []} for kind in ("step", "end")]


HUGE = 10**400
ODD: dict[str, list[Any]] = {
    "time": [HUGE, float("nan"), "never", []],
    "points": [7, [7], [[1, float("inf"), None]], [[1, 1]], [[HUGE, 1, None]]],
    "budget": [-1, HUGE, float("nan"), "many", None],
    "counts": [[10**9, 10**9], [2], [2, 2, 2], [-1, 2], "22", None],
    "sizes": [[10**9, 10**9], [], [0, 0], {}],
    "kind": ["signal", "clip", "other", None, []],
    "original": [[], [[1.0]], [7], "x", ["x"] * 65],
    "bars": [BARS * 65, [7], [{}], None],
    "closest": [7, {}, {"query": 1, "l2": 1, "picture": 7}],
    "event": [[], "state"],
    "tints": [[]],
    "frames": ["x"],
    "sample": [7],
    "rate": ["x"],
}
ODD_MAPS: dict[str, list[Any]] = {
    "map": [7, ["0"] * 4, {"length": 10**9}, "0" * 10_001],
    "original": [[], [[1.0] * 2001], [[1.0]] * 65, ["x"], [["x"]]],
    "rate": [float("inf")],
    "names": [7],
    "unit": [{}],
    "seen": [-1],
    "counts": [[2, 2]],
    "colours": [7],
    "probability": [None],
    "filled": [float("nan")],
    "kind": ["image"],
}


@pytest.mark.parametrize(
    ("about", "odd"),
    [
        *((ABOUT, {name: value}) for name, values in ODD.items() for value in values),
        *((MAPPED, {name: value}) for name, values in ODD_MAPS.items() for value in values),
        (MAPPED, {"sizes": [], "counts": []}),
    ],
)
def test_what_a_browser_could_not_draw_is_not_told(
    about: dict[str, dict[str, Any]], odd: dict[str, Any], tmp_path: Path
) -> None:
    assert tails(tmp_path, [{**event("sample", about=about), **odd}]) == []


def test_keys_of_nobody_are_left_out(tmp_path: Path) -> None:
    (found,) = tails(tmp_path, [event("sample", other="x" * 1000)])
    assert "other" not in found and list(found["tints"]) == ["jpeg"]


def test_of_many_files_the_last_ones_are_read_and_no_line_is_endless(tmp_path: Path) -> None:
    touch(tmp_path, None)
    for number in range(30):
        path = tmp_path / "live" / f"events-{number}-1.jsonl"
        path.write_text(json.dumps(event("sample", number + 1)) + "\n")
        os.utime(path, (number, number))
    tail = Tail(tmp_path)
    assert [one["time"] for one in tail.news()] == [30] and len(tail._files) == MOST_FILES
    with path.open("ab") as file:
        file.truncate(tailing.LONGEST_LINE + 4_000_000)
        file.write(b"\n" + json.dumps(event("end")).encode() + b"\n")
    assert tail.news() == []
    tail.close()


@pytest.mark.parametrize("text", [b"{}\n", b"7\n", b"[" * 99_999 + b"\n", b'{"event": "state"}\n', b"\xff\n"])
def test_what_makes_no_sense_is_not_told(tmp_path: Path, text: bytes) -> None:
    touch(tmp_path, None)
    good = json.dumps(event("sample")).encode() + b"\n"
    (tmp_path / "live" / "events-1-1.jsonl").write_bytes(text + good)
    (tmp_path / "live" / "other.jsonl").write_bytes(good)
    (tmp_path / "live" / "events-2-1.jsonl").symlink_to(tmp_path / "live" / "other.jsonl")
    tail = Tail(tmp_path)
    assert [one["sample"] for one in tail.news()] == ["a"] and tail.news() == []
    tail.close()


def tails(folder: Path, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is read of what was told."""
    touch(folder, None)
    (folder / "live" / "events-1-1.jsonl").write_text("".join(json.dumps(one) + "\n" for one in told))
    tail = Tail(folder)
    try:
        return tail.news()
    finally:
        tail.close()

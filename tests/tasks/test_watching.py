"""A watched audit tells what it tries, leaves the same bytes, and writes nothing that it should not."""

import json
import threading
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.sample import InputSpec
from brittle.store import live
from brittle.tasks.watching import telling, told
from brittle.tasks.watching.previews import change, kind_of, preview
from watched import watching

CLOCKS = ("seconds", "started", "finished")


def audited(digits: Path, out: Path, **settings: Any) -> brittle.Run:
    usual = {"model": "digits.onnx", "budget": 80, "batch": 4, "data_options": {"limit": 4}}
    return brittle.audit(data="digits.npz", out=out, **{**usual, **settings})


def left(run: brittle.Run) -> dict[str, Any]:
    lines = [json.loads(line) for line in (run.path / "results.jsonl").read_text().splitlines()]
    files = [*run.path.glob("flips/*"), *run.path.glob("trail/*")]
    found: dict[str, Any] = {file.name: file.read_bytes() for file in files}
    found["results"] = [{k: v for k, v in line.items() if k not in CLOCKS} for line in lines]
    found["run.json"] = (run.path / "run.json").read_bytes()
    live.clear(run.path)  # a page may have touched it just before the end
    found["names"] = {file.name for file in run.path.iterdir()} - {"lock"}
    return found


@pytest.mark.parametrize("search", ["patchwork", "simba-pixel"])
def test_a_watched_audit_leaves_the_same_bytes(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eager: None, search: str
) -> None:
    monkeypatch.chdir(digits)
    unwatched = left(audited(digits, tmp_path / "one", search=search))
    with watching(tmp_path / "two") as events:
        watched = left(audited(digits, tmp_path / "two", search=search))
    assert watched == unwatched and "live" not in unwatched["names"]
    kinds = [event["event"] for event in events]
    assert {"sample", "step"} <= set(kinds)
    first = next(event for event in events if event["event"] == "sample")
    assert first["budget"] == 80 and first["kind"] == "image" and first["bars"][0]["before"] > 0
    step = next(event for event in events if event["event"] == "step")
    assert step["modified"][0].startswith("data:image/jpeg;base64,") and len(step["bars"]) == 10
    assert ("cells" in step) == (search == "patchwork")


def test_workers_tell_of_one_sample_at_a_time(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(digits)
    slow: dict[str, Any] = {
        "model": "victims:slow",
        "budget": 60,
        "keep_trail": True,
        "data_options": {"limit": 2},
    }
    plain = left(audited(digits, tmp_path / "one", **slow))
    assert "trail" in plain["names"]
    with watching(tmp_path / "two") as events:
        shared = left(audited(digits, tmp_path / "two", workers=2, **slow))
    assert shared == plain
    open_now: set[str] = set()
    for event in sorted(events, key=lambda event: event["time"]):
        open_now |= {event["sample"]} if event["event"] == "sample" else set()
        assert len(open_now) <= 1
        open_now -= {event["sample"]} if event["event"] == "end" else set()


def test_telling_keeps_to_a_share_of_the_cpu_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = dict.fromkeys(("monotonic", "process_time", "thread_time"), 0.0)
    for name in clocks:
        monkeypatch.setattr(telling, name, lambda name=name: clocks[name])
    pace = telling.Pace()
    assert pace.due
    with pace.kept():
        clocks["thread_time"] += 0.01
    wait = 0.01 / telling.SHARE
    clocks["process_time"] += wait + 0.001
    assert not pace.due  # too soon after the last
    clocks["monotonic"] += telling.APART + 0.001
    assert pace.due
    clocks["process_time"] -= 0.002
    assert not pace.due  # too much of what was computed
    clocks["monotonic"] += telling.PATIENCE * wait
    assert pace.due  # it only waits for its model


def test_a_process_without_the_light_tells_nothing(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eager: None
) -> None:
    monkeypatch.chdir(digits)
    live.touch(tmp_path, None)
    one, other = live.EventLog(tmp_path), live.EventLog(tmp_path)
    assert one.take_light() and not other.take_light()
    one.leave_light()
    assert other.take_light()
    monkeypatch.setattr(live.EventLog, "take_light", lambda self: False)
    with watching(tmp_path / "two") as events:
        audited(digits, tmp_path / "two")
    assert events == []


def test_pictures_that_cost_more_come_farther_apart(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eager: None
) -> None:
    monkeypatch.chdir(digits)
    monkeypatch.setattr(telling, "SHARE", 1e-9)
    with watching(tmp_path / "run") as events:
        audited(digits, tmp_path / "run")
    assert [event["event"] for event in events].count("step") == 1


def test_a_wish_is_followed(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eager: None
) -> None:
    monkeypatch.chdir(digits)
    name = next(audited(digits, tmp_path / "one").results()).sample
    with watching(tmp_path / "two", name) as events:
        audited(digits, tmp_path / "two")
    assert {event["sample"] for event in events} == {name}


def test_nothing_is_written_unwatched_and_through_no_link(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eager: None
) -> None:
    monkeypatch.chdir(digits)
    out, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "watched").touch()
    run = audited(digits, out, data_options={"limit": 2})
    (out / "live").symlink_to(elsewhere)
    (out / "results.jsonl").unlink()
    over = threading.Event()

    def touch() -> None:
        while not over.is_set():
            (elsewhere / "watched").touch()
            sleep(0.01)

    thread = threading.Thread(target=touch)
    thread.start()
    audited(digits, out, data_options={"limit": 2})
    over.set()
    thread.join()
    assert [file.name for file in elsewhere.iterdir()] == ["watched"]
    with pytest.raises(OSError):
        live.touch(out, None)
    assert run.path == out


def test_a_failing_preview_costs_the_audit_nothing(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eager: None
) -> None:
    monkeypatch.chdir(digits)
    unwatched = left(audited(digits, tmp_path / "one"))

    def failing(*_: Any) -> Any:
        raise RuntimeError("no colours")

    monkeypatch.setattr(told, "preview", failing)
    with watching(tmp_path / "two") as events:
        assert left(audited(digits, tmp_path / "two")) == unwatched
    assert events == []


def test_interest_needs_touches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(live, "monotonic", lambda: clock[0])
    live.touch(tmp_path, "old")
    interest = live.Interest(tmp_path)
    assert not interest.watched()  # what lies there may be of a killed page
    clock[0] += 1.1
    live.touch(tmp_path, "7", wish=True)
    assert interest.watched() and interest.sample == "7"
    clock[0] += 9.0
    assert interest.watched()
    clock[0] += 1.1
    assert not interest.watched()


def test_looking_unwatched_is_one_stat_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    monkeypatch.setattr(live.Interest, "_modified", lambda self: looks.append(monotonic()))
    interest = live.Interest(tmp_path)
    assert not any(interest.watched() for _ in range(1000)) and len(looks) <= 2


def test_files_are_capped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_BYTES", 100)
    live.touch(tmp_path, None)
    log = live.EventLog(tmp_path)
    for number in range(50):
        if log.full:
            log.next_file()
        log.append({"number": number})
    assert len(live.event_files(tmp_path)) == live.KEPT_FILES
    live.clear(tmp_path)
    assert not (tmp_path / "live").exists()


@pytest.mark.parametrize("text", [b"", b"{}", b"[" * 4000, b"\xff", b'"a', b"7"])
def test_a_wish_that_is_none_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    monkeypatch.setattr(live, "LOOKS_EVERY", 0.0)
    interest = live.Interest(tmp_path)
    interest.watched()
    live.touch(tmp_path, None)
    (tmp_path / "live" / "watched").write_bytes(text)
    assert interest.watched() and interest.sample is None


@pytest.mark.parametrize(
    ("spec", "kind", "parts"),
    [
        (InputSpec((3, 20, 30), ("channel", "height", "width"), bits=8), "image", 1),
        (InputSpec((2, 9, 9), ("channel", "height", "width")), "image", 1),
        (InputSpec((3, 12, 8, 8), ("channel", "frame", "height", "width"), bits=8), "clip", 8),
        (InputSpec((2, 5000), ("channel", "time"), (-5.0, 5.0), rate=360.0, unit="mV"), "signal", 2),
    ],
)
def test_every_kind_of_input_has_a_preview(spec: InputSpec, kind: str, parts: int) -> None:
    rng = np.random.default_rng(0)
    x, other = (rng.uniform(*spec.bounds, spec.shape).astype(np.float32) for _ in range(2))
    assert kind_of(spec)["kind"] == kind
    for found in (preview(x, spec), change(x, other, spec), change(x, x, spec)):
        assert len(found) == parts
        json.dumps(found, allow_nan=False)
    if kind == "signal":
        trace = preview(x, spec)[0]
        assert len(trace) == 1000 and max(trace) == pytest.approx(x[0].max(), rel=1e-3)

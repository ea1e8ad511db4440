"""A run as a zip that is made while it is sent: whole, the same each time, without what a stranger adds."""

import io
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from starlette.testclient import TestClient

from brittle.server.reading import zipping
from brittle.server.reading.zipping import listed, zipped

Enter = Callable[..., TestClient]


def opened(data: bytes) -> ZipFile:
    archive = ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return archive


def test_a_download_holds_the_run_and_nothing_else(root: Path, entered: Enter) -> None:
    run = root / "first"
    (run / "live").mkdir()
    (run / "live" / "watched").write_text("")
    (run / "answers.sqlite").write_bytes(b"answers")
    (run / "secret.txt").write_text("no")
    (run / "flips" / "..\\..\\evil.bat").write_text("no")
    (run / "flips" / os.fsdecode(b"\xff.png")).write_text("no")
    (run / "flips" / "linked.png").symlink_to(root.parent)
    (run / "flips" / "file.png").symlink_to(run / "secret.txt")
    (run / "shown").symlink_to(run / "flips")
    os.mkfifo(run / "flips" / "pipe.png")
    client = entered(root)
    answer = client.get("/runs/first/download")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="first.zip"'
    archive = opened(answer.content)
    names = set(archive.namelist())
    flips = {f"first/flips/{path.name}" for path in run.glob("flips/*.png")}
    flips -= {"first/flips/linked.png", "first/flips/file.png", "first/flips/pipe.png"}
    flips = {name for name in flips if name.isascii()}
    files = ("run.json", "settings.yaml", "sessions.jsonl", "rows.jsonl", "results.jsonl", "results.csv")
    assert flips and names == flips | {f"first/{file}" for file in (*files, "summary.json", "report.html")}
    assert all(archive.read(name) == (root / name).read_bytes() for name in names)
    assert client.get("/runs/first/download").content == answer.content
    everything = opened(client.get("/runs/first/download?all=1").content)
    assert set(everything.namelist()) == names | {"first/answers.sqlite"}
    assert 'href="/runs/first/download"' in client.get("/runs/first").text
    assert client.get("/runs/other/download").status_code == 404


def test_a_download_is_never_whole_in_memory(tmp_path: Path) -> None:
    with (tmp_path / "results.jsonl").open("wb") as file:
        file.truncate(64 << 20)
    (tmp_path / "flips").mkdir()
    with (tmp_path / "flips" / "a.png").open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    sent = sum(map(len, zipped(tmp_path, listed(tmp_path), "a")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 64 << 20 and peak < 8 << 20


def test_what_is_added_meanwhile_is_left_out_and_what_is_gone_too(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_bytes(b"a" * 1000)
    (tmp_path / "summary.json").write_text("{}")
    (tmp_path / "run.json").write_text("{}")
    files = listed(tmp_path)
    (tmp_path / "summary.json").unlink()
    parts = zipped(tmp_path, files, "a")
    data = next(parts)
    with (tmp_path / "results.jsonl").open("ab") as file:
        file.write(b"b" * 1000)
    archive = opened(data + b"".join(parts))
    assert archive.namelist() == ["a/run.json", "a/results.jsonl"]


def test_too_much_for_a_download_is_said(root: Path, entered: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipping, "MOST_FILES", 3)
    answer = entered(root).get("/runs/first/download")
    assert answer.status_code == 422 and "copy its folder" in answer.text

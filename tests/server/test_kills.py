"""kill -9 of the server costs no audit anything, and kill -9 of an audit costs what it was at."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx2
from starlette.testclient import TestClient

import brittle
from brittle.server.start import earlier
from brittle.server.start.forms import Allowed
from server.test_starting import OWN, waited

Enter = Callable[..., TestClient]
FORM = {"search": "patchwork", "budget": "24", "seed": "3"}
ALLOWED = Allowed(("toy:slow",), ("toy.npz",))
CLOCKS = ("seconds", "started", "finished")


def left(run: Path) -> dict[str, Any]:
    """What a run has found, without the times."""
    found: dict[str, Any] = {path.name: path.read_bytes() for path in run.glob("flips/*")}
    lines = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    return {**found, "lines": [{k: v for k, v in line.items() if k not in CLOCKS} for line in lines]}


def uninterrupted(toy: Path) -> dict[str, Any]:
    """The same questions to the same model, which answers at once here."""
    return left(
        brittle.audit("toy:linear", "toy.npz", search="patchwork", budget=24, seed=3, out=toy / "same").path
    )


def until(holds: Callable[[], bool]) -> None:
    end = monotonic() + 60
    while not holds():
        assert monotonic() < end
        sleep(0.02)


def test_an_audit_outlives_its_server(toy: Path, entered: Enter) -> None:
    words = ["serve", "runs", "--port", "0", "--models", "toy:slow", "--data", "toy.npz"]
    server = subprocess.Popen([sys.executable, "-m", "brittle", *words], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        link = re.search(r"(http://127\.0\.0\.1:\d+)/enter\?token=\S+$", server.stdout.readline())
        assert link is not None
        with httpx2.Client(base_url=link[1], follow_redirects=False) as client:
            assert client.get(link[0]).status_code == 303
            answer = client.post("/start/audit", data=FORM, headers={"origin": link[1]})
            part = answer.headers["location"].rsplit("/", 1)[-1]
            until(lambda: client.get(f"/api/runs/{part}").status_code == 200)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    later = entered(toy / "runs", allowed=ALLOWED)
    assert later.get(f"/api/runs/{part}").json()["state"] == "running"
    assert "Stop</button>" in later.get(f"/runs/{part}").text
    assert waited(later, part, "done")["done"] == 6
    assert left(toy / "runs" / part) == uninterrupted(toy)


def test_a_killed_audit_is_interrupted_and_continued(toy: Path, entered: Enter) -> None:
    root = toy / "runs"
    root.mkdir()
    client = entered(root, allowed=ALLOWED)
    part = client.post("/start/audit", data=FORM, headers=OWN).headers["location"].rsplit("/", 1)[-1]
    run = root / part
    until(
        lambda: (run / "run.json").exists() and client.get(f"/api/runs/{part}").json()["state"] == "running"
    )
    words = ["-m", "brittle", "audit", "--config", str(run / "settings.yaml"), "--out", str(run)]
    number = earlier._found(words)
    assert number is not None
    os.kill(number, signal.SIGKILL)
    waited(client, part, "interrupted")
    page = client.get(f"/runs/{part}").text
    assert "Continue</button>" in page and "Stop</button>" not in page
    assert client.post(f"/runs/{part}/continue", headers=OWN).status_code == 303
    waited(client, part, "done")
    assert left(run) == uninterrupted(toy)


def test_only_the_very_command_line_is_a_process_of_ours(tmp_path: Path) -> None:
    words = ["-c", "import time; time.sleep(60)", str(tmp_path)]
    other = subprocess.Popen([sys.executable, *words])
    try:
        until(lambda: earlier.is_there(words))
        for wrong in ([*words, ""], [*words[:2], f"{tmp_path}/"], ["-c", *words], words[1:]):
            assert not earlier.is_there(wrong) and not earlier.interrupt(wrong)
        assert other.poll() is None
        assert earlier.interrupt(words)
        assert other.wait(10) != 0 and not earlier.is_there(words)
    finally:
        other.kill()
        other.wait()

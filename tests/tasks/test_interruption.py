"""Ctrl-C ends a command at once, whatever it waits for, and keeps what is finished."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from endpoint import serving

MODULE = '''
import pathlib
import time
import victims


def stuck(x):
    """Answers the two identity rows, twice, and the measured batches; then it hangs."""
    folder = pathlib.Path(__file__).parent
    if (folder / "hang").exists():
        (folder / "hangs").touch()
        time.sleep(60)
    return victims.digits(x)


stuck.input_shape = (1, 8, 8)
'''
AT_ONCE = 5.0  # seconds; the waits of these tests are far longer


def begin(*words: object, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "brittle", "audit", *map(str, words)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # tests that run in the background of a shell inherit that Ctrl-C is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def interrupted(process: "subprocess.Popen[str]") -> str:
    """What a command says when Ctrl-C ended it at once."""
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=40)
    assert time.monotonic() - start < AT_ONCE
    assert process.returncode == 130, errors
    assert "same command continues" in errors and "Traceback" not in errors
    return errors


def until(path: Path, process: "subprocess.Popen[str]", lines: int = 0) -> None:
    """Wait for a file, and for so many lines in it."""
    while not path.exists() or len(path.read_text().splitlines()) < lines:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_finished_is_kept(digits: Path, tmp_path: Path, workers: int) -> None:
    out = tmp_path / "r"
    options = ("--batch", 4, "--budget", 30, "--workers", workers, "--out", out)
    slow = begin("victims:slow", "digits.npz", *options, folder=digits)
    until(out / "results.jsonl", slow, lines=5)
    interrupted(slow)
    assert len((out / "results.jsonl").read_text().splitlines()) >= 5


def test_a_model_that_hangs_is_not_waited_for(digits: Path, tmp_path: Path) -> None:
    (tmp_path / "hanging.py").write_text(f"import sys\nsys.path.append({str(digits)!r})\n{MODULE}")
    options = ("--batch", 4, "--budget", 40, "--out", tmp_path / "r")
    process = begin("hanging:stuck", digits / "digits.npz", *options, folder=tmp_path)
    until(tmp_path / "r" / "results.jsonl", process, lines=1)
    (tmp_path / "hang").touch()
    until(tmp_path / "hangs", process)
    interrupted(process)


@pytest.fixture(params=["it never answers", "it asks to wait"])
def patience(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An endpoint that keeps whoever asks waiting; it makes the file `asked`."""

    def answer(asked: BaseHTTPRequestHandler) -> None:
        asked.rfile.read(int(asked.headers["Content-Length"]))
        (tmp_path / "asked").touch()
        if request.param == "it never answers":
            time.sleep(50)
            return
        asked.send_response(429)
        asked.send_header("Retry-After", "50")
        asked.end_headers()

    with serving(answer) as address:
        yield address


def test_an_endpoint_that_keeps_one_waiting_is_left(digits: Path, tmp_path: Path, patience: str) -> None:
    options = ("--timeout", 60, "--out", tmp_path / "r")
    process = begin(patience, digits / "digits.npz", *options, folder=tmp_path)
    until(tmp_path / "asked", process)
    time.sleep(0.5)
    interrupted(process)

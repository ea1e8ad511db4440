"""Accounts: rows_shown is what an independent counter at the model saw, whatever happened on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.searches import SEARCHES
from endpoint import sent_rows, serving

PEERS = [name for name in SEARCHES.names() if name.startswith(("art-", "foolbox-"))]
VICTIM = '''
"""A victim that counts each row that it sees in a file, before it answers."""
import os
import time
from pathlib import Path

import numpy as np
import victims

BAD = np.load(Path(__file__).with_name("digits.npz"))["x"][[1, 5]] / 255


def _seen(x):
    file = os.open(os.environ["SEEN"], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.write(file, b"." * len(x))
    os.close(file)


def _bad(x):
    """Whether any row is the second or the sixth sample, untouched."""
    return any(np.abs(row - bad).max() < 1e-6 for row in x for bad in BAD)


def counted(x):
    _seen(x)
    return victims.digits(x)


def slow(x):
    _seen(x)
    time.sleep(0.02)
    return victims.digits(x)


def picky(x):
    _seen(x)
    if _bad(x):
        raise ValueError("bad input")
    return victims.digits(x)


def single(x):
    _seen(x)
    if len(x) > 1:
        raise ValueError("one at a time")
    return victims.digits(x)


def deadly(x):
    _seen(x)
    if _bad(x):
        os._exit(9)
    return victims.digits(x)


for victim in (counted, slow, picky, single, deadly):
    victim.input_shape = (1, 8, 8)
'''


@pytest.fixture
def seen(digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the victims of the module `accounts` count; a point a row."""
    (digits / "accounts.py").write_text(VICTIM)
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.setenv("PYTHONPATH", str(digits))
    monkeypatch.syspath_prepend(str(digits))
    return tmp_path / "seen"


def audited(digits: Path, out: Path, victim: str = "counted", **settings: Any) -> brittle.Run:
    return brittle.audit(
        f"accounts:{victim}",
        digits / "digits.npz",
        **{"budget": 30, "search": "random", "out": str(out), "data_options": {"limit": 8}, **settings},
    )


def other_net(digits: Path, folder: Path) -> Path:
    """A linear ONNX model of the digits with some of the victim's weights, and some of its own."""
    onnx = pytest.importorskip("onnx")
    weights = np.load(digits / "weights.npz")["coef"].astype(np.float32)
    weights += np.random.default_rng(0).normal(0, weights.std(), weights.shape).astype(np.float32)
    nodes = [
        onnx.helper.make_node("Flatten", ["x"], ["flat"]),
        onnx.helper.make_node("Gemm", ["flat", "w"], ["logits"], transB=1),
    ]
    sizes = {"x": ["n", 1, 8, 8], "logits": ["n", len(weights)]}
    x, logits = (onnx.helper.make_tensor_value_info(name, 1, size) for name, size in sizes.items())
    graph = onnx.helper.make_graph(
        nodes, "other", [x], [logits], [onnx.numpy_helper.from_array(weights, "w")]
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), folder / "other.onnx")
    return folder / "other.onnx"


def balanced(run: brittle.Run, seen: Path) -> dict[str, Any]:
    """The summary of a run, after its rows were found to be those that were seen, and to add up."""
    found = run.summary()
    assert found["rows_shown"] == seen.stat().st_size
    assert found["queries"]["total"] == sum(result.queries for result in run.results())
    parts = ("setup_rows", "warm_up_rows", "retried_rows", "interrupted_rows")
    total = found["queries"]["total"] + sum(found[part] for part in parts) - found["looked_up_rows"]
    assert found["rows_shown"] == total
    return found


@pytest.mark.parametrize("search", [name for name in SEARCHES.names() if name != "agent"])
def test_of_every_search(digits: Path, tmp_path: Path, seen: Path, search: str) -> None:
    if search in PEERS or search in ("hopskipjump", "boundary"):
        pytest.importorskip("art")
        pytest.importorskip("foolbox")
    more: dict[str, Any] = {}
    if getattr(SEARCHES.load(search), "needs_surrogates", False):
        more["surrogates"] = (str(other_net(digits, tmp_path)),)
    try:
        run = audited(digits, tmp_path / "r", search=search, **more)
    except brittle.UsageError as error:
        pytest.skip(str(error))
    found = balanced(run, seen)
    assert found["queries"]["total"] > 8 and found["retried_rows"] == found["interrupted_rows"] == 0


@pytest.mark.parametrize("agent", ["cells", "ripple"])
def test_of_an_agent_that_warms_up(digits: Path, tmp_path: Path, seen: Path, agent: str) -> None:
    pytest.importorskip("stable_baselines3")
    run = audited(digits, tmp_path / "r", search=None, agent=agent, warm_up=300)
    found = balanced(run, seen)
    assert 0 < found["warm_up_rows"] <= 300 and found["queries"]["total"] > 8


@pytest.mark.parametrize("workers", [1, 2])
def test_of_a_model_that_raises_on_some_rows(digits: Path, tmp_path: Path, seen: Path, workers: int) -> None:
    run = audited(digits, tmp_path / "r", "picky", workers=workers, batch=8)
    found = balanced(run, seen)
    assert found["failed"] == 2 and found["retried_rows"] > 0
    failed = [result for result in run.results() if result.status == "failed"]
    assert [(r.message, r.queries) for r in failed] == [("ValueError: bad input", 1)] * 2


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_sample_that_alone_is_missing_ends_no_run(
    digits: Path, tmp_path: Path, seen: Path, workers: int
) -> None:
    whole = audited(digits, tmp_path / "r", "picky", batch=8)
    kept = [
        line
        for line in (whole.path / "results.jsonl").read_text().splitlines(True)
        if "bad input" not in line
    ]
    (whole.path / "results.jsonl").write_text("".join(kept))
    run = audited(digits, tmp_path / "r", "picky", batch=8, workers=workers)
    assert len(kept) == 6 and run.summary()["failed"] == 2


def test_of_a_model_that_takes_one_row_at_a_time(digits: Path, tmp_path: Path, seen: Path) -> None:
    found = balanced(audited(digits, tmp_path / "r", "single", batch=8), seen)
    assert found["retried_rows"] == 4 and found["failed"] == 0  # its first batch
    whole = audited(digits, tmp_path / "other", batch=8)
    assert played(tmp_path / "r") == played(whole.path)


def test_of_what_was_kept(digits: Path, tmp_path: Path, seen: Path) -> None:
    audited(digits, tmp_path / "r", keep_answers=True)
    (tmp_path / "r" / "results.jsonl").write_text("")
    found = balanced(audited(digits, tmp_path / "r", keep_answers=True), seen)
    assert found["looked_up_rows"] >= found["queries"]["total"] == found["interrupted_rows"]


def test_of_an_endpoint_that_fails_now_and_then(digits: Path, tmp_path: Path) -> None:
    coefficients = np.load(digits / "weights.npz")
    rows = requests = 0

    def answer(request: BaseHTTPRequestHandler) -> None:
        nonlocal rows, requests
        x = sent_rows(request)
        rows, requests = rows + len(x), requests + 1
        told = (x.reshape(len(x), -1) @ coefficients["coef"].T + coefficients["intercept"]).tolist()
        request.send_response(503 if requests % 4 == 0 else 200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Retry-After", "0")
        request.end_headers()
        request.wfile.write(json.dumps({"logits": told}).encode())

    with serving(answer) as address:
        run = brittle.audit(
            address,
            digits / "digits.npz",
            budget=20,
            search="random",
            out=str(tmp_path / "r"),
            data_options={"limit": 6},
        )
    found = run.summary()
    assert found["rows_shown"] == rows and found["retried_rows"] > 0
    assert rows == found["queries"]["total"] + found["setup_rows"] + found["retried_rows"]


@pytest.mark.parametrize("workers", [1, 2])
def test_after_kills(digits: Path, tmp_path: Path, seen: Path, workers: int) -> None:
    out = tmp_path / "killed"
    words = ("accounts:slow", digits / "digits.npz", "--search", "random", "--budget", 40, "--batch", 8)
    command = [sys.executable, "-m", "brittle", "audit", *map(str, words), "--limit", "12"]
    command += ["--workers", str(workers), "--out", str(out)]
    kills = 0
    while not (out / "summary.json").exists():
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = shown(seen)
        while process.poll() is None and shown(seen) < before + 70:
            time.sleep(0.005)
        if kills < 2:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
            time.sleep(0.5 * (workers - 1))  # workers notice that they are alone
        process.wait()
    found = balanced(brittle.Run.open(out), seen)
    assert kills == 2 and found["interrupted_rows"] > 0
    whole = audited(digits, tmp_path / "whole", budget=40, batch=8, data_options={"limit": 12})
    assert played(out) == played(whole.path)


def shown(seen: Path) -> int:
    return seen.stat().st_size if seen.exists() else 0


def played(run: Path) -> list[dict[str, Any]]:
    """The lines of a run without times."""
    times = ("seconds", "started", "finished")
    found = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in times} for line in found]


def test_a_sample_that_kills_workers_fails_and_the_others_are_played(
    digits: Path, tmp_path: Path, seen: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = audited(digits, tmp_path / "r", "deadly", workers=2, batch=4, data_options={"limit": 4})
    found = balanced(run, seen)
    failed = [result for result in run.results() if result.status == "failed"]
    assert len(failed) == found["failed"] == 1 and found["interrupted_rows"] > 0
    assert all(
        "3 workers died while they played it, the last alone (exit code 9)" in r.message for r in failed
    )
    assert any("a worker died (exit code 9): others play its" in record.message for record in caplog.records)
    whole = audited(digits, tmp_path / "whole", "picky", data_options={"limit": 4})
    well = [line for line in played(whole.path) if line["status"] != "failed"]
    assert [line for line in played(run.path) if line["status"] != "failed"] == well

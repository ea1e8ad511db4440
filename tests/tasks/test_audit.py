"""Whole audits: what a run holds, that it can be continued, and that it is the same every time."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.result import Status

TIMES = ("seconds", "started", "finished")
FEW = {"limit": 12}
SUMMARY_KEYS = (
    *("samples", "misclassified", "flipped", "survived", "failed", "asr", "queries", "l2", "linf", "l0"),
    *("seconds", "rows_per_second", "search", "budget", "seed"),
)


def lines(run: Path) -> list[dict[str, Any]]:
    """results.jsonl without its times."""
    rows = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]


def flips(run: Path) -> dict[str, bytes]:
    """Every file of the flips folder that a result names."""
    named = [f["file"] for row in lines(run) for f in (row["first"], row["closest"]) if f]
    return {name: (run / name).read_bytes() for name in named}


@pytest.fixture
def importable(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`victims` can be imported here and by workers."""
    monkeypatch.setenv("PYTHONPATH", str(digits))
    monkeypatch.syspath_prepend(str(digits))


def test_a_run_holds_what_was_asked_and_what_was_found(digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    model, data = digits / "digits.onnx", digits / "digits.npz"
    run = brittle.audit(model, data, budget=150, out=str(out), batch=16, data_options=FEW)
    summary = run.summary()
    assert all(key in summary for key in SUMMARY_KEYS)
    assert {"total", "mean", "median", "mean_all", "median_all"} <= set(summary["queries"])
    results = list(run.results())
    assert [r.sample for r in results] == sorted(r.sample for r in results)
    assert summary["samples"] == len(results) == 12
    assert summary["flipped"] >= 5 and summary["survived"] >= 1
    assert summary["queries"]["total"] == sum(r.queries for r in results)
    assert summary["asr"] == summary["flipped"] / (summary["flipped"] + summary["survived"])
    for result in results:
        if result.status is Status.FLIPPED:
            assert result.first and result.closest and result.closest.l2 <= result.first.l2
            assert (out / result.closest.file).read_bytes().startswith(b"\x89PNG")
            assert (out / run.original(result)).exists()
    page = (out / "report.html").read_text()
    assert "digits.onnx" in page
    assert len((out / "results.csv").read_text().splitlines()) == 13
    assert run.sessions()[0]["rows"] == summary["queries"]["total"]


def test_the_agent_plays_images_and_the_report_says_what_it_cost(digits: Path, tmp_path: Path) -> None:
    images = brittle.audit(digits / "digits.onnx", digits / "digits.npz", budget=6, out=str(tmp_path / "i"))
    assert images.manifest.settings["search"] == "agent" == next(images.results()).search
    assert images.manifest.agent and images.manifest.agent["queries"] > 10_000
    page = (tmp_path / "i" / "report.html").read_text(encoding="utf-8")
    assert f"{images.manifest.agent['queries']:,} queries" in page


def test_the_same_command_again_asks_nothing(digits: Path, tmp_path: Path) -> None:
    for _ in range(2):
        run = brittle.audit(
            digits / "digits.onnx",
            digits / "digits.npz",
            budget=40,
            out=str(tmp_path / "r"),
            batch=8,
            data_options=FEW,
        )
    assert len(run.sessions()) == 1 and run.was_finished


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize("search", ["random", "greedy"])
def test_batch_size_and_processes_change_nothing(digits: Path, tmp_path: Path, search: str) -> None:
    ways = {"1": (1, 1), "7": (7, 1), "32": (32, 1), "two processes": (7, 2)}
    for name, (batch, workers) in ways.items():
        brittle.audit(
            "victims:digits",
            digits / "digits.npz",
            search=search,
            budget=40,
            batch=batch,
            workers=workers,
            out=str(tmp_path / name),
            data_options={"limit": 36},  # a batch of 32 is filled
        )
    first, *others = (tmp_path / name for name in ways)
    for other in others:
        assert lines(first) == lines(other)
        assert flips(first) == flips(other)


def test_an_engine_asked_from_several_threads_changes_nothing(digits: Path, tmp_path: Path) -> None:
    for threads in (1, 3):
        out = str(tmp_path / str(threads))
        run = brittle.audit(
            digits / "digits.onnx",
            digits / "digits.npz",
            budget=60,
            batch=4,
            out=out,
            data_options=FEW,
            model_options={"threads": threads},
        )
        assert run.sessions()[-1]["rows"] == sum(r.queries for r in run.results())
    assert lines(tmp_path / "1") == lines(tmp_path / "3")
    assert flips(tmp_path / "1") == flips(tmp_path / "3")


@pytest.mark.usefixtures("importable")
def test_a_killed_audit_is_finished_by_the_same_command(digits: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    words = ("victims:slow", str(digits / "digits.npz"), "--batch", "8", "--budget", "40", "--limit", "30")
    command = [sys.executable, "-m", "brittle", "audit", *words, "--out", str(killed)]
    kills = 0
    while not (killed / "summary.json").exists():
        assert kills < 40
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        target = len(_results(killed)) + 6  # let it finish some more samples, then strike in the middle
        while process.poll() is None and len(_results(killed)) < min(target, 30):
            time.sleep(0.02)
        if process.poll() is None and kills < 2:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills == 2
    data = digits / "digits.npz"
    brittle.audit("victims:digits", data, batch=8, budget=40, out=str(whole), data_options={"limit": 30})
    assert lines(whole) == lines(killed)
    assert flips(whole) == flips(killed)


def _results(run: Path) -> list[str]:
    path = run / "results.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def test_a_half_written_line_is_played_again(digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    call: dict[str, Any] = {"budget": 40, "out": str(out), "batch": 8, "data_options": FEW}
    brittle.audit(digits / "digits.onnx", digits / "digits.npz", **call)
    before = lines(out)
    text = (out / "results.jsonl").read_text()
    (out / "results.jsonl").write_text(text[: len(text) * 2 // 3])
    (out / "summary.json").unlink()
    brittle.audit(digits / "digits.onnx", digits / "digits.npz", **call)
    assert lines(out) == before


@pytest.mark.usefixtures("importable")
def test_a_ledger_answers_what_was_asked_before(digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    call: dict[str, Any] = {"budget": 60, "out": str(out), "batch": 8, "keep_answers": True}
    call["data_options"] = FEW
    brittle.audit("victims:digits", digits / "digits.npz", **call)
    before = lines(out)
    (out / "results.jsonl").write_text("")
    run = brittle.audit("victims:digits", digits / "digits.npz", **call)
    assert lines(out) == before
    last = run.sessions()[-1]
    assert last["looked_up"] == last["rows"] == sum(row["queries"] for row in before)


def test_a_different_command_is_refused_with_the_difference(digits: Path, tmp_path: Path) -> None:
    data = (np.load(digits / "digits.npz")["x"][:4], None)
    brittle.audit(digits / "digits.onnx", data, budget=20, out=str(tmp_path / "r"))
    with pytest.raises(brittle.BrittleError, match=r"different command: settings.budget was 20, now 30"):
        brittle.audit(digits / "digits.onnx", data, budget=30, out=str(tmp_path / "r"))


def test_settings_read_back_what_they_write(tmp_path: Path) -> None:
    settings = brittle.AuditSettings.build(
        {"budget": 77, "max_l2": 2.5, "distortions": ("jpeg",), "target": "3"}
    )
    path = tmp_path / "settings.yaml"
    path.write_text(settings.to_text())
    assert brittle.AuditSettings.build(brittle.AuditSettings.read(path)) == settings
    path = tmp_path / "settings.toml"
    path.write_text('budget = 77\nmax_l2 = 2.5\ndistortions = ["jpeg"]\ntarget = "3"\n')
    assert brittle.AuditSettings.build(brittle.AuditSettings.read(path)) == settings


def test_targeted_and_limited_flips_keep_their_terms(digits: Path, tmp_path: Path) -> None:
    run = brittle.audit(
        digits / "digits.onnx",
        digits / "digits.npz",
        target="8",
        max_l2=1.0,
        budget=200,
        search="random",
        data_options={"limit": 20},
        out=str(tmp_path / "r"),
    )
    flipped = [r for r in run.results() if r.status is Status.FLIPPED]
    assert flipped
    for result in flipped:
        assert result.closest and result.closest.predicted == 8
        assert result.first and result.first.l2 <= 1.0
    already = [r for r in run.results() if r.label == 8 and r.status is Status.FAILED]
    assert already and "target class already" in already[0].message


def test_a_function_and_arrays_of_python_are_audited(digits: Path, tmp_path: Path) -> None:
    archive = np.load(digits / "weights.npz")
    coef, intercept = archive["coef"], archive["intercept"]

    def model(x: np.ndarray) -> np.ndarray:
        return np.asarray(x.reshape(len(x), -1) @ coef.T + intercept)

    seen: list[float] = []
    x = np.load(digits / "digits.npz")["x"][:6]
    run = brittle.audit(
        model, (x, None), budget=50, out=str(tmp_path / "r"), watch=lambda p: seen.append(p.share)
    )
    assert run.summary()["flipped"] + run.summary()["survived"] == 6
    assert seen == sorted(seen) and seen[-1] == 1.0


def test_verification_holds_and_finds_what_was_tampered_with(digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    run = brittle.audit(
        digits / "digits.onnx", digits / "digits.npz", budget=60, out=str(out), data_options=FEW
    )
    good = brittle.verify(out)
    assert good.checks and not good.broken and good.same_model
    victim = next(r for r in run.results() if r.closest)
    assert victim.closest
    (out / victim.closest.file).write_bytes((out / run.original(victim)).read_bytes())
    bad = brittle.verify(out, digits / "digits.onnx")
    assert {check.file for check in bad.broken} == {victim.closest.file}


def test_a_target_in_other_letters_is_verified_as_it_was_audited(digits: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text(
        "\n".join(["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"])
    )
    options = {"classes": str(names)}
    out = str(tmp_path / "r")
    brittle.audit(
        digits / "digits.onnx",
        digits / "digits.npz",
        target="eight",
        model_options=options,
        budget=200,
        data_options=FEW,
        out=out,
    )
    checked = brittle.verify(out)
    assert any(check.file.endswith(".png") for check in checked.checks) and not checked.broken


def test_the_report_comes_from_the_run_alone(digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "moved"
    data = digits / "digits.npz"
    brittle.audit(digits / "digits.onnx", data, budget=30, out=str(tmp_path / "r"), data_options=FEW)
    (tmp_path / "r").rename(out)
    before = (out / "report.html").read_text()
    for name in ("report.html", "results.csv", "summary.json"):
        (out / name).unlink()
    brittle.rewrite_report(out)
    assert (out / "report.html").read_text() == before

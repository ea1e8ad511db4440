"""The command line as a user meets it: good input gives a table, bad input one line and an exit code."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from brittle.cli import cli


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


def refused(code: int, *words: str, command: tuple[object, ...]) -> None:
    """The command ends with this exit code and one line that has these words."""
    result = run(*command)
    assert result.exit_code == code, result.output
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error:") and "Traceback" not in result.output
    for word in words:
        assert word in lines[0], lines[0]


@pytest.fixture
def victim(digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A model and data; the working folder is empty, with victims.py to import."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(digits))
    return digits / "digits.onnx", digits / "digits.npz"


def test_audit_shows_a_table_and_the_report(victim: tuple[Path, Path], tmp_path: Path) -> None:
    result = run("audit", *victim, "--budget", 60, "--limit", 12, "--out", tmp_path / "r")
    assert result.exit_code == 0, result.output
    for word in ("Samples", "Already wrong", "Flipped", "ASR", "Queries", "L2", "Rows per second"):
        assert word in result.stdout
    assert str(tmp_path / "r" / "report.html") in result.stdout
    assert run("verify", tmp_path / "r", victim[0]).exit_code == 0
    assert run("report", tmp_path / "r").exit_code == 0


def test_the_same_command_finds_its_folder_again(victim: tuple[Path, Path], tmp_path: Path) -> None:
    for _ in range(2):
        assert run("audit", *victim, "--budget", 9, "--limit", 3).exit_code == 0
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_a_config_file_is_overruled_by_options(victim: tuple[Path, Path], tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('budget = 30\nsearch = "greedy"\n[data_options]\nlimit = 2\n')
    assert run("audit", *victim, "--config", config, "--budget", 12, "--out", "r").exit_code == 0
    settings = json.loads((tmp_path / "r" / "run.json").read_text())["settings"]
    assert (settings["budget"], settings["search"], settings["data_options"]["limit"]) == (12, "greedy", 2)


def test_list_names_every_kind_with_a_line() -> None:
    result = run("list")
    assert result.exit_code == 0
    for name in (
        "gaussian_noise",
        "jpeg",
        "random",
        "greedy",
        "onnx",
        "http",
        "efficientnet-lite0",
        "image",
        "npz",
    ):
        row = next(line for line in result.stdout.splitlines() if line.split()[:1] == [name])
        assert len(row.split()) > 3


def test_a_broken_flip_makes_verify_exit_with_1(victim: tuple[Path, Path], tmp_path: Path) -> None:
    run("audit", *victim, "--budget", 60, "--out", "r")
    rows = [json.loads(line) for line in (tmp_path / "r" / "results.jsonl").read_text().splitlines()]
    file = next(row["closest"]["file"] for row in rows if row["closest"])
    Image.new("L", (8, 8)).save(tmp_path / "r" / file)
    result = run("verify", "r")
    assert result.exit_code == 1
    assert "does not hold" in result.stdout and file in result.stdout


BAD = {
    "no such model file": (4, ("nowhere.onnx",), ("nowhere.onnx", "DATA")),
    "unknown model": (2, ("efficientnet-lite0",), ("efficientnet-lit0", "DATA")),
    "no such data": (3, ("nowhere",), ("MODEL", "nowhere")),
    "unknown search": (2, ("greedy",), ("MODEL", "DATA", "--search", "gredy")),
    "unknown distortion": (2, ("gaussian_blur",), ("MODEL", "DATA", "--distortion", "gausian_blur")),
    "no such function": (2, ("digits",), ("victims:digitz", "DATA")),
    "a budget too small": (2, ("budget",), ("MODEL", "DATA", "--budget", "2")),
    "a cell too large": (2, ("cell", "9"), ("MODEL", "DATA", "--cell", "9x9")),
    "a cell that is none": (2, ("cell", "big"), ("MODEL", "DATA", "--cell", "big")),
    "unknown target": (2, ("class",), ("MODEL", "DATA", "--target", "eleven")),
    "as many top classes as there are": (
        2,
        ("below", "10 classes", "10"),
        ("MODEL", "DATA", "--top-k", "10"),
    ),
    "target out of range": (2, ("0 to 9", "77"), ("MODEL", "DATA", "--target", "77")),
    "missing config": (2, ("none.yaml",), ("MODEL", "DATA", "--config", "none.yaml")),
    "model raises": (4, ("RuntimeError", "no weights"), ("victims:broken", "DATA")),
    "one class only": (4, ("class",), ("victims:narrow", "DATA")),
    "endpoint down": (4, ("127.0.0.1",), ("http://127.0.0.1:9/", "DATA", "--retries", "0", "--timeout", "1")),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_an_exit_code(name: str, victim: tuple[Path, Path]) -> None:
    code, words, arguments = BAD[name]
    named = {"MODEL": str(victim[0]), "DATA": str(victim[1])}
    refused(code, *words, command=("audit", *(named.get(a, a) for a in arguments), "--limit", "4"))


def test_bad_settings_files_are_one_line(victim: tuple[Path, Path], tmp_path: Path) -> None:
    texts = {"a.yaml": "budget: [", "b.toml": "budget = ", "c.yaml": "- 1", "d.yaml": "bugdet: 3"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        words = ("did you mean 'budget'",) if name == "d.yaml" else (name,)
        refused(2, *words, command=("audit", *victim, "--config", tmp_path / name))


def test_foreign_half_written_and_busy_folders(victim: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.txt").write_text("mine")
    refused(5, "other files", "--out", command=("audit", *victim, "--out", "photos"))
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "run.json").write_text('{"format": 1, "settings"')
    refused(5, "run.json", command=("audit", *victim, "--out", "half"))
    refused(5, "run.json", command=("report", "nothing"))
    refused(5, "run.json", command=("verify", "photos"))
    assert run("audit", *victim, "--limit", 3, "--budget", 9, "--out", "r").exit_code == 0
    refused(5, "budget was 9, now 10", command=("audit", *victim, "--limit", 3, "--budget", 10, "--out", "r"))
    (tmp_path / "file").write_text("")
    refused(5, "--out", command=("audit", *victim, "--out", "file"))


def test_a_folder_in_use_is_refused(victim: tuple[Path, Path], digits: Path, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "r"), "--batch", "1")
    slow = subprocess.Popen(
        [sys.executable, "-m", "brittle", "audit", "victims:slow", str(victim[1]), *out],
        cwd=digits,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not (tmp_path / "r" / "run.json").exists():
            assert slow.poll() is None
            time.sleep(0.02)
        refused(5, "in use", command=("audit", "victims:slow", victim[1], *out))
    finally:
        slow.kill()
        slow.wait()


def test_one_bad_sample_is_a_failed_row(victim: tuple[Path, Path], digits: Path, tmp_path: Path) -> None:
    for label in range(3):
        folder = tmp_path / "data" / str(label)
        folder.mkdir(parents=True)
        Image.fromarray(np.full((8, 8), 80 * label, np.uint8)).save(folder / "ok.png")
    whole = (tmp_path / "data" / "0" / "ok.png").read_bytes()
    (tmp_path / "data" / "0" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "data" / "1" / "text.png").write_text("not an image")
    assert run("audit", victim[0], "data", "--budget", 9, "--out", "r").exit_code == 0
    rows = {
        r["sample"]: r for r in map(json.loads, (tmp_path / "r" / "results.jsonl").read_text().splitlines())
    }
    failed = {name for name, row in rows.items() if row["status"] == "failed"}
    assert failed == {"0/cut.png", "1/text.png"} and len(rows) == 5
    assert all("png" in rows[name]["message"] for name in failed)


def test_nan_answers_fail_their_samples_alone(victim: tuple[Path, Path], tmp_path: Path) -> None:
    x = np.load(victim[1])["x"][:10].copy()
    x[:, 0, 3, 3] = 0
    x[4, 0, 3, 3] = 255
    np.savez(tmp_path / "x.npz", x=x)
    assert (
        run("audit", "victims:half", "x.npz", "--budget", 9, "--distortion", "jpeg", "--out", "r").exit_code
        == 0
    )
    rows = [json.loads(line) for line in (tmp_path / "r" / "results.jsonl").read_text().splitlines()]
    assert rows[4]["status"] == "failed" and "NaN" in rows[4]["message"]
    assert sum(row["status"] != "failed" for row in rows) >= 5


def test_labels_that_are_numbered_otherwise_are_doubted(victim: tuple[Path, Path], tmp_path: Path) -> None:
    data = np.load(victim[1])
    np.savez(tmp_path / "x.npz", x=data["x"], y=(data["y"] + 1) % 10)
    found = run("audit", victim[0], "x.npz", "--budget", 9, "--limit", 20, "--out", "r")
    assert found.exit_code == 0
    assert "were wrong before anything was changed. Likely causes" in found.stdout
    assert "Likely causes" in (tmp_path / "r" / "report.html").read_text()
    summary = json.loads((tmp_path / "r" / "summary.json").read_text())
    assert summary["accuracy"] <= 0.1
    found = run("audit", *victim, "--budget", 9, "--limit", 20, "--out", "right")
    assert "Likely causes" not in found.stdout
    summary = json.loads((tmp_path / "right" / "summary.json").read_text())
    assert summary["accuracy"] == 1 - summary["misclassified"] / 20


def test_nothing_playable_is_an_error(victim: tuple[Path, Path], tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.full((3, 1, 8, 8), np.nan, np.float32), y=[1, 2, 3])
    command = ("audit", victim[0], "x.npz", "--bounds", "0,1", "--out", "r")
    result = run(*command)
    assert result.exit_code == 3 and "no sample could be played" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line_and_keeps_what_is_finished(
    victim: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("audit", *victim, "--limit", 4, "--budget", 9, "--out", "r")
    opened = Path.open

    def on_a_full_disk(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
        if path.name == "summary.json.part":
            path, mode = Path("/dev/full"), "wb"
        return opened(path, mode, *more, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", on_a_full_disk)
        refused(7, "No space left", "same command", command=command)
    assert len((tmp_path / "r" / "results.jsonl").read_text().splitlines()) == 4
    assert not (tmp_path / "r" / "summary.json").exists()
    assert run(*command).exit_code == 0


def test_help_and_import_load_neither_torch_nor_matplotlib() -> None:
    heavy = ("torch", "matplotlib", "scipy", "onnxruntime", "pydantic")
    code = f"import sys, brittle, brittle.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert run("--help").exit_code == 0


def test_one_of_several_outputs_is_named(victim: tuple[Path, Path], tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(victim[0]))
    model.graph.node.append(onnx.helper.make_node("Neg", ["logits"], ["against"]))
    model.graph.output.append(onnx.helper.make_tensor_value_info("against", 1, ["n", 10]))
    onnx.save(model, "two.onnx")
    command = ("audit", "two.onnx", victim[1], "--budget", 9, "--limit", 6, "--out", "r")
    refused(4, "logits tensor(float)", "against tensor(float)", "--output-name", command=command)
    refused(2, "did you mean 'logits'?", command=(*command, "--output-name", "logit"))
    refused(2, "--output-name", command=("audit", "victims:digits", victim[1], "--output-name", "logits"))
    assert run(*command, "--output-name", "logits").exit_code == 0
    settings = json.loads((tmp_path / "r" / "run.json").read_text())["settings"]
    assert settings["model_options"]["output_name"] == "logits"
    refused(5, "output_name was", command=(*command, "--output-name", "against"))
    assert run("verify", "r").exit_code == 0
    assert run("verify", "r", "victims:digits").exit_code == 0  # the same model, without outputs to name
    assert run("verify", "r", "two.onnx", "--output-name", "against").exit_code == 1


def test_settings_of_a_search_are_given_by_name(victim: tuple[Path, Path], tmp_path: Path) -> None:
    words = ("--budget", 30, "--limit", 2, "--out", "r")
    found = run("audit", *victim, "--search", "rlab", "--set", "fixed_n=3", *words)
    assert found.exit_code == 0, found.output
    settings = json.loads((tmp_path / "r" / "run.json").read_text())["settings"]
    assert settings["search_settings"] == {"fixed_n": 3}
    refused(2, "--set NAME=VALUE", "waves", command=("audit", *victim, "--set", "waves"))
    refused(2, "no setting 'wave'", command=("audit", *victim, "--search", "ripple", "--set", "wave=3"))


@pytest.mark.parametrize("command", ["report", "verify", "audit"])
def test_a_folder_with_a_name_that_none_can_have_is_one_line(victim: tuple[Path, Path], command: str) -> None:
    name = "n" * 300
    words = [*victim, "--budget", 9, "--out", name] if command == "audit" else [name]
    result = run(command, *words)
    assert result.exit_code == (7 if command == "audit" else 5)
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1


def test_who_wants_a_first_flip_within_an_l2_is_told_of_the_player_made_for_it(
    victim: tuple[Path, Path],
) -> None:
    words = (*victim, "--limit", 2, "--budget", 9, "--out")
    told = "--search ripple is made for a first flip within an L2"
    within = ("--goal", "first", "--max-l2", 2)
    assert told in run("audit", *words, "a", *within).stdout
    assert told not in run("audit", *words, "b", *within, "--search", "patchwork").stdout
    assert told not in run("audit", *words, "c", "--goal", "first").stdout

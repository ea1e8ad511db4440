"""Severity curves beside an audit: what they count, that they go on, and that nothing false holds."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli
from brittle.core.canvas import distort
from brittle.core.errors import RunError, UsageError
from brittle.data import open_data
from brittle.models import open_model
from brittle.report.severity import severity_of
from brittle.store.run import Run
from brittle.tasks.audit.curves import curve_distortions

SHAPED: dict[str, Any] = {"budget": 12, "batch": 8, "search": "patchwork", "data_options": {"limit": 9}}
NOISE = ("gaussian_noise", "illumination")
TIMES = ("seconds", "started", "finished")


@pytest.fixture(scope="module")
def audited(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> brittle.Run:
    """An audit of nine digits, with curves."""
    out = tmp_path_factory.mktemp("curves") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(digits)
        return brittle.audit("digits.onnx", "digits.npz", out=out, curves=True, distortions=NOISE, **SHAPED)


def lines(run: Path) -> list[dict[str, Any]]:
    """The results of curves, times apart."""
    found = [json.loads(line) for line in (run / "curves" / "results.jsonl").read_text().splitlines()]
    return [{k: v for k, v in one.items() if k not in TIMES} for one in found]


def test_errors_are_those_of_the_inputs_that_the_distortions_make(audited: brittle.Run, digits: Path) -> None:
    run = Run.open(audited.path / "curves")
    found = severity_of(run)
    data = np.load(digits / "digits.npz")
    model = open_model(str(digits / "digits.onnx"))
    opened = {result.sample: result for result in run.curve_results()}
    place, wrong = 0, []
    samples = list(map(open_data(str(digits / "digits.npz")).open, opened))
    assert [s.label for s in samples] == data["y"][:9].tolist()
    for distortion in curve_distortions(NOISE, run.manifest.spec):
        for level in distortion.levels:
            spec = run.manifest.spec
            x = np.stack([spec.decode(spec.encode(distort(distortion, s, level, 0, 0))) for s in samples])
            answers = np.asarray(model.ask(x)).argmax(axis=1)
            assert [opened[s.id].answers[place] for s in samples] == answers.tolist()
            wrong.append(sum(a != s.label for a, s in zip(answers, samples, strict=True)))
            place += 1
    clean = sum(np.asarray(model.ask(np.stack([s.x for s in samples]))).argmax(axis=1) != data["y"][:9])
    assert found.clean.wrong == clean and found.clean.samples == 9 and found.labelled
    told = {(c.distortion, one.level): one.wrong for c in found.curves for one in c.levels}
    assert wrong == [told[layer.distortion, layer.level] for layer in run.manifest.palette]
    assert any(wrong) and len(told) == len(wrong)


def test_rows_stand_on_a_line_of_their_own(audited: brittle.Run) -> None:
    run = Run.open(audited.path / "curves")
    layers = len(run.manifest.palette)
    assert layers == 3 + 6 + 75
    assert run.rows().samples == run.rows().asked == 9 * (layers + 1)
    summary = run.summary()
    assert summary["rows"] == 9 * (layers + 1) and summary["samples"] == 9
    assert audited.rows().samples == audited.summary()["queries"]["total"]
    assert len(summary["curves"]) == 1 + 2 + 15  # both ways of illumination
    assert [c["distortion"] for c in summary["curves"]][:3] == ["gaussian_noise", *["illumination"] * 2]
    table = (run.path / "curves.csv").read_text().splitlines()
    assert len(table) == 1 + 1 + layers


def test_the_audit_is_the_same_with_them(audited: brittle.Run, digits: Path, tmp_path: Path) -> None:
    def left(run: Path) -> Any:
        files = {f.name: f.read_bytes() for f in run.glob("flips/*")}
        found = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
        return files, [{k: v for k, v in one.items() if k not in TIMES} for one in found]

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(digits)
        alone = brittle.audit("digits.onnx", "digits.npz", out=tmp_path / "a", distortions=NOISE, **SHAPED)
        assert left(alone.path) == left(audited.path)
        assert (alone.path / "run.json").read_text() == (audited.path / "run.json").read_text()
        assert "Severity curves" not in (alone.path / "report.html").read_text()
        again = {
            **SHAPED,
            "batch": 3,
            "workers": 2,
        }  # they may be drawn later, and in any number of processes
        brittle.audit("digits.onnx", "digits.npz", out=alone.path, curves=True, distortions=NOISE, **again)
    assert lines(alone.path) == lines(audited.path)


def test_they_go_on_where_they_stopped(audited: brittle.Run, digits: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(audited.path, run)
    results, whole = run / "curves" / "results.jsonl", lines(run)
    text = results.read_text().splitlines(keepends=True)
    results.write_text("".join(text[:4]) + text[4][:20])
    (run / "curves" / "summary.json").unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(digits)
        brittle.audit("digits.onnx", "digits.npz", out=run, curves=True, distortions=NOISE, **SHAPED)
    assert lines(run) == whole
    assert Run.open(run / "curves").rows().samples == (9 + 5) * 85


def test_the_page_has_them(audited: brittle.Run) -> None:
    page = (audited.path / "report.html").read_text()
    section = page.split("Severity curves</h2>")[1].split("<h2>")[0]
    assert "over all 9 samples" in section and "765 rows beside the budget" in section
    assert "illumination -" in section and "imagenet_c/fog" in section
    assert section.count("<svg") == 2 and len(re.findall("<tr>", section)) == 1 + 1 + 2 + 15


def test_they_are_verified(audited: brittle.Run, digits: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(digits)
        found = brittle.verify(audited.path / "curves")
        assert not found.broken and found.answers == 9 * 85 and found.finished
        assert any("brittle verify" in note for note in brittle.verify(audited.path).notes)
        run = tmp_path / "run"
        shutil.copytree(audited.path / "curves", run)
        results = run / "results.jsonl"
        text = results.read_text().splitlines()
        line = json.loads(text[2])
        line["answers"][7] = (line["answers"][7] + 1) % 10
        results.write_text("\n".join([*text[:2], json.dumps(line), *text[3:]]) + "\n")
        broken = [str(check) for check in brittle.verify(run).broken]
        assert any("the answer to illumination" in one for one in broken), broken
        assert any(one.startswith("summary.json") for one in broken)
        shown = CliRunner().invoke(cli, ["verify", str(run)])
    assert shown.exit_code == 1 and "answers of 9 samples (6" in shown.output


def test_what_cannot_be_is_one_line(audited: brittle.Run, digits: Path) -> None:
    with pytest.raises(UsageError, match="expected a whole run for curves"):
        brittle.audit("digits.onnx", "digits.npz", curves=True, shard="1/2")
    with pytest.raises(RunError, match="are the curves of an audit; write the report of that"):
        brittle.rewrite_report(audited.path / "curves")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(digits)
        cost = brittle.estimate("digits.onnx", "digits.npz", curves=True, distortions=NOISE, **SHAPED)
    assert cost.rows == 9 * (12 + 85)


def test_the_command_says_what_they_say(digits: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(digits)
        words = ["audit", "digits.onnx", "digits.npz", "--curves", "--limit", "2", "--budget", "5"]
        shown = CliRunner().invoke(cli, [*words, "--distortion", "jpeg", "--out", str(tmp_path / "run")])
    assert shown.exit_code == 0, shown.output
    assert re.search(r"Errors: .* untouched, .* under the 15 corruptions \(158 rows", shown.output)

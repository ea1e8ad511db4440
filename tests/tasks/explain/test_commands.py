"""The commands of explanations, as people type them."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli


def told(*arguments: object, code: int = 0) -> str:
    found = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found.output


@pytest.fixture
def asked(digits: Path) -> tuple[Path, Path]:
    return digits / "digits.onnx", digits / "digits.npz"


def test_explain_report_and_verify(asked: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ["--budget", 60, "--fill", "flat", "--limit", 4, "--explainer", "rise", "--set", "cells=4"]
    shown = told("explain", *asked, *options, "--out", out)
    assert "Share that suffices" in shown and "report.html" in shown
    page = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    told("report", out)
    assert (out / "report.html").read_bytes() == page
    assert "checks hold" in told("verify", out, *asked)
    again = told("explain", *asked, *options, "--out", out)
    assert "Rows shown" in again
    (run,) = [brittle.Run.open(out)]
    assert run.manifest.settings["explainer_settings"] == {"cells": 4}


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--explainer", "surwey"], 2, "survey"),
        (["--fill", "powerline"], 2, "time"),
        (["--budget", "5"], 2, "greater than"),
        (["--class", "nobody"], 2, "no class"),
        (["--truth", "nowhere"], 3, "masks"),
        (["--from", "nowhere"], 2, "got both"),
        (["--set", "cells=0"], 2, "cells"),
    ],
)
def test_wrong_wishes_are_one_line(
    asked: tuple[Path, Path], tmp_path: Path, options: list[str], code: int, words: str
) -> None:
    rise = [] if "--explainer" in options else ["--explainer", "rise"]
    shown = told("explain", *asked, *rise, *options, "--out", tmp_path / "x", code=code)
    assert words in shown and "Traceback" not in shown and shown.strip().count("\n") == 0


def test_explainers_and_models_are_set_side_by_side(asked: tuple[Path, Path], tmp_path: Path) -> None:
    model, data = asked
    options = ["--budget", 60, "--fill", "flat", "--limit", 9]
    both = ["--explainer", "rise", "--explainer", "occlusion"]
    shown = told("compare", model, data, *both, *options, "--out", tmp_path / "a")
    assert "first)" in shown and "Stability" in shown
    page = (tmp_path / "a" / "compare.html").read_text()
    assert "rise" in page and "occlusion" in page and "data:image" in page and "http" not in page
    other = tmp_path / "other.onnx"
    other.write_bytes(model.read_bytes())
    shown = told("compare", model, other, data, "--explain", *options, "--out", tmp_path / "b")
    assert "digits" in shown and "equal" in shown
    runs = [tmp_path / "a" / name for name in ("rise", "occlusion")]
    assert "first)" in told("compare", *runs, "--out", tmp_path / "c")
    copied = shutil.copytree(runs[0], tmp_path / "d" / "rise")  # of the same name
    told("compare", runs[0], copied, "--out", tmp_path / "c")
    page = (tmp_path / "c" / "compare.html").read_text()
    assert "a/rise" not in page and ">a<" in page and ">d<" in page
    assert "expected different ones" in told(
        *("compare", model, data, "--explainer", "rise", "--explainer", "rise"), code=2
    )
    assert "MODEL and DATA" in told("compare", model, "--explainer", "rise", code=2)


def test_explainers_are_listed_and_have_schemas() -> None:
    assert "survey" in told("list") and "Explainers" in told("list").title()
    assert "cells" in told("schema", "explainer:rise")
    for name in ("explain", "compare-explanations", "explanation", "explanation-summary"):
        assert '"properties"' in told("schema", name)

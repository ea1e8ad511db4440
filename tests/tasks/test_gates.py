"""Gates as a pipeline meets them: exit codes, an assertion in pytest, a step of a workflow; green and red."""

import importlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

import brittle
from brittle.cli import cli
from brittle.testing import assert_robust

pytest_plugins = ("pytester",)
ROOT = Path(__file__).parents[2]
MODULE = """
import numpy as np

def paper(x):
    light = x.mean(axis=(1, 2, 3)) - 0.5
    return np.stack([light, -light], axis=1) * 20

def rock(x):
    return np.tile(np.float32([1, 0]), (len(x), 1))

paper.input_shape = rock.input_shape = (3, 8, 8)
"""
SETTINGS = ("--budget", "30", "--search", "random", "--goal", "first", "--batch", "32")
GATES = ("--fail-over", "asr=.4", "--fail-under", "l2.median=.01")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with gated_nets.py, x.npz, and a run of each net: paper flips, rock does not."""
    folder = tmp_path_factory.mktemp("gates")
    (folder / "gated_nets.py").write_text(MODULE)
    codes = np.random.default_rng(0).integers(0, 256, (12, 3, 8, 8), np.uint8)
    np.savez(folder / "x.npz", x=codes)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.syspath_prepend(str(folder))
        for net in ("paper", "rock"):
            assert audit(net).exit_code == 0
    return folder


@pytest.fixture(autouse=True)
def here(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    monkeypatch.syspath_prepend(str(world))


def audit(net: str, *words: str) -> Result:
    """The command; the same again finds its run finished."""
    command = ["audit", f"gated_nets:{net}", "x.npz", *SETTINGS, "--out", net, *words]
    return CliRunner().invoke(cli, command, catch_exceptions=False)


def lines(result: Result) -> list[str]:
    return [line for line in result.stdout.splitlines() if line.startswith(("red:", "green:"))]


def test_a_gate_is_green_for_rock_and_red_for_paper() -> None:
    green = audit("rock", *GATES)
    assert green.exit_code == 0, green.output
    assert [line.split()[0] for line in lines(green)] == ["green:", "green:"]
    assert "infinite, as none of 12 flipped" in green.stdout
    red = audit("paper", *GATES)
    assert red.exit_code == 9 and "nothing asked" not in red.stderr
    assert [line.split()[0] for line in lines(red)] == ["red:", "green:"]
    assert "over 0.4; see paper/report.html" in lines(red)[0]
    assert audit("paper").exit_code == 0, "gates are no part of a run"


def test_a_new_run_is_finished_and_written_though_a_gate_is_red(tmp_path: Path) -> None:
    out = tmp_path / "new"
    assert audit("paper", "--limit", "4", "--fail-over", "asr=.1", "--out", str(out)).exit_code == 9
    assert (out / "summary.json").is_file() and (out / "report.html").is_file()
    assert "asr" not in (out / "settings.yaml").read_text()


def test_sure_decides_on_the_safe_end() -> None:
    assert audit("rock", "--fail-over", "asr=.2").exit_code == 0
    doubted = audit("rock", "--fail-over", "asr=.2", "--sure")
    assert doubted.exit_code == 9 and "may be over 0.2" in doubted.stdout
    assert audit("rock", "--fail-over", "asr=.25", "--fail-under", "l2.median=9", "--sure").exit_code == 0


def test_a_baseline_is_red_and_green() -> None:
    worse = audit("paper", "--against", "rock")
    assert worse.exit_code == 9 and "see brittle compare rock paper" in worse.stdout
    assert audit("rock", "--against", "paper", "--sure").exit_code == 0
    itself = audit("rock", "--against", "rock")
    assert itself.exit_code == 5 and "another run" in itself.stderr


def test_what_cannot_be_gated_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    for words, code in (
        (("--fail-over", "asrr=.4"), 2),
        (("--fail-over", "asr=40"), 2),
        (("--against", "nowhere"), 5),
    ):
        result = audit("paper", *words, "--out", str(tmp_path / "none"))
        assert result.exit_code == code and len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "none").exists()


def test_a_settings_file_may_have_gates(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("fail_over: {asr: 0.4}\nsure: true\n")
    assert audit("paper", "--config", str(config)).exit_code == 9
    assert audit("paper", "--config", str(config), "--fail-over", "asr=1").exit_code == 0


def test_help_names_the_exit_code() -> None:
    for command in ("audit", "score"):
        text = CliRunner().invoke(cli, [command, "--help"]).stdout
        assert "9 a gate is red" in text and "--fail-under" in text and "Gates:" in text


def test_junit_has_samples_and_gates(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "junit.xml"
    assert audit("paper", *GATES, "--junit", str(file)).exit_code == 9
    samples, gates = ElementTree.parse(file).getroot()
    assert samples.attrib["tests"] == "12" and gates.attrib["failures"] == "1"


def test_an_assertion_names_figures_and_samples() -> None:
    paper, rock = brittle.Run.open("paper"), brittle.Run.open("rock")
    assert_robust(rock, over={"asr": 0.4}, under={"l2.median": 2.5}, against="paper")
    with pytest.raises(AssertionError) as raised:
        assert_robust(paper, over={"asr": 0.4}, against="rock")
    text = str(raised.value)
    assert "red: asr is" in text and "red: ASR is" in text and str(Path("paper", "flips")) in text
    assert text.count(": L2 ") == 5
    with pytest.raises(brittle.UsageError, match="nothing to assert"):
        assert_robust(rock)


TESTS = """
import gated_nets
from brittle.testing import assert_robust

SETTINGS = dict(budget=30, search="random", goal="first", batch=32)

def test_rock(brittle_audit):
    assert_robust(brittle_audit(gated_nets.rock, {data!r}, **SETTINGS), over={{"asr": .4}})

def test_paper(brittle_audit):
    assert_robust(brittle_audit("gated_nets:paper", {data!r}, **SETTINGS), over={{"asr": .4}})
"""


def test_the_plugin_audits_green_and_red(
    world: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(TESTS.format(data=str(world / "x.npz")))
    found = pytester.runpytest_inprocess("-p", "brittle.testing.plugin")
    found.assert_outcomes(passed=1, failed=1)
    found.stdout.fnmatch_lines(["*red: asr is*", "*The weakest samples:*"])


def test_the_plugin_costs_nothing_before_it_is_used() -> None:
    heavy = ("numpy", "pydantic", "scipy", "onnxruntime", "rich", "click", "yaml")
    code = (
        "import sys, pytest; before = set(sys.modules); import brittle.testing.plugin;"
        f"print([m for m in {heavy} if m in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_pytest_finds_the_plugin_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module = importlib.import_module(project["entry-points"]["pytest11"]["brittle"])
    assert hasattr(module, "brittle_audit")
    assert not any(package.startswith("pytest") for package in project["dependencies"])


def action() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return found


def step(name: str) -> Mapping[str, Any]:
    found: Sequence[Mapping[str, Any]] = action()["runs"]["steps"]
    return next(one for one in found if one.get("name") == name)


def test_no_script_of_the_action_has_text_from_outside() -> None:
    steps = action()["runs"]["steps"]
    assert all("${{" not in one.get("run", "") for one in steps)
    told = {
        text
        for one in steps
        for values in (one.get("env", {}), one.get("with", {}))
        for text in values.values()
    }
    for name in action()["inputs"]:
        assert f"${{{{ inputs.{name} }}}}" in told


@pytest.mark.parametrize(("net", "code"), [("rock", 0), ("paper", 9)])
def test_the_step_of_the_action_runs_green_and_red(net: str, code: int, world: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    given = {
        "MODEL": f"gated_nets:{net}",
        "DATA": "x.npz",
        "ARGS": "--budget 30 --search random\n--goal first --batch 32",
        "FAIL_OVER": "asr=.4 failed=0",
        "FAIL_UNDER": "",
        "OUT": str(tmp_path / "my audit"),
        "GITHUB_STEP_SUMMARY": str(summary),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    assert given.keys() >= step("Audit")["env"].keys()
    script = tmp_path / "step.sh"
    script.write_text(step("Audit")["run"])
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=world,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    text = summary.read_text()
    assert ("    red: asr" in text) == bool(code) and "    green: failed is 0" in text and "ASR" in text
    assert (tmp_path / "my audit" / "report.html").is_file() and (
        tmp_path / "my audit" / "junit.xml"
    ).is_file()


def test_what_is_given_to_the_action_is_never_run(world: Path, tmp_path: Path) -> None:
    hostile = '$(touch owned) `touch owned`; touch owned" *'
    given = dict.fromkeys(step("Audit")["env"], hostile) | {"OUT": str(tmp_path / "out")}
    script = tmp_path / "step.sh"
    script.write_text(step("Audit")["run"])
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "brittle"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=tmp_path,
        env={**os.environ, **given, "GITHUB_STEP_SUMMARY": str(tmp_path / "s.md"), "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and not (tmp_path / "owned").exists()
    assert done.stdout.splitlines()[-3:] == ["--", hostile, hostile] and "\n*\n" in done.stdout

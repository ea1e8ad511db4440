"""Agents that explain as users meet them: train one, explain with it, be told what is wrong with a file."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import brittle
from brittle.cli import cli

pytest.importorskip("stable_baselines3")

QUICK = ("--queries", 900, "--games", 2, "--turns", 8, "--budget", 60, "--first", 12)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def agent(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An agent that was trained a little by the command."""
    out = tmp_path_factory.mktemp("agent") / "mine.safetensors"
    words = ("--kind", "explainer", digits / "digits.onnx", "--data", digits / "digits.npz")
    result = run("train", *words, *QUICK, "--out", out)
    assert result.exit_code == 0, result.output
    return out


def test_a_run_by_an_agent_names_it_and_is_verified(
    victim: tuple[Path, Path], agent: Path, tmp_path: Path
) -> None:
    card = json.loads(agent.with_suffix(".json").read_text())
    assert card["queries"] <= 900 and card["command"].startswith("brittle.train_explainer(['digits.onnx']")
    words = ("explain", *victim, "--agent", agent, "--budget", 60, "--limit", 4, "--out", "r")
    result = run(*words)
    assert result.exit_code == 0, result.output
    found = brittle.Run.open("r")
    about = found.manifest.agent
    assert about and about["player"] == "tide" and about["queries"] == card["queries"]
    assert {one.explainer for one in found.explanations()} == {"agent"}
    assert any((one.notes or {}).get("agent") == about["name"] for one in found.explanations())
    page = (tmp_path / "r" / "report.html").read_text()
    assert "trained on digits.onnx with 12 samples" in page and f"{card['queries']:,} queries" in page
    assert run("verify", "r", *victim).exit_code == 0
    assert run(*words).exit_code == 0
    by_name = ("--explainer", "agent", "--set", f"file={agent}")
    assert run("explain", *victim, *by_name, "--budget", 60, "--limit", 4, "--out", "s").exit_code == 0
    one, other = ((tmp_path / name / "summary.json").read_text() for name in "rs")
    assert json.loads(one)["queries"] == json.loads(other)["queries"]


def test_an_agent_of_the_other_kind_is_one_line(victim: tuple[Path, Path], agent: Path) -> None:
    for words, told in (
        (("audit", *victim, "--agent", agent), "one of brittle explain"),
        (("explain", *victim, "--agent", "cells"), "one of brittle audit"),
        (("explain", *victim, "--agent", agent, "--explainer", "rise"), "no other explainer beside an agent"),
    ):
        result = run(*words)
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        assert result.exit_code == 2 and len(lines) == 1 and told in lines[0], result.output


def test_what_training_cannot_do_is_one_line(victim: tuple[Path, Path]) -> None:
    for words, told in (
        (("--kind", "explainer", "--board", "cells"), "and one of them"),
        (("--kind", "explainer", "--explainer", "rise"), "cannot play 'rise'"),
        (("--kind", "explainer", "--max-l2", "3"), "no setting 'max_l2'"),
        (("--kind", "explains"), "no kind 'explains'"),
    ):
        result = run("train", victim[0], "--data", victim[1], *words, "--out", "a.safetensors")
        assert result.exit_code == 2 and told in result.stderr and "Traceback" not in result.output

"""Agents as users meet them: train one, audit with it, warm it up, and be told what is wrong with a file."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import brittle
from brittle.cli import cli

pytest.importorskip("stable_baselines3")

QUICK = ("--queries", 400, "--games", 4, "--budget", 30, "--first", 12)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def agent(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An agent that was trained a little by the command."""
    out = tmp_path_factory.mktemp("agent") / "a.safetensors"
    words = ("--board", "cells", "--models", digits / "digits.onnx", "--data", digits / "digits.npz")
    result = run("train", *words, *QUICK, "--out", out)
    assert result.exit_code == 0, result.output
    return out


def test_a_trained_agent_plays_an_audit_and_is_named_in_it(
    victim: tuple[Path, Path], agent: Path, tmp_path: Path
) -> None:
    card = json.loads(agent.with_suffix(".json").read_text())
    assert card["queries"] <= 400 and card["command"].startswith("brittle train --board cells")
    assert agent.with_suffix(".csv").is_file() and agent.with_suffix(".png").is_file()
    result = run("audit", *victim, "--agent", agent, "--budget", 40, "--limit", 6, "--out", "r")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "r" / "report.html").read_text()
    assert "trained on digits.onnx with 12 samples" in page
    assert f"{card['queries']:,} queries" in page
    assert run("verify", "r", victim[0]).exit_code == 0


def test_a_warm_up_is_counted_in_the_totals_and_in_its_own_line(
    victim: tuple[Path, Path], agent: Path, tmp_path: Path
) -> None:
    command = (
        "audit",
        *victim,
        "--agent",
        agent,
        "--budget",
        40,
        "--limit",
        6,
        "--warm-up",
        300,
        "--out",
        "w",
    )
    result = run(*command)
    assert result.exit_code == 0, result.output
    found = brittle.Run.open("w")
    summary = found.summary()
    queries = summary["queries"]
    played = sum(r.queries for r in found.results())
    assert 0 < summary["warm_up_rows"] <= 300
    assert summary["rows_shown"] == played + summary["warm_up_rows"] + summary["setup_rows"]
    assert queries["total"] == played
    assert "warm-up" in result.stdout
    names = {(r.notes or {}).get("agent") for r in found.results() if r.status != "misclassified"}
    learned = brittle.Run.open("w").path / "agent.safetensors"
    assert learned.is_file() and learned.read_bytes() != agent.read_bytes()
    assert len(names) == 1 and str(names.pop()).startswith("agent ")
    before = (tmp_path / "w" / "summary.json").read_text()
    assert run(*command).exit_code == 0
    assert json.loads(before)["queries"] == brittle.Run.open("w").summary()["queries"]


@pytest.mark.parametrize("damage", ["missing", "text", "tile", "cut"])
def test_a_bad_agent_file_is_one_line(
    victim: tuple[Path, Path], agent: Path, tmp_path: Path, damage: str
) -> None:
    bad = tmp_path / "bad.safetensors"
    if damage == "text":
        bad.write_text("no agent at all")
    elif damage == "tile":
        bad.write_bytes(
            Path(brittle.__file__)
            .with_name("searches")
            .joinpath("ripple/tiles/imagenet.safetensors")
            .read_bytes()
        )
    elif damage == "cut":
        bad.write_bytes(agent.read_bytes()[:-40])
    result = run("audit", *victim, "--agent", bad, "--limit", 2)
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert result.exit_code == 2 and len(lines) == 1 and "bad.safetensors" in lines[0], result.output


@pytest.mark.parametrize(
    "words, said",
    [
        ((), "--board"),
        (("--board", "cells", "--kind", "tile"), "--board"),
        (("--board", "cells", "--tiles", 4), "no setting 'tiles'"),
        (("--board", "cells", "--queries", 0), "queries: Input should be greater than or equal to 1"),
    ],
)
def test_what_training_cannot_do_is_one_line(
    victim: tuple[Path, Path], words: tuple[object, ...], said: str
) -> None:
    result = run("train", victim[0], "--data", victim[1], *words, "--out", "a.safetensors")
    assert result.exit_code == 2 and said in result.stderr and "Traceback" not in result.output


def test_agent_and_another_search_do_not_go_together(victim: tuple[Path, Path], agent: Path) -> None:
    result = run("audit", *victim, "--agent", agent, "--search", "random")
    assert result.exit_code == 2 and "expected no other search beside an agent, got random" in result.stderr
    result = run("audit", *victim, "--search", "random", "--warm-up", 100)
    assert result.exit_code == 2 and "expected the search agent for a warm-up, got random" in result.stderr

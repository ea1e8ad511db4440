"""The benchmark of optimisers: common starting points, paired differences, and a file that is continued."""

from pathlib import Path

import numpy as np
import pytest

import optimisers
from optimiser_tables import by_method, difference, table

METHODS = ["random", "sobol", "hand+ei", "matern+ucb"]


def test_methods_begin_at_the_same_points_and_regret_falls() -> None:
    rows = [optimisers.play(name, "hartmann6", 3, 1, 6) for name in METHODS]
    assert len({tuple(row["regret"][:3]) for row in rows}) == 1
    assert len({tuple(row["regret"]) for row in rows}) > 1
    for row in rows:
        assert len(row["regret"]) == 6 and (np.diff(row["regret"]) <= 0).all() and row["regret"][-1] >= 0


def test_a_file_is_continued_and_a_greater_budget_played_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.jsonl"

    def lines(budget: int, methods: list[str]) -> int:
        asked = ["--family", "hartmann6", "--tasks", "2", "--budget", str(budget), "--out", str(out)]
        for name in methods:
            asked += ["--method", name]
        monkeypatch.setattr("sys.argv", ["optimisers.py", *asked])
        optimisers.main()
        return len(out.read_text().splitlines())

    assert [lines(5, ["random"]), lines(5, ["random", "sobol"]), lines(12, ["sobol"])] == [2, 4, 6]
    rows = by_method(optimisers.read(out), "hartmann6")
    assert {name: [row["budget"] for row in kept] for name, kept in rows.items()} == {
        "random": [5, 5],
        "sobol": [12, 12],
    }
    assert "| sobol | 2 |" in capsys.readouterr().out


def test_differences_are_over_the_runs_that_both_have() -> None:
    def row(method: str, task: int, seed: int, regret: float) -> dict[str, object]:
        return {
            "method": method,
            "task": task,
            "seed": seed,
            "budget": 10,
            "regret": [regret] * 10,
            "cpu": 1.0,
        }

    theirs = [row("b", task, 0, 1.0) for task in range(10)]
    ours = [row("a", task, seed, 0.1 if seed == 0 else 1e-9) for task in range(10) for seed in range(3)]
    assert difference(ours, theirs, 10) == "-1.00 [-1.00, -1.00]"
    assert difference(ours[:9], theirs, 10) == "-"  # three tasks
    assert "| a | 30 | 100.0 |" in table({"a": ours, "b": theirs}, "b")

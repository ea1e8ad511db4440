"""An honest run holds, whichever game was played; what is not checked is said."""

from pathlib import Path

import pytest

import brittle
from forged import Row, command, messages, rows_of, swap_files, write_rows


def test_an_honest_run_holds(run: Path, digits: Path) -> None:
    found = brittle.verify(run)
    rows = rows_of(run)
    assert not found.broken and found.same_model and found.finished and found.notes == ()
    named = {flip["file"] for row in rows for flip in (row["first"], row["closest"]) if flip}
    assert (found.samples, found.flips) == (60, len(named))
    assert named <= {check.file for check in found.checks}
    assert found.rows == 60 + len(named)  # every untouched sample once, every flip once
    result = command(run, digits / "digits.onnx", digits / "digits.npz")
    assert result.exit_code == 0 and result.stdout.count("\n") == 1, result.output


@pytest.mark.parametrize(
    "settings",
    [
        {"search": "ripple"},
        {"search": "tune", "budget": 24, "data_options": {"limit": 12}},
        {"search": "random", "goal": "first"},
        {"search": "greedy", "top_k": 2},
        {"search": "patchwork", "target": "3"},
        {"search": "random", "budget": 3},
        {"search": "random", "model_options": {"mean": 0.1, "std": (0.9,)}},
    ],
)
def test_honest_runs_of_other_games_hold(settings: Row, digits: Path, tmp_path: Path) -> None:
    brittle.audit(
        digits / "digits.onnx", digits / "digits.npz", out=tmp_path / "r", **{"budget": 90, **settings}
    )
    assert messages(tmp_path / "r") == []


def test_what_cannot_be_proved_is_noted(digits: Path, tmp_path: Path) -> None:
    """Samples of the target class fail, after the model has answered them."""
    settings: Row = {"target": "3", "budget": 9, "search": "random"}
    run = brittle.audit(digits / "digits.onnx", digits / "digits.npz", out=tmp_path / "r", **settings)
    failed = run.summary()["failed"]
    assert failed and brittle.verify(tmp_path / "r").notes == (
        f"why {failed} samples failed after the model had answered them is not checked",
    )


def test_who_watches_is_told_how_far_it_is(run: Path) -> None:
    seen: list[tuple[int, int]] = []
    brittle.verify(run, watch=lambda done, of: seen.append((done, of)))
    assert seen == [(done, 60) for done in range(1, 61)]


def test_an_unfinished_run_is_said_to_be_unfinished(run: Path) -> None:
    write_rows(run, rows_of(run)[:20])
    for name in ("summary.json", "results.csv", "report.html"):
        (run / name).unlink()
    result = command(run)
    assert result.exit_code == 5 and "unfinished: 20 of 60 samples have their line" in result.stdout
    swap_files(run, "first")
    assert command(run).exit_code == 1


def test_one_sample_can_be_checked_alone(run: Path) -> None:
    rows = rows_of(run)
    bad, good = [row for row in rows if row["first"]][:2]
    bad["first"]["l0"] += 1
    write_rows(run, rows)
    found = brittle.verify(run, sample=good["sample"])
    assert not found.broken and {check.sample for check in found.checks} == {good["sample"]}
    assert command(run, "--sample", good["sample"]).exit_code == 0
    assert command(run, "--sample", bad["sample"]).exit_code == 1
    assert command(run, "--sample", "7").exit_code == 2


def test_what_lies_beside_the_run_is_said_not_to_be_looked_at(run: Path) -> None:
    (run / "notes.txt").write_text("mine")
    found = brittle.verify(run)
    assert not found.broken and "not looked at: notes.txt" in found.notes

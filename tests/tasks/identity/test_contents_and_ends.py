"""Data are known by their contents; a run that was finished says so."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli
from brittle.core.errors import RunError
from same_run import DATA, Counted, Served, audited, photos


def test_replaced_photos_of_the_same_size_are_refused(tmp_path: Path) -> None:
    audited(Counted(), tmp_path / "r", photos(tmp_path / "photos"))
    assert audited(Counted(), tmp_path / "r", photos(tmp_path / "photos")).was_finished  # written again
    with pytest.raises(RunError, match=r"data\.sha256 was .*, now"):
        audited(Counted(), tmp_path / "r", photos(tmp_path / "photos", 90))


def test_names_of_labels_are_read_for_the_classes_that_the_model_has(tmp_path: Path) -> None:
    names = photos(tmp_path / "names", names=("bee", "cat", "dog"))
    run = audited(Counted(), tmp_path / "three", names)
    assert run.manifest.model["classes"] == ["bee", "cat", "dog"]
    with pytest.raises(brittle.DataError, match=r"3 labels .* match none of the model's 2 class names"):
        audited(Counted(classes_told=2), tmp_path / "two", names)
    indices = photos(tmp_path / "indices", names=("0", "1", "7"))
    messages = [r.message for r in audited(Counted(), tmp_path / "seven", indices).results()]
    assert "expected a label of 0 to 2, got 7" in messages[2] and messages[:2] == ["", ""]


def test_the_command_says_that_a_run_was_finished(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "data.npz", x=DATA[0])
    command = ["audit", server.address, "data.npz", "--budget", "9", "--search", "random", "--out", "r"]
    first, again, third = (CliRunner().invoke(cli, command, catch_exceptions=False) for _ in range(3))
    assert "finished on" not in first.output
    when = max(r.finished for r in brittle.Run.open("r").results())[:16].replace("T", " ")
    for result in (again, third):
        assert f"finished on {when} UTC, 2 identity rows asked\n" in result.output
        assert "Flipped" in result.output


def test_a_run_that_ended_before_its_tables_is_put_in_order(tmp_path: Path) -> None:
    run = audited(Counted(), tmp_path / "r")
    lines = (run.path / "results.jsonl").read_text().splitlines(keepends=True)
    (run.path / "results.jsonl").write_text("".join(reversed(lines)))
    (run.path / "summary.json").unlink()
    audited(Counted(), tmp_path / "r")
    assert (run.path / "results.jsonl").read_text() == "".join(lines)

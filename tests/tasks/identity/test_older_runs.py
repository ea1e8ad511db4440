"""Runs that are damaged, or were begun by an earlier brittle."""

import json
from pathlib import Path
from typing import Any

import pytest

import brittle
from brittle.core.errors import RunError
from brittle.models import batch
from same_run import ROWS, WEIGHTS, Counted, Served, audited, edit, photos, unfinish


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("answers", [[float("nan")] * 3] * ROWS, "its answers to the identity rows are no probabilities"),
        ("answers", {"a": 1}, "its answers to the identity rows are no probabilities"),
        ("answers", [[0.5, 0.3, 0.2]], "there were 1 rows, now 2"),
        ("answers", [[0.5, 0.5]] * ROWS, "there were 2 classes, now 3"),
        ("classes", 3, "run.json is damaged .model.classes: .* got 3"),
        ("classes", ["a"] * 9, "model.classes was"),
    ],
)
def test_a_damaged_or_forged_run_is_one_line(tmp_path: Path, key: str, value: Any, says: str) -> None:
    audited(Counted(), tmp_path / "r")
    edit(tmp_path / "r", lambda manifest: manifest["model"].update({key: value}))
    with pytest.raises(brittle.BrittleError, match=says) as caught:
        audited(Counted(), tmp_path / "r")
    assert "\n" not in str(caught.value)


def test_a_batch_that_no_session_can_have_had_is_measured_anew(tmp_path: Path) -> None:
    audited(Counted(), tmp_path / "r")
    log = tmp_path / "r" / "sessions.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        line |= {"batch": 10**12} if "batch" in line else {}
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    unfinish(tmp_path / "r")
    assert audited(Counted(), tmp_path / "r").sessions()[-1]["batch"] in batch.SIZES


def older(manifest: dict[str, Any]) -> None:
    """As run.json was before there were kinds of digests, and identity rows."""
    for part in ("model", "data"):
        del manifest[part]["digest"]
    for key in ("answers", "repeats"):
        manifest["model"].pop(key, None)


def test_older_runs_whose_digests_are_still_the_same_go_on(server: Served, tmp_path: Path) -> None:
    audited(server.address, tmp_path / "r")
    edit(tmp_path / "r", older)
    unfinish(tmp_path / "r")
    run = audited(server.address, tmp_path / "r")
    assert run.sessions()[-1]["setup_rows"] == 2 * ROWS  # asked, and kept from now on
    assert audited(server.address, tmp_path / "r").sessions()[-1]["setup_rows"] == ROWS
    server.weights = -WEIGHTS
    with pytest.raises(RunError, match="identity rows otherwise"):
        audited(server.address, tmp_path / "r")


def test_older_runs_without_a_setting_that_is_at_its_default_go_on(tmp_path: Path) -> None:
    audited(Counted(), tmp_path / "r")
    edit(tmp_path / "r", lambda manifest: manifest["settings"]["model_options"].pop("output_name"))
    model = Counted()
    assert audited(model, tmp_path / "r").was_finished and model.rows == ROWS  # and no probe


def test_older_runs_whose_digests_tell_nothing_are_refused_with_the_reason(tmp_path: Path) -> None:
    def of_sizes(manifest: dict[str, Any]) -> None:
        older(manifest)
        manifest["data"]["sha256"] = "0" * 64

    def of_a_file(manifest: dict[str, Any]) -> None:
        older(manifest)
        manifest["model"]["sha256"] = "0" * 64

    for name, change, says in (
        ("data", of_sizes, "begun by an earlier brittle, which identified files by their sizes; choose"),
        (
            "model",
            of_a_file,
            "begun by an earlier brittle, which identified a function by one file of its code",
        ),
    ):
        audited(Counted(), tmp_path / name, photos(tmp_path / "photos"))
        edit(tmp_path / name, change)
        with pytest.raises(RunError, match=says):
            audited(Counted(), tmp_path / name, photos(tmp_path / "photos"))
        assert brittle.Run.open(tmp_path / name).summary()["samples"] == 3  # and can be read

"""A run folder may be a stranger's: no command writes through a link that lies in it."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli

SETTINGS: dict[str, Any] = {"budget": 60, "search": "patchwork", "keep_answers": True}
SAMPLES = 9


@pytest.fixture
def out(digits: Path, tmp_path: Path) -> Path:
    """A run that ended after two of its samples."""
    brittle.audit(*_victim(digits), out=tmp_path / "r", data_options={"limit": SAMPLES}, **SETTINGS)
    lines = (tmp_path / "r" / "results.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "r" / "results.jsonl").write_text("".join(lines[:2]))
    (tmp_path / "r" / "summary.json").unlink()
    return tmp_path / "r"


def _victim(digits: Path) -> tuple[str, str]:
    return str(digits / "digits.onnx"), str(digits / "digits.npz")


@pytest.mark.parametrize("name", ["results.jsonl", "summary.json", "results.csv", "report.html"])
def test_links_at_unfinished_files_lead_nowhere(name: str, out: Path, digits: Path, tmp_path: Path) -> None:
    mine, part = tmp_path / "mine", out / f"{name}.part"
    mine.write_text("mine")
    part.symlink_to(mine)
    run = brittle.audit(*_victim(digits), out=out, data_options={"limit": SAMPLES}, **SETTINGS)
    assert len(list(run.results())) == SAMPLES and not part.exists()
    part.symlink_to(mine)
    brittle.rewrite_report(out)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("name", ["results.jsonl", "sessions.jsonl", "lock", "answers.sqlite", "flips"])
def test_a_run_with_a_link_does_not_go_on(name: str, out: Path, digits: Path, tmp_path: Path) -> None:
    moved = (out / name).rename(tmp_path / "moved")
    (out / name).symlink_to(moved)
    files = sorted(moved.iterdir()) if moved.is_dir() else [moved]
    before = [file.read_bytes() for file in files]
    command = ["audit", *_victim(digits), "--out", str(out), "--budget", "60", "--search", "patchwork"]
    found = CliRunner().invoke(cli, [*command, "--limit", str(SAMPLES), "--keep-answers"])
    assert found.exit_code == 7, found.output
    assert f"{name}: it is a symbolic link" in found.stderr and found.stderr.count("\n") == 1
    assert [file.read_bytes() for file in files] == before
    assert not moved.is_dir() or sorted(moved.iterdir()) == files

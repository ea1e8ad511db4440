"""A sealed folder: whatever is changed, taken away or added afterwards is found."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import brittle
from brittle.cli import cli
from brittle.core.errors import RunError, UsageError
from brittle.store.seal import digests, read_seal, write_seal


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder as of a run, with what passes."""
    for name in ("run.json", "flips/a b.png", "flips/\u00e9.png", "lock", "live/watched"):
        (tmp_path / "run" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / name).write_text(name)
    return tmp_path / "run"


def test_nothing_changed(run: Path) -> None:
    made = brittle.seal(run)
    assert made.files == 3 and made == brittle.seal(run)
    (run / "live" / "watched").unlink()
    found = brittle.check_seal(run, made.sha256[:8])
    assert found.holds and found.seal == made
    sums = subprocess.run(["sha256sum", "-c", "seal.sha256"], cwd=run, capture_output=True, check=False)
    assert sums.returncode == 0 and sums.stdout.count(b"OK") == 3


def test_what_is_changed_missing_or_added_is_named(run: Path) -> None:
    made = brittle.seal(run)
    (run / "run.json").write_text("other")
    (run / "flips" / "a b.png").unlink()
    (run / "flips" / "new.png").touch()
    found = brittle.check_seal(run)
    assert (found.changed, found.missing) == (("run.json",), ("flips/a b.png",))
    assert found.added == ("flips/new.png",) and not found.holds
    brittle.seal(run)
    assert brittle.check_seal(run).holds and not brittle.check_seal(run, made.sha256).holds


@given(st.dictionaries(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1), st.none()))
def test_any_name_comes_back(names: dict[str, None]) -> None:
    from tempfile import TemporaryDirectory

    sealed = {name: f"{number:064x}" for number, name in enumerate(names)}
    with TemporaryDirectory() as folder:
        digest = write_seal(Path(folder), sealed)
        assert read_seal(Path(folder)) == (sealed, digest)


def test_names_are_escaped_as_sha256sum_does_it(tmp_path: Path) -> None:
    for name in ("back\\slash", "line\nend", "return\rend", "\\n"):
        (tmp_path / name).write_text(name)
    (tmp_path / os.fsdecode(b"\xff")).write_text("no text")
    brittle.seal(tmp_path)
    assert brittle.check_seal(tmp_path).holds
    sums = subprocess.run(["sha256sum", "-c", "seal.sha256"], cwd=tmp_path, capture_output=True, check=False)
    assert sums.returncode == 0, sums.stderr


def test_links_are_refused(run: Path, tmp_path: Path) -> None:
    brittle.seal(run)
    (tmp_path / "secret").write_text("secret")
    (run / "flips" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(RunError, match="'flips/link': it is a symbolic link"):
        brittle.check_seal(run)
    (run / "flips" / "link").unlink()
    os.mkfifo(run / "pipe")
    with pytest.raises(RunError, match="'pipe': it is no plain file"):
        digests(run)
    (run / "pipe").unlink()
    (run / "seal.sha256").unlink()
    (run / "seal.sha256").symlink_to(tmp_path / "secret")
    with pytest.raises(RunError, match=r"cannot read 'seal.sha256'"):
        brittle.check_seal(run)
    brittle.seal(run)
    assert (tmp_path / "secret").read_text() == "secret" and not (run / "seal.sha256").is_symlink()


def test_a_run_at_work_and_other_folders_are_refused(run: Path, tmp_path: Path) -> None:
    with (run / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(RunError, match="a command works on"):
            brittle.seal(run)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match="holds no files"):
        brittle.seal(tmp_path / "empty")
    with pytest.raises(RunError, match="expected the folder of a run"):
        brittle.seal(tmp_path / "none")
    with pytest.raises(RunError, match=r"has no seal.sha256; `brittle seal"):
        brittle.check_seal(run)
    (run / "seal.sha256").write_text("no digest\n")
    with pytest.raises(RunError, match=r"line 1 of seal.sha256 is damaged"):
        brittle.check_seal(run)
    with pytest.raises(UsageError, match="at least 8 hexadecimal digits"):
        brittle.check_seal(run, "abc")


def test_the_command(run: Path) -> None:
    made = CliRunner().invoke(cli, ["seal", str(run)])
    digest = made.output.split("Digest: ")[1].strip()
    assert made.exit_code == 0 and "3 files" in made.output and len(digest) == 64
    assert CliRunner().invoke(cli, ["seal", str(run), "--expect", digest[:12]]).exit_code == 0
    other = CliRunner().invoke(cli, ["seal", str(run), "--expect", "0" * 8])
    assert other.exit_code == 1 and "another seal than 00000000" in other.output
    (run / "evil\x1b[2J.png").touch()
    found = CliRunner().invoke(cli, ["seal", str(run), "--check"])
    assert found.exit_code == 1 and "added: evil\\x1b[2J.png" in found.output
    assert "is not as it was sealed (3 files)" in found.output

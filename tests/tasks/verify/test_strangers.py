"""A run of a stranger runs no code, reads no file of the user, and is one line where it makes no sense."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import brittle
from brittle.core.errors import RunError, UsageError
from brittle.store.run import Run
from forged import Row, change_manifest, command, rows_of, write_rows

EVIL = """
from pathlib import Path
Path("{mark}").write_text("imported")
def model(x): return x.reshape(len(x), -1)[:, :10]
def fog(x, spec, level, rng): return x * 0.5
fog.levels = (0.5,)
"""


@pytest.fixture
def evil(run: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A mark that a module in the run folder, which is the working folder, leaves when it is imported."""
    mark = run.parent / "imported"
    (run / "evil_of_a_stranger.py").write_text(EVIL.format(mark=mark.as_posix()))
    monkeypatch.chdir(run)
    monkeypatch.setattr(sys, "path", [*sys.path, str(run)])
    yield mark
    sys.modules.pop("evil_of_a_stranger", None)


def name_evil_model(manifest: Row) -> None:
    manifest["model"]["name"] = "evil_of_a_stranger:model"


def name_evil_distortion(manifest: Row) -> None:
    manifest["palette"][0]["distortion"] = "evil_of_a_stranger:fog"


@pytest.mark.parametrize(("change", "word"), [(name_evil_model, "model"), (name_evil_distortion, "fog")])
def test_code_that_a_run_names_is_not_imported(change: Any, word: str, run: Path, evil: Path) -> None:
    change_manifest(run, change)
    result = command(".")
    assert result.exit_code == 2 and "--trust" in result.stderr and word in result.stderr
    assert not evil.exists() and "evil_of_a_stranger" not in sys.modules
    command(".", "--trust")
    assert evil.exists()


def test_code_is_opened_if_it_is_given_again(run: Path, evil: Path, digits: Path) -> None:
    fog = "evil_of_a_stranger:fog"
    out = run.parent / "own"
    brittle.audit(digits / "digits.onnx", digits / "digits.npz", distortions=[fog], budget=20, out=out)
    with pytest.raises(UsageError, match="--distortion evil_of_a_stranger:fog"):
        brittle.verify(out)
    assert command(out, "--distortion", fog).exit_code == 0
    assert command(out, "--trust").exit_code == 0
    with pytest.raises(UsageError, match="no distortion 'jpeg'"):
        brittle.verify(out, distortions=[fog, "jpeg"])
    change_manifest(run, name_evil_model)
    assert command(".", "evil_of_a_stranger:model").exit_code == 1


def test_the_data_that_a_run_names_are_never_imported(run: Path, evil: Path) -> None:
    change_manifest(run, lambda m: m["settings"].update(data="evil_of_a_stranger:model"))
    assert command(".").exit_code == 0 and not evil.exists()


def test_the_command_does_not_look_for_modules_in_the_working_folder(run: Path) -> None:
    code = (
        "import atexit, os, sys; sys.argv = ['brittle', 'verify', '.']; "
        "atexit.register(lambda: print({'', os.getcwd()} & set(sys.path) or 'did not look')); "
        "from brittle.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=run, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "did not look", done


@pytest.mark.parametrize(
    "file", ["/etc/hostname", "../run.json", "flips/../../x", "link", "deep/x", "a\0b", "pipe"]
)
def test_a_run_reads_no_file_outside_of_its_folder(file: str, run: Path) -> None:
    (run.parent / "x").write_text("secret")
    (run / "link").symlink_to(run.parent / "x")
    (run / "deep").symlink_to(run.parent)
    os.mkfifo(run / "pipe")
    assert Run.open(run).read("run.json")
    with pytest.raises(RunError):
        Run.open(run).read(file)


def test_what_a_stranger_wrote_does_not_reach_the_terminal(run: Path) -> None:
    rows = rows_of(run)
    rows[3]["sample"] = "\x1b[2J\nall hold"
    write_rows(run, rows)
    output = command(run).stdout
    assert "\x1b" not in output and "\\x1b[2J\\nall hold" in output


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["settings"].update(budget="many"),
        lambda m: m["settings"].update(model_options={"output": "words"}),
        lambda m: m.update(cell=[99, 99]),
        lambda m: m["model"].pop("classes"),
        lambda m: m["data"].update(samples=None),
        lambda m: m["settings"].update(target="eleven"),
    ],
)
def test_a_run_json_that_makes_no_sense_is_an_error(change: Callable[[Row], object], run: Path) -> None:
    change_manifest(run, change)
    with pytest.raises(RunError, match=r"run\.json"):
        brittle.verify(run)


def test_a_palette_of_other_levels_is_an_error(run: Path) -> None:
    change_manifest(run, lambda m: m["palette"][0].update(level=0.5))
    assert command(run).exit_code == 5


LONG = "n" * 300


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        (LONG, 2, "expected a model as"),
        (f"{LONG}:model", 2, "cannot import model"),
        (f"{LONG}.onnx", 4, "File name too long; check the path"),
        ("deep/" * 1000 + "net.onnx", 4, "File name too long; check the path"),
        ("net\0.onnx", 4, "expected an .onnx file at"),
    ],
)
def test_a_model_of_a_name_that_no_file_can_have_is_one_line(
    name: str, code: int, says: str, run: Path
) -> None:
    change_manifest(run, lambda m: m["model"].update(name=name))
    result = command(run, "--trust")
    assert result.exit_code == code and says in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", [LONG, f"{LONG}.npz", "a\0b", "~nobody of this name/x"])
def test_data_of_a_name_that_no_file_can_have_are_not_here(name: str, run: Path) -> None:
    change_manifest(run, lambda m: m["settings"].update(data=name))
    assert f"originals not compared with the data: '{name}' is not here" in brittle.verify(run).notes[0]

"""What brittle verify finds in a hard set that somebody changed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli
from brittle.core.errors import BrittleError
from brittle.store.hard_set import HardSet
from hard_nets import made, pictures


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("set") / "hard", data=pictures(18)).path


@pytest.fixture
def copy(honest: Path, tmp_path: Path) -> Path:
    shutil.copytree(honest, tmp_path / "hard")
    return tmp_path / "hard"


def first(folder: Path) -> Path:
    """An image of a set."""
    return folder / next(HardSet.open(folder).items()).file


def edited(folder: Path, change: Callable[[dict[str, Any]], None], line: int = 0) -> None:
    """Change a line of items.jsonl."""
    lines = (folder / "items.jsonl").read_text().splitlines()
    item = json.loads(lines[line])
    change(item)
    lines[line] = json.dumps(item)
    (folder / "items.jsonl").write_text("\n".join(lines) + "\n")


def test_an_honest_set_holds(honest: Path) -> None:
    done = CliRunner().invoke(cli, ["verify", str(honest)])
    assert done.exit_code == 0, done.output
    assert "files of" in done.output and "0 rows asked" in done.output
    assert not brittle.verify(honest, pictures(18)).broken


def test_other_photos_are_seen(honest: Path) -> None:
    x, y = pictures(18)
    assert "not the sample of the data" in str(brittle.verify(honest, (255 - x, y)).broken[0])


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a damaged image": (lambda f: first(f).write_bytes(b"no png"), "not the file"),
    "an image that is gone": (lambda f: first(f).unlink(), "No such file"),
    "an image more": (lambda f: shutil.copy(first(f), f / "images" / "more.png"), "does not have it"),
    "another distance": (lambda f: edited(f, lambda i: i.update(l2=0.1)), "l2 is 0.1 in its line"),
    "another recipe": (lambda f: edited(f, lambda i: i["recipe"].update(scale=0.2)), "another file"),
    "no such pattern": (lambda f: edited(f, lambda i: i["recipe"].update(pattern=99)), "pattern 99"),
    "a line less": (
        lambda f: (f / "items.jsonl").write_text(
            "".join((f / "items.jsonl").read_text().splitlines(keepends=True)[:-1])
        ),
        "expected",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen(name: str, copy: Path) -> None:
    change, told = CHANGES[name]
    change(copy)
    broken = brittle.verify(copy).broken
    assert any(told in str(check) for check in broken), [str(check) for check in broken]


HOSTILE: dict[str, Callable[[dict[str, Any]], None]] = {
    "a path out of the set": lambda i: i.update(file="images/wave/0.4/../../../../etc/passwd"),
    "an absolute path": lambda i: i.update(file="/etc/passwd"),
    "another folder": lambda i: i.update(clean="scores/x.png"),
    "no such kind": lambda i: i.update(kind="fog", file="images/fog/0.4/0/0.png", clean="clean/0/0.png"),
    "no such class": lambda i: i.update(label=99),
    "a scale that is none": lambda i: i["recipe"].update(scale="1e9999"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_line_is_one_line_of_error(name: str, copy: Path) -> None:
    edited(copy, HOSTILE[name])
    try:
        broken = [str(check) for check in brittle.verify(copy).broken]
    except BrittleError as error:
        broken = [str(error)]
    assert broken and all("\n" not in text for text in broken)


def test_a_link_is_not_followed(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(first(copy).read_bytes())
    place = first(copy)
    place.unlink()
    place.symlink_to(tmp_path / "secret")
    assert any("symbolic" in str(c) or "cannot be read" in str(c) for c in brittle.verify(copy).broken)

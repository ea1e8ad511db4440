"""Files are written whole, and never through a link: a run folder may be a stranger's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from brittle.core.errors import DiskError
from brittle.domains.image import Image
from brittle.report.tables import COLUMNS, write_csv
from brittle.store.answers import AnswerCache
from brittle.store.archive import InputArchive
from brittle.store.files import append_line, drop_half_line, whole_file, write_whole
from brittle.store.kept import FolderFiles
from tiny import SPEC, TinyModel, tiny_sample

Write = Callable[[Path], object]
WHOLE: dict[str, Write] = {
    "text": lambda path: write_whole(path, "new"),
    "bytes": lambda path: write_whole(path, b"new"),
    "table": lambda path: write_csv([], path, ()),
}
ADDED: dict[str, Write] = {
    "a line": lambda path: append_line(path, "new"),
    "no half line": drop_half_line,
    "an answer": lambda path: AnswerCache(TinyModel(), path).close(),
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file of the user beside the run folder, r."""
    (tmp_path / "r").mkdir()
    file = tmp_path / "mine"
    file.write_text("mine\nhalf")
    return file


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("leftover", ["none", "killed", "link", "link to nothing"])
def test_what_lies_at_the_part_is_neither_followed_nor_in_the_way(
    name: str, leftover: str, outside: Path, tmp_path: Path
) -> None:
    path, part = tmp_path / "r" / "report", tmp_path / "r" / "report.part"
    path.write_text("old")
    if leftover == "killed":
        part.write_text("a longer half of what was to be")
    elif leftover != "none":
        part.symlink_to(outside if leftover == "link" else tmp_path / "nothing")
    WHOLE[name](path)
    assert path.read_text() == ("new" if name != "table" else ",".join(COLUMNS) + "\n")
    assert outside.read_text() == "mine\nhalf"
    assert sorted(file.name for file in (tmp_path / "r").iterdir()) == ["report"]
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("name", WHOLE)
def test_a_link_is_replaced_and_not_written_to(name: str, outside: Path, tmp_path: Path) -> None:
    path = tmp_path / "r" / "report"
    path.symlink_to(outside)
    WHOLE[name](path)
    assert outside.read_text() == "mine\nhalf" and not path.is_symlink()


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report"
    write_whole(path, "old")
    with pytest.raises(KeyboardInterrupt), whole_file(path) as file:
        file.write(b"half")
        file.flush()
        raise KeyboardInterrupt
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", ADDED)
def test_nothing_is_added_through_a_link(name: str, outside: Path, tmp_path: Path) -> None:
    path = tmp_path / "r" / "results.jsonl"
    path.symlink_to(outside)
    with pytest.raises(DiskError, match=r"results\.jsonl: it is a symbolic link, .* put the file") as caught:
        ADDED[name](path)
    assert "\n" not in str(caught.value) and outside.read_text() == "mine\nhalf"


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_the_files_of_a_database_are_no_links(end: str, outside: Path, tmp_path: Path) -> None:
    (tmp_path / "r" / f"answers.sqlite{end}").symlink_to(outside)
    with pytest.raises(DiskError, match=f"answers.sqlite{end}: it is a symbolic link"):
        AnswerCache(TinyModel(), tmp_path / "r" / "answers.sqlite")
    assert outside.read_text() == "mine\nhalf"


def test_flips_are_written_to_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "flips").symlink_to(tmp_path / "mine")
    with pytest.raises(DiskError, match="flips: it is a symbolic link"):
        InputArchive(FolderFiles(tmp_path / "r"), Image(), SPEC).write("a", "first", tiny_sample(0).x)
    assert list((tmp_path / "mine").iterdir()) == []


def test_lines_are_added_and_a_half_one_dropped(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    drop_half_line(path)
    append_line(path, "one")
    with path.open("a") as file:
        file.write("tw")
    drop_half_line(path)
    append_line(path, "caf\udce9")
    assert path.read_text() == "one\ncaf\\udce9\n"

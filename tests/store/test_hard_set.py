"""The folder of a hard set: names that are safe, and a reader that trusts nothing."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.errors import RunError
from brittle.store.hard_records import PLAIN, LeftOut
from brittle.store.hard_set import HardSet, class_folders, item_names, read_inside
from hard_nets import made, pictures


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("set") / "hard", data=pictures(12), kinds="wave").path


@given(st.lists(st.text(max_size=40), unique=True, max_size=12))
def test_every_sample_has_a_plain_name_of_its_own(ids: list[str]) -> None:
    names = item_names(ids)
    assert list(names) == ids
    assert all(PLAIN.fullmatch(name) for name in names.values())
    assert len({name.lower() for name in names.values()}) == len(ids)


def test_names_are_the_ends_of_ids_where_these_differ() -> None:
    assert item_names(["a/x.png", "b/y.png"]) == {"a/x.png": "x", "b/y.png": "y"}
    twice = item_names(["a/x.png", "b/x.png"])
    assert len(set(twice.values())) == 2 and all("x" in name for name in twice.values())
    assert item_names(["../../etc/passwd"]) == {"../../etc/passwd": "passwd"}


def test_folders_of_classes_sort_as_classes_do() -> None:
    folders = [one.folder for one in class_folders([f"class {i}" for i in range(12)])]
    assert folders == sorted(folders) and folders[3] == "03"


def test_sums_cover_every_file(folder: Path) -> None:
    hard = HardSet.open(folder)
    own = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    besides = ("work/", "scores/", "board.html", "SHA256SUMS")
    assert set(hard.sums()) == {file for file in own if not file.startswith(besides)}


def test_an_id_may_hold_what_ends_a_line_elsewhere(folder: Path) -> None:
    file = folder / "left_out.jsonl"
    before = file.read_bytes()
    odd = LeftOut(sample="a\u2028b\x85c", reason="odd")
    file.write_text(json.dumps(odd.model_dump(), ensure_ascii=False) + "\n", encoding="utf-8")
    try:
        assert list(HardSet.open(folder).left_out()) == [odd]
    finally:
        file.write_bytes(before)


@pytest.mark.parametrize("file", ["../secret", "/etc/hostname", "images/../../secret", "images"])
def test_nothing_outside_is_read(file: str, folder: Path) -> None:
    (folder.parent / "secret").write_text("secret")
    with pytest.raises(RunError, match="cannot be read"):
        read_inside(folder, file)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("benchmark.json", "{"),
        ("benchmark.json", "[]"),
        ("classes.json", '[{"index": 3, "name": "a", "folder": "../a"}]'),
        ("items.jsonl", '{"format": 2}\n'),
        ("items.jsonl", "[[[[\n"),
        ("SHA256SUMS", "0" * 64 + "  ../x\n"),
        ("left_out.jsonl", "\xff\n"),
    ],
)
def test_a_damaged_file_is_one_line(file: str, text: str, folder: Path) -> None:
    before = (folder / file).read_bytes()
    (folder / file).write_bytes(text.encode("latin-1"))
    try:
        with pytest.raises(RunError) as error:
            hard = HardSet.open(folder)
            [*hard.items(), *hard.left_out(), *hard.sums()]
        assert "\n" not in str(error.value)
    finally:
        (folder / file).write_bytes(before)


def test_a_folder_that_is_none_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="brittle benchmark"):
        HardSet.open(tmp_path)


def test_no_place_of_the_machine_is_told(folder: Path) -> None:
    text = json.dumps(json.loads((folder / "benchmark.json").read_text()))
    assert str(folder.parent) not in text and "/" not in json.loads(text)["data"]["name"]

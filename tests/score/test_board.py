"""The board: who is ranked, and that nothing in a stranger's folder leads anywhere."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.errors import BrittleError
from brittle.core.sample import Array
from brittle.models import open_model
from brittle.store.hard_records import Kind, NamedNet, Source
from brittle.store.hard_set import HardSet
from score.made_set import NET, colours, make_set, shaped

HOSTILE = "</style><script>alert(1)</script>\"'&"
ROW = re.compile(r'<tr( class="seen")?><td class="number" data-value="(\d*)">.*?data-value="([^"]*)">')


def rows(folder: Path) -> list[tuple[str, str, bool]]:
    """Name, rank and whether greyed, of every row."""
    page = (folder / "board.html").read_text()
    return [(name, rank, bool(grey)) for grey, rank, name in ROW.findall(page)]


def reddish(x: Array) -> Array:
    return colours(x) + np.array([0.2, 0, 0], np.float32)


def test_surrogates_and_parts_are_greyed_and_not_ranked(tmp_path: Path) -> None:
    hard = make_set(tmp_path / "hard", surrogates=(NamedNet(name="colours", sha256=open_model(NET).sha256),))
    brittle.score(NET, hard.path, name="builder")
    brittle.score(shaped(reddish), hard.path, name="other")
    brittle.score(shaped(reddish), hard.path, name="part", limit=5)
    assert rows(hard.path) == [("other", "1", False), ("part", "", True), ("builder", "", True)]
    page = (hard.path / "board.html").read_text()
    assert '<span class="mark">seen</span>' in page and '<span class="mark">5 of 12 images</span>' in page


def test_who_edits_an_entry_is_not_believed(hard: HardSet) -> None:
    builder = make_set(
        hard.path.parent / "own", surrogates=(NamedNet(name="x", sha256=open_model(NET).sha256),)
    )
    found = brittle.score(NET, builder.path, name="net")
    edited = {**json.loads(found.file.read_text()), "seen_by_builder": False, "mean_error": 0.0}
    found.file.write_text(json.dumps(edited))
    brittle.write_board(builder.path)
    assert rows(builder.path) == [("net", "", True)]


def test_the_page_needs_nothing_but_itself_and_is_the_same_again(hard: HardSet) -> None:
    brittle.score(NET, hard.path)
    page = (hard.path / "board.html").read_text()
    assert not re.findall(r"(?:src|href)=\"(?!data:|images/|clean/)", page)
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "CC0, by nobody" in page and "one.onnx" in page and page.count("<svg") == 3
    assert "two.onnx" in page and 'class="new"' in page, "hold-outs' answers stand under the examples"
    brittle.write_board(hard.path)
    assert (hard.path / "board.html").read_text() == page


def test_mce_is_a_column_where_a_reference_is_named(hard: HardSet) -> None:
    brittle.score(shaped(reddish), hard.path, name="base")
    assert "mCE" not in (hard.path / "board.html").read_text()
    found = brittle.score(NET, hard.path, name="net", reference="base", fail_over={"mce": 0.01})
    assert found.entry.relative_to and found.entry.relative_to.reference == "base"
    assert [verdict.green for verdict in found.verdicts] == [False]
    assert "mCE" in (hard.path / "board.html").read_text()


def test_strangers_texts_stay_texts(tmp_path: Path) -> None:
    hard = make_set(
        tmp_path / "hard",
        classes=(HOSTILE, "x" * 100_000, "blue"),
        data=Source(name=HOSTILE, samples=12, sha256="3" * 64, licence=HOSTILE),
        settings={HOSTILE: HOSTILE},
        kinds=(Kind(name="grey", way=HOSTILE), Kind(name="turn", way="wave")),
        versions={HOSTILE: HOSTILE},
    )
    brittle.score(NET, hard.path, name=HOSTILE)
    page = (hard.path / "board.html").read_text()
    assert "<script>alert" not in page and page.count("<script") == 1 and page.count("</style>") == 1
    assert "x" * 1000 not in page


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"format": 2}', "format"),
        ("x" * (2**20 + 1), "at most 1 MiB"),
        (None, "right"),
    ],
)
def test_a_damaged_entry_is_left_out_and_said(hard: HardSet, text: str | None, why: str) -> None:
    good = brittle.score(NET, hard.path, name="good")
    told = json.loads(good.file.read_text())
    if text is None:
        text = json.dumps({**told, "name": "bad", "clean": {"right": 13, "of": 12}})
    (hard.path / "scores" / "bad.json").write_text(text)
    left_out = brittle.write_board(hard.path)
    assert len(left_out) == 1 and left_out[0].startswith("scores/bad.json") and why in left_out[0]
    assert [name for name, _, _ in rows(hard.path)] == ["good"]
    assert "Left out." in (hard.path / "board.html").read_text()


def test_entries_of_another_set_or_name_are_left_out(tmp_path: Path, hard: HardSet) -> None:
    other = make_set(tmp_path / "other", settings={"seed": 1})
    foreign = brittle.score(NET, other.path, name="foreign")
    scores = hard.path / "scores"
    scores.mkdir()
    (scores / "foreign.json").write_bytes(foreign.file.read_bytes())
    (scores / "else.json").write_bytes(foreign.file.read_bytes())
    own = brittle.score(NET, hard.path, name="own").summary()
    (scores / "part.json").write_text(json.dumps({**own, "name": "part", "levels": own["levels"][1:]}))
    assert sorted(brittle.write_board(hard.path)) == sorted(
        [
            "scores/foreign.json is of another hard set; score that model on this one",
            "scores/part.json is of another hard set; score that model on this one",
            "scores/else.json is damaged (it is called 'foreign', which is the name of another file)",
        ]
    )


def test_links_are_not_followed(tmp_path: Path, hard: HardSet) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    good = brittle.score(NET, hard.path, name="good").file.rename(mine / "good.json")
    (hard.path / "scores" / "good.json").symlink_to(good)
    (left_out,) = brittle.write_board(hard.path)
    assert "good.json cannot be read" in left_out
    (hard.path / "scores" / "good.json").unlink()
    (hard.path / "scores").rmdir()
    (hard.path / "scores").symlink_to(mine)
    for ask in (lambda: brittle.score(NET, hard.path), lambda: brittle.write_board(hard.path)):
        with pytest.raises(BrittleError, match="symbolic link"):
            ask()
    (hard.path / "scores").unlink()
    page = hard.path / "board.html"
    page.unlink()
    page.symlink_to(good)
    brittle.write_board(hard.path)
    assert good.read_text().startswith("{") and not page.is_symlink()


def damage(hard: HardSet, what: str) -> None:
    """Make a set another one."""
    items = hard.path / "items.jsonl"
    lines = items.read_text().splitlines()
    first = json.loads(lines[0])
    image = hard.path / first["file"]
    if what == "image":
        image.write_bytes(image.read_bytes() + b"x")
    elif what == "missing":
        (hard.path / json.loads(lines[-1])["file"]).unlink()
    elif what == "link":
        moved = image.rename(hard.path.parent / "moved.png")
        image.symlink_to(moved)
    elif what == "line lost":
        items.write_text("\n".join(lines[1:]) + "\n")
    elif what == "line twice":
        items.write_text("\n".join([lines[0], *lines]) + "\n")
    elif what == "path":
        lines[0] = json.dumps({**first, "file": "images/grey/near/0/../../x.png"})
        items.write_text("\n".join(lines) + "\n")
    else:
        about: dict[str, Any] = json.loads((hard.path / "benchmark.json").read_text())
        about["spec"] |= {"shape": [3, 10**6, 10**6]} if what == "huge" else {"bits": 10**9}
        (hard.path / "benchmark.json").write_text(json.dumps(about))


@pytest.mark.parametrize(
    "what", ["image", "missing", "link", "line lost", "line twice", "path", "huge", "deep"]
)
def test_a_damaged_set_is_one_line(hard: HardSet, what: str) -> None:
    damage(hard, what)
    with pytest.raises(BrittleError) as raised:
        brittle.score(NET, hard.path)
    assert "\n" not in str(raised.value) and raised.value.exit_code == 5
    assert not (hard.path / "scores").exists()

"""Images with metadata as Hugging Face's imagefolder has them: labels, splits, and hostile names."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brittle.core.errors import DataError
from brittle.data import DataOptions, open_data

Draw = Callable[..., Path]


def listed(folder: Path, rows: list[dict[str, Any]], name: str = "metadata.jsonl") -> Path:
    """Metadata of these rows; of a .csv with the columns of the first one."""
    folder.mkdir(parents=True, exist_ok=True)
    if name.endswith(".csv"):
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    else:
        lines = [json.dumps(row) for row in rows]
    (folder / name).write_text("\n".join(lines) + "\n")
    return folder


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_rows_are_samples_in_their_order(draw: Draw, tmp_path: Path, name: str) -> None:
    drawn = [draw(file) for file in ("b.png", "deep/a.png", "c.png")]
    labels = ["owl", "ant", "owl"]
    files = ["b.png", "./deep/a.png", "c.png"]
    rows = [{"file_name": f, "text": "seen", "label": la} for f, la in zip(files, labels, strict=True)]
    data = open_data(listed(tmp_path, rows, name), (3, 6, 8))
    assert data.ids == ("b.png", "deep/a.png", "c.png") and data.classes == ("ant", "owl")
    assert [data.open(id).label for id in data.ids] == [1, 0, 1]
    for path, id in zip(drawn, data.ids, strict=True):
        sample = data.open(id)
        pixels = np.moveaxis(np.asarray(Image.open(path)), -1, 0)
        assert np.array_equal(sample.spec.encode(sample.x), pixels)
    assert open_data(tmp_path, options=DataOptions(limit=2)).ids == data.ids[:2]
    assert open_data(tmp_path, classes=("cat", "owl", "ant")).open("b.png").label == 1


def test_numbers_are_indices_and_a_row_may_be_without_a_label(draw: Draw, tmp_path: Path) -> None:
    names = ("a.png", "b.png", "c.png", "d.png")
    rows = [{"file_name": draw(n).name, "label": la} for n, la in zip(names, (3, None, -1, 9), strict=True)]
    data = open_data(listed(tmp_path, rows), outputs=5)
    assert [data.open(id).label for id in names[:3]] == [3, None, None]
    with pytest.raises(DataError, match=r"d\.png: expected a label of 0 to 4, got 9"):
        data.open("d.png")


@pytest.mark.parametrize("inner", ["", "data/"])
def test_the_only_split_is_opened_and_of_several_one_is_named(draw: Draw, tmp_path: Path, inner: str) -> None:
    for split in ("train", "test"):
        draw(f"{inner}{split}/1.png")
        listed(tmp_path / inner / split, [{"file_name": "1.png", "label": 0}])
        if split == "train":
            assert open_data(tmp_path).ids == ("1.png",)
    with pytest.raises(DataError, match="holds 2 splits, test, train; name the folder of one"):
        open_data(tmp_path)
    assert open_data(tmp_path / inner / "test").name == "test"


def test_metadata_of_all_splits_lie_above_them(draw: Draw, tmp_path: Path) -> None:
    for split in ("train", "test"):
        draw(f"{split}/1.png")
        listed(tmp_path / split, [{"file_name": "1.png", "label": 0}])
    listed(tmp_path, [{"file_name": "test/1.png", "label": 2}], "metadata.csv")
    data = open_data(tmp_path)
    assert data.ids == ("test/1.png",) and data.open("test/1.png").label == 2


def test_without_labels_in_it_folders_are_classes_as_before(draw: Draw, tmp_path: Path) -> None:
    draw("ant/1.png")
    draw("bee/1.png")
    listed(tmp_path, [{"file_name": "ant/1.png", "text": "an ant"}])
    assert open_data(tmp_path).open("bee/1.png").label == 1


def test_the_own_table_comes_first(draw: Draw, tmp_path: Path) -> None:
    draw("a.png")
    listed(tmp_path, [{"file_name": "a.png", "label": 1}])
    (tmp_path / "labels.csv").write_text("file,label\na.png,2\n")
    assert open_data(tmp_path).open("a.png").label == 2


def test_a_missing_file_fails_alone(draw: Draw, tmp_path: Path) -> None:
    draw("a.png")
    data = open_data(listed(tmp_path, [{"file_name": f"{n}.png", "label": 0} for n in "ab"]))
    assert data.open("a.png").label == 0
    with pytest.raises(DataError, match=r"b\.png: no such file"):
        data.open("b.png")


@pytest.mark.parametrize(
    "name", ["../secret.png", "x/../../secret.png", "{tmp}/secret.png", "link.png", "a\0.png"]
)
def test_a_file_outside_the_folder_is_not_read(draw: Draw, tmp_path: Path, name: str) -> None:
    secret, folder = draw("secret.png"), tmp_path / "photos"
    draw("photos/a.png")
    (folder / "link.png").symlink_to(secret)
    rows = [{"file_name": "a.png", "label": 0}, {"file_name": name.format(tmp=tmp_path), "label": 1}]
    with pytest.raises(DataError, match="expected a file inside its folder; put it there") as found:
        open_data(listed(folder, rows))
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("link", ["test", "test/metadata.csv"])
def test_a_table_outside_the_folder_is_not_read(draw: Draw, tmp_path: Path, link: str) -> None:
    draw("other/a.png")
    listed(tmp_path / "other", [{"file_name": "a.png", "label": 0}], "metadata.csv")
    place = tmp_path / "photos" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "other" / ("metadata.csv" if link.endswith("csv") else ""))
    with pytest.raises(DataError, match="expected a file inside its folder"):
        open_data(tmp_path / "photos")


def test_a_link_that_stays_inside_is_read(draw: Draw, tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(draw("blobs/1.png"))
    assert open_data(listed(tmp_path, [{"file_name": "a.png", "label": 0}])).open("a.png").label == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '{"file_name": "a.png", "label": 0}\n[1]\n',
            "cannot be read as a table in UTF-8: a line is no record",
        ),
        ('{"file_name": "a.png", "label": 0}\n{"file', "cannot be read as a table"),
        ('{"file_name": "a.png", "label": 0}\n' + "[" * 100_000, "cannot be read as a table"),
        ('{"file_name": "a.png", "label": [0, 1]}\n', "row 1 of .*: expected a file_name and one label"),
        (
            '{"file_name": "a.png", "label": 0}\n{"label": 0}',
            "row 2 of .*: expected a file_name and one label",
        ),
        ('{"file_name": "a.png", "label": 0}\n' * 2, "'a.png' stands in 2 rows; keep one"),
        ('{"file_name": "b.png", "label": 0}\n', "none of 1 is there"),
    ],
)
def test_what_is_no_table_is_one_line(draw: Draw, tmp_path: Path, text: str, words: str) -> None:
    draw("a.png")
    (tmp_path / "metadata.jsonl").write_text(text)
    with pytest.raises(DataError, match=words) as found:
        open_data(tmp_path)
    assert "\n" not in str(found.value)

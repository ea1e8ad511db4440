from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brittle.core.errors import DataError
from brittle.data import DataOptions, Wanted, open_data
from brittle.data.classes import check_label, naming

Draw = Callable[..., Path]
CLASSES = ("tench, Tinca tinca", "Great White_Shark", "crane", "kit fox", "crane, lifting crane")


def test_whole_numbers_are_indices_whatever_the_names() -> None:
    found = naming(["10", "2", "007", "-1"], Wanted(classes=("2", "10"), outputs=2), "here")
    assert found.index == {"10": 10, "2": 2, "007": 7, "-1": -1}
    assert found.classes is None


def test_whole_numbers_with_a_point_are_indices_too() -> None:
    """As pandas writes a column of whole numbers that has gaps."""
    texts = ["2.0", "2", "2.", "-1.0", "+3.00", "10.0"]
    found = naming(texts, Wanted(classes=("2.0", "a"), outputs=2), "here")
    assert found.index == {"2.0": 2, "2": 2, "2.": 2, "-1.0": -1, "+3.00": 3, "10.0": 10}


@pytest.mark.parametrize("text", ["2.5", "2.01", ".0", "1e0", "2.0.0", "2,0", "\u0662.0", "2.0 "])
def test_other_numbers_are_names(text: str) -> None:
    assert naming([text], Wanted(classes=(text, "a"), outputs=2), "here").index == {text: 0}


def test_csv_with_a_gap_in_its_whole_numbers(draw: Draw, tmp_path: Path) -> None:
    for name in "abc":
        draw(f"{name}.png")
    (tmp_path / "labels.csv").write_text("file,label\na.png,2.0\nb.png,\nc.png,10.0\n")
    data = open_data(tmp_path, outputs=11)
    assert [data.open(id).label for id in ("a.png", "c.png")] == [2, 10]
    with pytest.raises(DataError, match=r"b\.png: it has no label"):
        data.open("b.png")


def test_arrays_with_a_gap_in_their_whole_numbers() -> None:
    x = np.zeros((4, 3, 6, 8), np.uint8)
    data = open_data((x, np.array([2.0, np.nan, -0.0, 3e17])), outputs=5)
    assert [data.open(id).label for id in ("000000", "000002")] == [2, 0]
    for id, words in (
        ("000001", "it has no label"),
        ("000003", "a label of 0 to 4, got 300000000000000000"),
    ):
        with pytest.raises(DataError, match=f"sample {id}: .*{words}"):
            data.open(id)


def test_names_match_without_case_underscores_and_synonyms() -> None:
    found = naming(["TENCH", "great_white  shark", "Kit_Fox"], Wanted(classes=CLASSES, outputs=5), "here")
    assert found.index == {"TENCH": 0, "great_white  shark": 1, "Kit_Fox": 3}
    assert found.classes == CLASSES


def test_a_name_of_two_classes_is_not_guessed() -> None:
    found = naming(["crane", "tench"], Wanted(classes=CLASSES, outputs=5), "here")
    assert found.index == {"tench": 0}
    assert "names 2 classes (2, 4)" in found.unknown["crane"]
    assert (
        naming(["crane, lifting crane"], Wanted(classes=CLASSES), "here").index["crane, lifting crane"] == 4
    )


def test_sorted_order_only_where_the_count_is_right() -> None:
    assert naming(["b", "a"], Wanted(), "here").index == {"a": 0, "b": 1}
    assert naming(["b", "a"], Wanted(classes=("x", "y"), outputs=2), "here").classes == ("a", "b")
    with pytest.raises(DataError, match=r"here: 2 labels \(such as 'a'\) match none of the model's 5 class"):
        naming(["b", "a"], Wanted(classes=CLASSES, outputs=5), "here")


def test_one_match_rules_sorted_order_out() -> None:
    """Else a folder with one misspelt name would be renumbered behind the user's back."""
    found = naming(["kit fox", "tensh"], Wanted(classes=("tench", "kit fox"), outputs=2), "here")
    assert found.index == {"kit fox": 1}
    assert "did you mean 'tench'?" in found.unknown["tensh"]


@pytest.mark.parametrize("label", [-1, 10])
def test_label_outside_the_classes(label: int) -> None:
    with pytest.raises(DataError, match=f"here: expected a label of 0 to 9, got {label}"):
        check_label(label, 10, "here")


def test_folder_with_an_unknown_class_is_refused(draw: Draw, tmp_path: Path) -> None:
    draw("tench/1.png")
    draw("kitfox/1.png")
    with pytest.raises(DataError, match="no class is called 'kitfox'; did you mean 'kit fox'"):
        open_data(tmp_path, classes=CLASSES)


def test_empty_class_folder_keeps_its_number(draw: Draw, tmp_path: Path) -> None:
    (tmp_path / "ant").mkdir()
    draw("bee/1.png")
    assert open_data(tmp_path, outputs=2).open("bee/1.png").label == 1


def test_label_outside_the_classes_fails_that_sample_alone(draw: Draw, tmp_path: Path) -> None:
    draw("0/1.png")
    draw("7/1.png")
    data = open_data(tmp_path, outputs=5)
    assert data.open("0/1.png").label == 0
    with pytest.raises(DataError, match=r"1\.png: expected a label of 0 to 4, got 7"):
        data.open("7/1.png")


def test_csv_keeps_its_order_and_looks_in_images(draw: Draw, tmp_path: Path) -> None:
    draw("z.png")
    draw("images/a.png")
    (tmp_path / "labels.csv").write_text(
        "\ufefffile,extra,label\nz.png,?,3\n\n./a.png,,1\n", encoding="utf-8"
    )
    for source in (tmp_path, tmp_path / "labels.csv"):
        data = open_data(source, outputs=5)
        assert list(data.ids) == ["z.png", "a.png"]
        assert [data.open(id).label for id in data.ids] == [3, 1]


def test_fingerprint_follows_the_labels(draw: Draw, tmp_path: Path) -> None:
    draw("a.png")
    prints = set()
    for label in (1, 2):
        (tmp_path / "labels.csv").write_text(f"file,label\na.png,{label}\n")
        prints.add(open_data(tmp_path).sha256)
    assert len(prints) == 2


def test_csv_elsewhere(draw: Draw, tmp_path: Path) -> None:
    draw("photos/images/a.png")
    table = tmp_path / "mine.csv"
    table.write_text("file,label\na.png,tench\n")
    options = DataOptions(labels=table)
    assert open_data(tmp_path / "photos", classes=CLASSES, options=options).open("a.png").label == 0
    with pytest.raises(DataError, match=r"expected a folder of images or clips to go with .*, got 'photos'"):
        open_data("photos", options=options)


def test_bad_rows_fail_alone(draw: Draw, tmp_path: Path) -> None:
    draw("a.png")
    rows = ("a.png,tench", "gone.png,0", "b.png,tensh", "c.png,", "d.png,9")
    for name in "bcd":
        draw(f"{name}.png")
    (tmp_path / "labels.csv").write_text("file,label\n" + "\n".join(rows))
    data = open_data(tmp_path, classes=CLASSES)
    assert data.open("a.png").label == 0
    for id, words in (
        ("gone.png", r"gone\.png: no such file"),
        ("b.png", r"b\.png: no class is called 'tensh'; did you mean 'tench'"),
        ("c.png", r"c\.png: it has no label"),
        ("d.png", r"d\.png: expected a label of 0 to 4, got 9"),
    ):
        with pytest.raises(DataError, match=words):
            data.open(id)


def test_names_that_no_file_can_have_fail_alone(draw: Draw, tmp_path: Path) -> None:
    draw("a.png")
    names = ["n" * 300 + ".png", "deep/" * 1000 + "b.png"]
    (tmp_path / "labels.csv").write_text("file,label\na.png,1\n" + "".join(f"{name},1\n" for name in names))
    data = open_data(tmp_path)
    assert data.open("a.png").label == 1 and data.sha256
    for name in names:
        with pytest.raises(DataError, match=r"\.png: cannot be read as an image: .*File name too long"):
            data.open(name)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("n" * 300, "cannot be read: File name too long"),
        ("a\0b.npz", "no such file or folder"),
        ("~nobody of this name/x", "no home folder as '~nobody of this name/x' has it; write the whole path"),
    ],
)
def test_data_of_a_name_that_no_file_can_have(data: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        open_data(data)


@pytest.mark.parametrize("name", ["n" * 300, "a\0b"])
def test_a_csv_of_a_name_that_no_file_can_have(draw: Draw, tmp_path: Path, name: str) -> None:
    draw("a.png")
    with pytest.raises(DataError, match="cannot be read as comma-separated UTF-8 text"):
        open_data(tmp_path, options=DataOptions(labels=Path(name)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name;class\na.png;0\n", "expected the columns file and label, got name;class"),
        ("file,label\n", "expected a row for each file, got none"),
        ("file,label\na.png,0\n./a.png,1\n", "'a.png' stands in 2 rows"),
        ("file,label\nb.png,0\n", r"none of its 1 files exists, such as 'b\.png'"),
    ],
)
def test_unusable_csv(draw: Draw, tmp_path: Path, text: str, words: str) -> None:
    draw("a.png")
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        open_data(tmp_path)


def test_csv_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00f")
    with pytest.raises(DataError, match="cannot be read as comma-separated UTF-8"):
        open_data(tmp_path)

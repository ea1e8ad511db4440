"""What samples share: --group, of every kind of data that has a place to say it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brittle.core.errors import BrittleError
from brittle.data import DataOptions, open_data
from brittle.tasks.harden.groups import groups_of
from heartbeats import LENGTH, NAMES, beat, write_table

SIGNALS, IMAGES, CLIPS = (1, LENGTH), (3, 4, 4), (3, 2, 4, 4)


def groups(source: Path, shape: tuple[int, ...], column: str, **options: Any) -> Mapping[str, str]:
    asked = DataOptions.build(options)
    names = NAMES if shape == SIGNALS else None
    return groups_of(str(source), asked, open_data(source, shape, names, 2, asked), column)


def pictures(folder: Path, *names: str) -> Path:
    """Images of 4 x 4 pixels; of a .gif eight frames."""
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        frames = [Image.fromarray(np.full((4, 4, 3), 8 * k + number, np.uint8)) for k in range(8)]
        animation: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
        frames[0].save(folder / name, **(animation if name.endswith(".gif") else {}))
    return folder


def tables(folder: Path, labels: str) -> Path:
    """Two csv tables of signals, r0 and r1, and their labels."""
    for k in (0, 1):
        write_table(folder / f"r{k}.csv", beat(k, k, 3 * LENGTH))
    (folder / "labels.csv").write_text(labels, encoding="utf-8")
    return folder


def test_a_column_of_the_csv_of_files(tmp_path: Path) -> None:
    pictures(tmp_path, "a.png", "b.png", "c.png")
    (tmp_path / "labels.csv").write_text("file,label,patient\na.png,0,p\nb.png,1,q\nc.png,1,p\n")
    assert groups(tmp_path, IMAGES, "patient") == {"a.png": "p", "b.png": "q", "c.png": "p"}
    assert groups(tmp_path / "labels.csv", IMAGES, "patient")["b.png"] == "q"
    with pytest.raises(BrittleError, match="expected a column 'scene' of groups, got file, label, patient"):
        groups(tmp_path, IMAGES, "scene")


def test_windows_of_a_clip_have_the_group_of_their_file(tmp_path: Path) -> None:
    pictures(tmp_path, "a.gif", "b.gif")
    (tmp_path / "labels.csv").write_text("file,label,scene\na.gif,0,s\nb.gif,1,t\n")
    found = groups(tmp_path, CLIPS, "scene", windows=2)
    assert found == {"a.gif-1of2": "s", "a.gif-2of2": "s", "b.gif-1of2": "t", "b.gif-2of2": "t"}
    assert groups(tmp_path, CLIPS, "file", windows=2)["a.gif-2of2"] == "a.gif"


def test_class_folders_have_folders_of_patients(tmp_path: Path) -> None:
    names = ("ill/p7/a.png", "ill/p7/day2/b.png", "well/p7/c.png", "well/p8/d.png", "well/e.png")
    found = groups(pictures(tmp_path, *names), IMAGES, "folder")
    assert found == dict(zip(names, ("p7", "p7", "p7", "p8"), strict=False))


@pytest.mark.parametrize("column", ["folder", "patient"])
def test_class_folders_without_any_are_refused_in_one_line(tmp_path: Path, column: str) -> None:
    pictures(tmp_path, "ill/a.png", "well/b.png")
    with pytest.raises(BrittleError, match=r"^expected .* class folders .*--group folder.*, got") as caught:
        groups(tmp_path, IMAGES, column)
    assert "\n" not in str(caught.value)


def test_a_column_of_the_csv_of_records(tmp_path: Path) -> None:
    tables(tmp_path, "record,label,patient\nr0,N,p\nr1,V,p\n")
    assert groups(tmp_path, SIGNALS, "patient") == {"r0": "p", "r1": "p"}
    assert groups(tmp_path, SIGNALS, "record") == {"r0": "r0", "r1": "r1"}
    windows = groups(tmp_path, SIGNALS, "patient", windows=2)
    assert len(windows) == 4 and set(windows.values()) == {"p"}
    with pytest.raises(BrittleError, match="expected a column 'ward' of groups, got record, label, patient"):
        groups(tmp_path, SIGNALS, "ward")


def test_a_column_of_the_csv_of_beats(tmp_path: Path) -> None:
    tables(tmp_path, "record,sample,label,episode\nr0,100,N,e\nr0,300,N,f\nr1,0100,V,e\n")
    assert groups(tmp_path, SIGNALS, "episode") == {"r0-100": "e", "r0-300": "f", "r1-100": "e"}


def test_records_without_a_csv_of_labels_have_records_alone(tmp_path: Path) -> None:
    folder = tables(tmp_path, "")
    (folder / "labels.csv").unlink()
    assert groups(folder, SIGNALS, "record") == {"r0": "r0", "r1": "r1"}
    with pytest.raises(BrittleError, match="expected --group record for records without a csv of labels"):
        groups(folder, SIGNALS, "patient")

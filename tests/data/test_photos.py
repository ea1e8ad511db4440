import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from brittle.core.errors import MissingExtraError
from brittle.data import open_data

there = pytest.mark.skipif(find_spec("foolbox") is None, reason="needs the extra 'builtin'")


@there
def test_photos_are_labelled_and_real() -> None:
    data = open_data("photos", (3, 224, 224), outputs=1000)
    assert data.name == "photos"
    assert len(data.ids) == 20
    assert data.ids[0] == "imagenet_00_243.jpg"
    labels = [data.open(id).label for id in data.ids]
    assert labels == [int(id[:-4].rpartition("_")[2]) for id in data.ids]
    assert data.open(data.ids[3]).x.std() > 0.05


@there
def test_photos_have_a_size_where_the_model_has_none() -> None:
    data = open_data("photos")
    assert {data.open(id).x.shape for id in data.ids} == {(3, 224, 224)}


@there
def test_foolbox_is_found_but_never_imported() -> None:
    code = (
        "import sys; from brittle.data import open_data; d = open_data('photos'); d.open(d.ids[0]); "
        "sys.exit('foolbox' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_foolbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brittle.data.photos.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="the built-in photos needs the extra 'builtin'"):
        open_data("photos")


def test_a_folder_of_that_name_is_still_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    (tmp_path / "photos").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "photos" / "mine.png")
    monkeypatch.chdir(tmp_path)
    for source in ("./photos", Path("photos")):
        assert list(open_data(source).ids) == ["mine.png"]

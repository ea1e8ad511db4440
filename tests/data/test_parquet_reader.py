"""Parquet of images as Hugging Face has it: rows, labels by name or number, splits, and hostile files."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brittle.core.errors import DataError, MissingExtraError
from brittle.data import DataOptions, open_data

arrow: Any = pytest.importorskip("pyarrow")
parquet: Any = pytest.importorskip("pyarrow.parquet")

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (7, 6, 8, 3), np.uint8)
IMAGE = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])


def png(pixels: Any) -> bytes:
    Image.fromarray(pixels).save(file := io.BytesIO(), "PNG")
    return file.getvalue()


def written(path: Path, labels: Any, names: list[str] | None = None, start: int = 0, **more: Any) -> Path:
    """Rows of PIXELS from start on, two in a row group."""
    pixels = PIXELS[start : start + len(labels)]
    columns = {"image": arrow.array([{"bytes": png(one), "path": None} for one in pixels], IMAGE)}
    columns |= {"label": arrow.array(labels), **more}
    table = arrow.table(columns)
    if names is not None:
        features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": names}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path, row_group_size=2)
    return path


def test_rows_are_samples_with_exact_pixels(tmp_path: Path) -> None:
    data = open_data(written(tmp_path / "test.parquet", [0, 1, 0, 1, 1], ["ox", "ant"]), (3, 6, 8))
    assert data.ids == tuple(f"test-{k:06d}" for k in range(5)) and data.classes == ("ox", "ant")
    for number in (4, 0, 3, 1, 2):
        sample = data.open(data.ids[number])
        assert np.array_equal(sample.spec.encode(sample.x), np.moveaxis(PIXELS[number], -1, 0))
        assert sample.label == [0, 1, 0, 1, 1][number]
    assert open_data(tmp_path / "test.parquet", options=DataOptions(limit=2)).ids == data.ids[0:3:2]


def test_shards_of_a_split_are_one_data_set(tmp_path: Path) -> None:
    for shard, labels in enumerate(([0, 1, 0], [1, 1, 0, 0])):
        written(tmp_path / "data" / f"train-{shard:05d}-of-00002.parquet", labels, ["a", "b"], 3 * shard)
    data = open_data(tmp_path)
    assert len(data.ids) == 7 and data.name == "train"
    assert [data.open(id).label for id in data.ids] == [0, 1, 0, 1, 1, 0, 0]
    sample = data.open(data.ids[5])
    assert np.array_equal(sample.spec.encode(sample.x), np.moveaxis(PIXELS[5], -1, 0))
    before = data.sha256
    written(tmp_path / "data" / "train-00001-of-00002.parquet", [1, 1, 1, 0], ["a", "b"], 3)
    assert open_data(tmp_path).sha256 != before
    written(tmp_path / "data" / "test-00000-of-00001.parquet", [0], ["a", "b"])
    with pytest.raises(DataError, match="holds 2 splits, test, train; name one file"):
        open_data(tmp_path)
    assert len(open_data(tmp_path / "data" / "test-00000-of-00001.parquet").ids) == 1


def test_labels_are_the_model_s_classes_by_name_else_by_number(tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet", [0, 1, 1], ["ox", "ant"])

    def labels(classes: tuple[str, ...] | None, outputs: int) -> list[int | None]:
        data = open_data(path, (3, 6, 8), classes, outputs)
        return [data.open(id).label for id in data.ids]

    assert labels(("ant", "bee", "ox"), 3) == [2, 0, 0]
    assert labels(None, 2) == [0, 1, 1] == labels(("first", "second"), 2)
    text = open_data(written(tmp_path / "y.parquet", ["ant", "ox"]), (3, 6, 8), ("ant", "ox"), 2)
    assert [text.open(id).label for id in text.ids] == [0, 1]
    none = open_data(written(tmp_path / "z.parquet", [-1, None], ["ox", "ant"]))
    assert [none.open(id).label for id in none.ids] == [None, None]
    far = open_data(written(tmp_path / "w.parquet", [0, 7]), (3, 6, 8), None, 2)
    with pytest.raises(DataError, match=r"w-000001: expected a label of 0 to 1, got 7"):
        far.open("w-000001")


def test_a_hard_set_s_export_is_read_back(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.parquet", [1, 0], ["x", "y"], l2=arrow.array([1.0, 2.0]), id=arrow.array(["p", "q"])
    )
    assert len(open_data(path).ids) == 2


def test_images_elsewhere_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png(PIXELS[0]))
    rows = [{"bytes": None, "path": str(tmp_path / "secret.png")}, {"bytes": b"no image", "path": None}]
    table = arrow.table({"image": arrow.array(rows, IMAGE), "label": arrow.array([0, 0])})
    parquet.write_table(table, tmp_path / "evil.parquet")
    data = open_data(tmp_path / "evil.parquet", (3, 6, 8))
    with pytest.raises(DataError, match="its image is not in the parquet file"):
        data.open("evil-000000")
    with pytest.raises(DataError, match="cannot be read as an image"):
        data.open("evil-000001")
    with pytest.raises(DataError, match="its image is not in the parquet file"):
        open_data(tmp_path / "evil.parquet")


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ({"label": [1]}, "expected one column of images .* got none of label"),
        ({"a": [b"x"], "b": [b"y"]}, "got a, b of a, b"),
    ],
)
def test_what_has_no_images_is_one_line(tmp_path: Path, columns: Any, match: str) -> None:
    parquet.write_table(arrow.table(columns), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=match):
        open_data(tmp_path / "x.parquet")


def test_what_is_no_parquet_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="cannot be read as parquet") as found:
        open_data(tmp_path / "x.parquet")
    assert "\n" not in str(found.value)
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)
    with pytest.raises(MissingExtraError, match="parquet"):
        open_data(tmp_path / "x.parquet")

"""Exports read back: by our own folder reader, NumPy, tarfile, pyarrow; and the same bytes each time."""

import importlib.util
import json
import tarfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

import brittle
from brittle.core.errors import BrittleError, MissingExtraError
from brittle.core.sample import InputSpec
from brittle.data import open_data
from brittle.exports import EXPORTS
from brittle.store.hard_set import HardSet
from score.made_set import (
    CLASSES,
    LEVELS,
    SOURCES,
    SPEC,
    changed,
    colours,
    errors_by_hand,
    make_set,
    originals,
)

HAS_ARROW = importlib.util.find_spec("pyarrow") is not None
PARTS = ("clean", "grey-near", "grey-far", "turn-near", "turn-far")


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 by file."""
    return {
        file.relative_to(folder).as_posix(): sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.mark.parametrize("to", EXPORTS.names())
def test_the_same_set_gives_the_same_bytes(to: str, hard: HardSet, tmp_path: Path) -> None:
    if to == "parquet" and not HAS_ARROW:
        pytest.skip("the extra parquet is not installed")
    again = make_set(tmp_path / "again")
    folders = [brittle.export(one.path, to=to, out=tmp_path / one.path.name / to) for one in (hard, again)]
    first, second = map(digests, folders)
    assert first == second and first


def test_the_tree_of_imagenet_c_scores_the_same(hard: HardSet, tmp_path: Path) -> None:
    out = brittle.export(hard.path, to="imagenet-c", out=tmp_path / "c")
    by_hand = errors_by_hand()
    for kind, level in by_hand.keys() - {("", "")}:
        read = open_data(out / kind / str(1 + list(LEVELS).index(level)), (3, None, None), CLASSES)
        samples = [read.open(id) for id in read.ids]
        wrong = [int(colours(s.x[None]).argmax()) != s.label for s in samples]
        assert len(samples) == SOURCES and np.mean(wrong) == pytest.approx(by_hand[kind, level])
    assert (out / "class_map.txt").read_text().split() == ["0", "1", "2"]
    assert len(list((out / "clean").rglob("*.png"))) == SOURCES and "wnid" in (out / "README.txt").read_text()


def test_the_arrays_of_cifar_c(hard: HardSet, tmp_path: Path) -> None:
    out = brittle.export(hard.path, to="cifar-c", out=tmp_path / "c")
    labels, turn = np.load(out / "labels.npy"), np.load(out / "turn.npy")
    assert (turn.shape, turn.dtype) == ((2 * SOURCES, 6, 8, 3), np.uint8) and labels.shape == (2 * SOURCES,)
    samples = originals()
    assert labels.tolist() == 2 * [label for _, label, _ in samples]
    for number, share in enumerate((0.3, 0.9)):
        for k, (_, _, x) in enumerate(samples):
            wanted = np.moveaxis(SPEC.encode(changed(x, "turn", share)), 0, -1)
            assert (turn[number * SOURCES + k] == wanted).all()
    assert np.load(out / "clean.npy").shape == (SOURCES, 6, 8, 3)


def test_cifar_c_wants_pictures_of_one_size(tmp_path: Path) -> None:
    hard = make_set(tmp_path / "hard")
    file = next((hard.path / "images/turn/far").rglob("*.png"))
    data = BytesIO()
    Image.new("RGB", (9, 9)).save(data, "PNG")
    file.write_bytes(data.getvalue())
    name = file.relative_to(hard.path).as_posix()
    sums = [
        f"{sha256(data.getvalue()).hexdigest()}  {name}" if line.endswith(f"  {name}") else line
        for line in (hard.path / "SHA256SUMS").read_text().splitlines()
    ]
    (hard.path / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    with pytest.raises(BrittleError, match="expected a stored image of RGB 6x8, got RGB 9x9") as raised:
        brittle.export(hard.path, to="cifar-c", out=tmp_path / "c")
    assert name in str(raised.value) and "\n" not in str(raised.value)


def test_shards_of_webdataset(hard: HardSet, tmp_path: Path) -> None:
    out = brittle.export(hard.path, to="webdataset", out=tmp_path / "w")
    assert sorted(file.stem for file in out.iterdir()) == sorted(PARTS)
    with tarfile.open(out / "turn-far.tar") as tar:
        members = tar.getmembers()
        read = {member.name: tar.extractfile(member).read() for member in members}  # type: ignore[union-attr]
    assert all((m.mtime, m.uid, m.gid, m.uname) == (0, 0, 0, "") for m in members)
    assert list(read) == sorted(read) and len(read) == 3 * SOURCES
    assert all(name.count(".") == 1 for name in read)
    keys = [name.removesuffix(".cls") for name in read if name.endswith(".cls")]
    for key, (id, label, _) in zip(keys, originals(), strict=True):
        told = json.loads(read[f"{key}.json"])
        assert (int(read[f"{key}.cls"]), told["id"], told["kind"]) == (label, id, "turn")
        assert Image.open(BytesIO(read[f"{key}.png"])).size == (8, 6)


def front_matter(folder: Path) -> Any:
    """The YAML of a card."""
    _, matter, body = (folder / "README.md").read_text().split("---\n", 2)
    assert body == "# A tiny set\n"
    return yaml.safe_load(matter)


def test_an_imagefolder_of_hugging_face(hard: HardSet, tmp_path: Path) -> None:
    out = brittle.export(hard.path, to="huggingface", out=tmp_path / "h")
    matter = front_matter(out)
    assert [one["config_name"] for one in matter["configs"]] == list(PARTS)
    assert (matter["license"], matter["license_name"]) == ("other", "CC0, by nobody")
    for part in PARTS:
        lines = [json.loads(line) for line in (out / part / "metadata.jsonl").read_text().splitlines()]
        assert len(lines) == SOURCES == len(list((out / part).glob("*.png")))
        assert all((out / part / line["file_name"]).is_file() for line in lines)
        assert [line["label_name"] for line in lines] == [CLASSES[label] for _, label, _ in originals()]


@pytest.mark.skipif(not HAS_ARROW, reason="the extra parquet is not installed")
def test_parquet_of_hugging_face(hard: HardSet, tmp_path: Path) -> None:
    from pyarrow import parquet

    out = brittle.export(hard.path, to="parquet", out=tmp_path / "p")
    table = parquet.read_table(out / "turn-far.parquet")
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["label"] == {"names": list(CLASSES), "_type": "ClassLabel"}
    assert features["image"] == {"_type": "Image"} and list(features) == table.column_names
    first = table.to_pylist()[0]
    assert Image.open(BytesIO(first["image"]["bytes"])).size == (8, 6)
    assert [row["label"] for row in table.to_pylist()] == [label for _, label, _ in originals()]
    assert [one["data_files"][0]["path"] for one in front_matter(out)["configs"]][-1] == "turn-far.parquet"


@pytest.mark.skipif(HAS_ARROW, reason="the extra parquet is installed")
def test_parquet_names_its_extra(hard: HardSet, tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match="the extra 'parquet'"):
        brittle.export(hard.path, to="parquet", out=tmp_path / "p")


def test_croissant_lies_among_the_files_that_it_describes(hard: HardSet) -> None:
    brittle.export(hard.path, to="croissant", out=hard.path)
    told = json.loads((hard.path / "croissant.json").read_text())
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    ids = [one["@id"] for one in (*told["distribution"], *told["recordSet"])]
    ids += [field["@id"] for records in told["recordSet"] for field in records["field"]]
    assert len(set(ids)) == len(ids)
    for one in told["distribution"]:
        if "sha256" in one:
            assert one["sha256"] == sha256((hard.path / one["contentUrl"]).read_bytes()).hexdigest()
        else:
            assert list(hard.path.glob(one["includes"]))


def test_croissant_as_mlcroissant_reads_it(hard: HardSet) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    brittle.export(hard.path, to="croissant", out=hard.path)
    found = mlcroissant.Dataset(str(hard.path / "croissant.json"))
    assert len(list(found.records("items"))) == 4 * SOURCES
    assert len(list(found.records("images"))) == 4 * SOURCES


def test_exports_go_into_folders_of_their_own(hard: HardSet, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    for to, out in (("imagenet-c", full), ("webdataset", hard.path)):
        with pytest.raises(BrittleError, match="expected a new or empty folder"):
            brittle.export(hard.path, to=to, out=out)
    with pytest.raises(BrittleError, match="did you mean 'imagenet-c'"):
        brittle.export(hard.path, to="imagenet", out=tmp_path / "i")


def test_pictures_of_free_floats_are_refused(tmp_path: Path) -> None:
    spec = InputSpec((1, 6, 8), ("channel", "height", "width"))
    hard = make_set(tmp_path / "hard", spec=spec)
    with pytest.raises(BrittleError, match="exports of pictures are of 8 bits"):
        brittle.export(hard.path, to="webdataset", out=tmp_path / "w")

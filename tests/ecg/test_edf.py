"""EDF recordings: exact values in mV, leads of one rate, labels, and one line for what is damaged."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import DataError, MissingExtraError
from brittle.data import DataOptions, open_data

edf: Any = pytest.importorskip("pyedflib")

RATE, SECONDS = 250, 4
RNG = np.random.default_rng(0)
VALUES = np.round(RNG.normal(size=(2, RATE * SECONDS)) * 400) / 400  # mV


def written(path: Path, units: tuple[str, ...] = ("mV", "uV"), slow: bool = True) -> Path:
    """Two leads at 250 Hz, the second in µV, and a slow one beside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scales = {"mV": 1.0, "uV": 1e3, "mmHg": 1.0}
    rows = [
        {
            "label": f"lead {k}",
            "dimension": unit,
            "sample_frequency": RATE,
            "physical_min": -8.0 * scales[unit],
            "physical_max": 8.0 * scales[unit],
            "digital_min": -32000,
            "digital_max": 32000,
        }
        for k, unit in enumerate(units)
    ]
    signals = [VALUES[k] * scales[unit] for k, unit in enumerate(units)]
    if slow:
        rows.append({**rows[0], "label": "breath", "sample_frequency": 25})
        signals.append(np.zeros(25 * SECONDS))
    with edf.EdfWriter(str(path), len(rows), file_type=edf.FILETYPE_EDFPLUS) as file:
        file.setSignalHeaders(rows)
        file.writeSamples(signals)
    return path


def test_values_are_read_in_mv_and_slow_signals_are_left_out(tmp_path: Path) -> None:
    data = open_data(written(tmp_path / "a.edf"), (2, 500))
    assert data.ids == ("a",) and data.spec.rate == RATE and data.spec.unit == "mV"
    sample = data.open("a")
    assert sample.label is None and sample.x.shape == (2, 500)
    assert np.abs(sample.x - VALUES[:, :500]).max() < 3e-4
    second = open_data(tmp_path / "a.edf", (1, 500), options=DataOptions(leads=("lead 1",), windows=2))
    assert second.ids == ("a-0ms", "a-2000ms")
    assert np.abs(second.open("a-2000ms").x - VALUES[1:, 500:]).max() < 3e-4


def test_labels_are_those_of_folders_or_a_table(tmp_path: Path) -> None:
    for name in ("af/x.edf", "normal/y.edf"):
        written(tmp_path / "sorted" / name)
    data = open_data(tmp_path / "sorted", (2, 500), ("normal", "af"), 2)
    assert [data.open(id).label for id in data.ids] == [1, 0]
    for name in "pq":
        written(tmp_path / "table" / f"{name}.edf")
    (tmp_path / "table" / "labels.csv").write_text("record,label\nq,af\np,normal\n")
    data = open_data(tmp_path / "table", (2, 500), ("normal", "af"), 2)
    assert {id: data.open(id).label for id in data.ids} == {"q": 1, "p": 0}


def test_what_cannot_be_read_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.edf").write_bytes(b"0       no header")
    with pytest.raises(DataError, match="cannot be read as an EDF recording") as found:
        open_data(tmp_path / "bad.edf", (2, 500))
    assert "\n" not in str(found.value)
    data = open_data(written(tmp_path / "c.edf", ("mV", "mmHg")), (2, 500))
    with pytest.raises(DataError, match="expected lead lead 1 in mV, µV or V, got mmHg"):
        data.open("c")
    written(tmp_path / "twice" / "a.edf")
    written(tmp_path / "twice" / "a.bdf")
    with pytest.raises(DataError, match="the same name but for their suffix"):
        open_data(tmp_path / "twice", (2, 500))
    monkeypatch.setitem(__import__("sys").modules, "pyedflib", None)
    with pytest.raises(MissingExtraError, match="edf"):
        open_data(tmp_path / "c.edf", (2, 500))

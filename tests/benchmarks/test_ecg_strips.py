"""Strips of beats: where they are cut, what their model says, and what their truth is."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from brittle.core.sample import Array

wfdb = pytest.importorskip("wfdb")

from ecg_strips import AFTER, BEFORE, drawn, row_of  # noqa: E402
from planted_truth import explained  # noqa: E402

BEATS = 14
ODD = 6


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """One record: upright beats 300 samples apart, one of them upside down and marked V."""
    peaks = 200 + 300 * np.arange(BEATS)
    x = sum((-1.0) ** (k == ODD) * np.exp(-(((np.arange(4500) - p) / 8) ** 2)) for k, p in enumerate(peaks))
    trace = np.stack([0 * x, x], axis=1)
    wfdb.wrsamp("300", fs=360, units=["mV"] * 2, sig_name=["V5", "MLII"], p_signal=trace, fmt=["16"] * 2,
                write_dir=str(tmp_path))  # fmt: skip
    marks = [(100, "+"), *((int(p), "V" if k == ODD else "N") for k, p in enumerate(peaks))]
    at, symbols = zip(*marks, strict=True)
    wfdb.wrann(
        "300", "atr", np.array(at), list(symbols), write_dir=str(tmp_path), aux_note=["(N"] + [""] * BEATS
    )
    return tmp_path


def upside_down(beats: Array) -> NDArray[np.float64]:
    """P(V) of beats: how deep the middle of one goes."""
    assert beats.shape[1:] == (1, BEFORE + AFTER)
    return 0.95 / (1 + np.exp(20 * (0.5 + beats[:, 0, BEFORE].astype(np.float64))))


def test_a_strip_is_eight_beats_of_which_one_is_ventricular(records: Path) -> None:
    (strip,) = drawn(records, upside_down, 5)  # there is one V, so there is one strip
    assert len(strip.peaks) == 8 and strip.peaks[0] == BEFORE
    assert strip.input.shape == (1, 7 * 300 + BEFORE + AFTER)
    peak = strip.peaks[strip.odd]
    assert strip.sample.x[0, peak] < -0.9
    inside = np.flatnonzero(strip.truth)
    ends = (0 if strip.odd == 0 else peak - 150, len(strip.truth) if strip.odd == 7 else peak + 150)
    assert abs(inside[0] - ends[0]) <= 1 and abs(inside[-1] - ends[1]) <= 1


def test_its_model_says_whether_any_beat_is_ventricular(records: Path) -> None:
    (strip,) = drawn(records, upside_down, 1)
    x = strip.sample.x[None]
    each = strip.each(x)[0]
    assert each.argmax() == strip.odd
    assert strip(x)[0].tolist() == pytest.approx([np.prod(1 - each), 1 - np.prod(1 - each)])


def test_a_record_whose_v_is_not_seen_gives_no_strip(records: Path) -> None:
    assert drawn(records, lambda beats: np.full(len(beats), 0.01), 5) == []


def test_the_beat_is_found(records: Path) -> None:
    strips = drawn(records, upside_down, 1)
    row = row_of("occlusion", 100, [explained(strip, "occlusion", 100) for strip in strips])
    assert row["pointing"].startswith("1 of 1") and row["not explained"] == "0"

"""Signals, and models that are Python objects: their answers may be rounded otherwise, or not come at all."""

from pathlib import Path

import numpy as np
import pytest

import brittle
from forged import Row, messages, rows_of, write_rows


def beats(x: np.ndarray) -> np.ndarray:
    energy = np.square(x).sum(axis=(1, 2))
    return np.stack([energy - 8, 8 - energy], axis=1)


beats.input_shape = (1, 90)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["snr", "prd"])
def test_distances_of_signals_are_recomputed(name: str, tmp_path: Path) -> None:
    wave = np.sin(np.arange(90) / 7) * np.linspace(0.35, 0.6, 10)[:, None]
    data = (wave[:, None].astype(np.float32), None)
    out = tmp_path / "r"
    brittle.audit(beats, data, out=out, budget=60, data_options={"sampling_rate": 180}, search="patchwork")
    assert messages(out, beats, data) == []
    rows = rows_of(out)
    row = next(row for row in rows if row["first"])
    row["first"][name] += 1
    write_rows(out, rows)
    brittle.rewrite_report(out)
    assert any(f"{name} is" in text and "its files say" in text for text in messages(out, beats, data))


def test_answers_may_differ_by_their_rounding_and_no_more(digits: Path, tmp_path: Path) -> None:
    weights = np.load(digits / "weights.npz")

    def model(x: np.ndarray, shift: float = 0.0) -> np.ndarray:
        logits = x.reshape(len(x), -1) @ weights["coef"].T + weights["intercept"]
        return np.asarray(logits * (1 + shift))

    data = (np.load(digits / "digits.npz")["x"][:20], None)
    brittle.audit(model, data, budget=40, out=tmp_path / "r", search="patchwork")
    assert messages(tmp_path / "r", lambda x: model(x, 1e-5), data) == []
    assert any(
        "the model answers" in text for text in messages(tmp_path / "r", lambda x: model(x, 0.02), data)
    )
    nothing = messages(tmp_path / "r", lambda x: model(x) * np.nan, data)
    assert any("the model answers NaN or infinity" in text for text in nothing)


def test_samples_that_failed_fail_again(digits: Path, tmp_path: Path) -> None:
    """One cannot be answered with numbers, one makes the model raise, one cannot be read."""
    weights = np.load(digits / "weights.npz")
    x = np.load(digits / "digits.npz")["x"][:8] / np.float32(255)
    x[:, 0, 3, 3] = np.minimum(x[:, 0, 3, 3], 0.5)
    x[2, 0, 3, 3], x[4, 0, 3, 3], x[6, 0, 3, 3] = 0.9, 1.0, np.nan

    def model(x: np.ndarray) -> np.ndarray:
        logits = x.reshape(len(x), -1) @ weights["coef"].T + weights["intercept"]
        logits[x[:, 0, 3, 3] > 0.85] = np.nan
        if (x[:, 0, 3, 3] == 1).any():
            raise RuntimeError("too bright")
        return np.asarray(logits)

    options = {"bounds": (0, 1)}
    brittle.audit(model, (x, None), budget=9, out=tmp_path / "r", distortions=["jpeg"], data_options=options)
    assert {row["sample"] for row in rows_of(tmp_path / "r") if row["status"] == "failed"} >= {
        "000002",
        "000004",
        "000006",
    }
    assert messages(tmp_path / "r", model, (x, None)) == []


def test_data_that_cannot_be_read_are_no_proof(digits: Path, tmp_path: Path) -> None:
    def model(x: np.ndarray) -> np.ndarray:
        return np.asarray(x.reshape(len(x), -1)[:, 20:30])

    x = np.load(digits / "digits.npz")["x"][:4] / np.float32(255)
    settings: Row = {"budget": 9, "data_options": {"bounds": (0, 1)}, "search": "random"}
    brittle.audit(model, (x, None), out=tmp_path / "r", **settings)
    damaged = x.copy()
    damaged[1, 0, 0, 0] = np.nan
    assert messages(tmp_path / "r", model, (x, None)) == []
    assert any("the data cannot be read" in text for text in messages(tmp_path / "r", model, (damaged, None)))

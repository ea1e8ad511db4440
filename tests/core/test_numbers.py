"""Distances, rounding and seeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core import distance
from brittle.core.classifier import rounded
from brittle.core.seeds import generator


def test_distances_of_a_known_change() -> None:
    x = np.zeros((1, 2, 5), np.float32)
    changed = x.copy()
    changed[0, 0, :2] = 3.0, -4.0
    assert distance.l2(x, changed) == 5
    assert distance.linf(x, changed) == 4
    assert distance.l0(x, changed) == 2
    assert distance.mean_absolute(x, changed) == pytest.approx(0.7)


@given(st.floats(-20, 60))
def test_snr_is_what_was_mixed(db: float) -> None:
    rng = np.random.default_rng(0)
    signal = np.sin(np.linspace(0, 60, 4000))
    hum = rng.normal(size=4000)
    hum *= np.linalg.norm(signal - signal.mean()) / np.linalg.norm(hum) * 10 ** (-db / 20)
    x = signal.astype(np.float64)
    assert distance.snr(x, x + hum, 0) == pytest.approx(db, abs=1e-6)  # type: ignore[arg-type]


def test_rms_and_psnr_say_what_an_l2_is_in_grey_levels() -> None:
    x, changed = np.zeros((3, 224, 224), np.float32), np.full((3, 224, 224), 10 / 255, np.float32)
    l2 = distance.l2(x, changed)
    assert 255 * distance.rms(l2, x.size) == pytest.approx(10, rel=1e-5)
    assert distance.psnr(l2, x.size, 1.0) == pytest.approx(20 * np.log10(255 / 10), rel=1e-5)
    assert distance.psnr(0.0, x.size, 1.0) == float("inf")


def test_prd_of_a_tenth_is_ten_percent() -> None:
    x = np.linspace(1, 2, 100, dtype=np.float32)
    assert distance.prd(x, 1.1 * x) == pytest.approx(10, rel=1e-4)


@given(st.floats(2**-60, 1.0, width=32))
def test_rounding_keeps_twelve_bits_and_is_done_once(p: float) -> None:
    once = rounded(np.array([p], np.float32))
    assert abs(once[0] - p) <= p * 2**-12
    assert np.array_equal(rounded(once), once)


@given(st.floats(2**-20, 0.9375, width=32))
def test_most_answers_that_differ_by_engine_jitter_round_to_the_same(p: float) -> None:
    jitter = np.linspace(-1e-6, 1e-6, 9) * p
    by = 1 + generator(0, "irregular, so that few lie where rounding turns").random(50)
    grid = np.concatenate([rounded(np.float32(p * k) + jitter) for k in by])
    same = (grid.reshape(50, 9) == grid.reshape(50, 9)[:, :1]).all(axis=1)
    assert same.mean() > 0.85


def test_generators_are_their_own_and_leave_the_global_state_alone() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    one, again = generator(1, "a", "b").random(4), generator(1, "a", "b").random(4)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, generator(1, "ab", "").random(4))
    assert not np.array_equal(one, generator(2, "a", "b").random(4))
    assert np.array_equal(before, np.random.get_state()[1])  # type: ignore[index]  # noqa: NPY002

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from brittle.core.canvas import Layer
from brittle.core.errors import DataError, UsageError
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec
from brittle.domains import domain_of
from brittle.domains.ecg import Ecg
from brittle.domains.ecg_paper import PAPER
from heartbeats import SPEC, beat

DOMAIN = Ecg()
TWO = InputSpec((2, 500), ("channel", "time"), (-8.192, 8.19175), 16, 500, "mV", ("I", "V5"))


def signal(spec: InputSpec, seed: int = 0) -> Array:
    x = np.stack([beat(k % 2, seed, spec.shape[1], spec.rate or 1) for k in range(spec.shape[0])])
    return spec.decode(spec.encode(x.astype(np.float32)))


def pixels(png: bytes) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def test_signals_have_this_domain() -> None:
    assert domain_of(SPEC) == DOMAIN


@pytest.mark.parametrize(
    ("text", "rate", "samples"),
    [
        *(
            ("10ms", 300, 3),
            ("16.67ms", 300, 5),
            ("33.33 ms", 300, 10),
            ("50ms", 300, 15),
            ("3.33ms", 300, 1),
        ),
        *(("10ms", 360, 4), ("0.1ms", 300, 1), ("0.05s", 500, 25), ("7", 300, 7), ("7", None, 7)),
    ],
)
def test_cells_in_milliseconds_are_right_within_one_sample(
    text: str, rate: float | None, samples: int
) -> None:
    spec = InputSpec((1, 600), ("channel", "time"), rate=rate)
    assert DOMAIN.parse_cell(text, spec) == (samples,)


@pytest.mark.parametrize("text", ["", "8x8", "-3", "1.5", "10 m", "ms"])
def test_a_cell_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected a cell as a duration, such as 10ms"):
        DOMAIN.parse_cell(text, SPEC)


def test_a_cell_longer_than_the_signal_is_refused() -> None:
    with pytest.raises(UsageError, match="1 to 200 along time, got 2500"):
        DOMAIN.parse_cell("10s", SPEC)


def test_milliseconds_need_a_rate() -> None:
    spec = InputSpec((1, 600), ("channel", "time"))
    with pytest.raises(UsageError, match="give the cell in samples"):
        DOMAIN.parse_cell("10ms", spec)
    assert DOMAIN.cell(spec) == (10,)


def test_default_cell_is_a_thirtieth_of_a_second() -> None:
    assert DOMAIN.cell(SPEC) == (8,)
    assert DOMAIN.cell(InputSpec((1, 3), ("channel", "time"), rate=500)) == (3,)


@given(st.integers(0, 2**32 - 1))
def test_16_bit_signals_are_stored_exactly(seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 2**16, TWO.shape).astype(np.uint16)
    codes[0, :2] = (0, 2**16 - 1)
    x = TWO.decode(codes)
    back = DOMAIN.from_bytes(DOMAIN.to_bytes(x, TWO), TWO)
    np.testing.assert_array_equal(back, x)
    np.testing.assert_array_equal(TWO.encode(back), codes)


def test_free_signals_are_stored_as_floats() -> None:
    spec = InputSpec((1, 300), ("channel", "time"), (-10, 10))
    x = np.random.default_rng(0).normal(size=spec.shape).astype(np.float32)
    assert DOMAIN.suffix(spec) == ".npy"
    assert DOMAIN.companions("a", spec) == {}
    np.testing.assert_array_equal(DOMAIN.from_bytes(DOMAIN.to_bytes(x, spec), spec), x)


@given(st.binary(max_size=100))
def test_damaged_files_give_one_clear_error(data: bytes) -> None:
    for spec in (TWO, InputSpec((1, 300), ("channel", "time"), (-10, 10))):
        with pytest.raises(DataError, match="expected a stored"):
            DOMAIN.from_bytes(data, spec)


def test_a_second_is_25_mm_wide_and_a_millivolt_10_mm_high() -> None:
    x = np.zeros(TWO.shape, np.float32)
    x[:, 250:] = 1
    picture = pixels(DOMAIN.picture(x, TWO))
    millimetre = picture.shape[1] / 25
    ink = (picture.astype(int).sum(axis=2) < 250)[: picture.shape[0] // 2]  # the first lead
    before, after = (np.flatnonzero(ink[:, int(share * ink.shape[1])]).mean() for share in (0.4, 0.8))
    assert (before - after) / millimetre == pytest.approx(10, abs=0.3)


def test_tall_signals_are_drawn_at_half_the_gain() -> None:
    flat, tall = np.zeros(SPEC.shape, np.float32), np.zeros(SPEC.shape, np.float32)
    flat[:, 100:] = 3.9
    tall[:, 100:] = 7.8
    assert pixels(DOMAIN.picture(flat, SPEC)).shape == pixels(DOMAIN.picture(tall, SPEC)).shape


def test_what_is_side_by_side_is_on_one_scale() -> None:
    tall, flat = np.zeros(SPEC.shape, np.float32), np.zeros(SPEC.shape, np.float32)
    tall[:, 100:] = 7.8
    assert pixels(DOMAIN.picture(flat, SPEC)).shape != pixels(DOMAIN.picture(tall, SPEC)).shape
    shown = DOMAIN.picture(flat, SPEC, [tall]), DOMAIN.picture(tall, SPEC, [flat])
    assert pixels(shown[0]).shape == pixels(shown[1]).shape and shown[1] == DOMAIN.picture(tall, SPEC)
    touched = DOMAIN.cells_touched(flat, Grid(SPEC, (50,)), np.zeros(4, np.int16), SPEC, beside=[tall])
    assert touched == shown[0]


def test_touched_segments_are_shaded_where_they_are() -> None:
    x, grid = signal(TWO), Grid(TWO, (50,))
    assignment = np.zeros(10, np.int16)
    assignment[[2, 7]] = (1, 2)
    layers = (Layer("powerline", 0.1, 0), Layer("muscle_noise", 6.0, 0))
    plain = pixels(DOMAIN.picture(x, TWO)).astype(int)
    shaded = pixels(DOMAIN.cells_touched(x, grid, assignment, TWO, layers)).astype(int)
    other = (np.abs(shaded - plain).sum(axis=2) > 60).mean(axis=0)
    width = len(other) / 10
    found = [other[int(k * width) + 3 : int((k + 1) * width) - 3].mean() > 0.5 for k in range(10)]
    assert found == [k in (2, 7) for k in range(10)]
    left, right = shaded[5, int(2.5 * width)], shaded[5, int(7.5 * width)]
    assert np.abs(left - right).sum() > 60
    assert np.abs(left - np.array(PAPER)).sum() > 60


def test_a_small_change_is_drawn_larger() -> None:
    x = signal(SPEC)
    changed = x + np.linspace(0, 0.5, 200, dtype=np.float32)
    assert (
        pixels(DOMAIN.change(x, changed, SPEC)).shape[0] > pixels(DOMAIN.picture(changed - x, SPEC)).shape[0]
    )
    assert pixels(DOMAIN.change(x, x, SPEC)).size

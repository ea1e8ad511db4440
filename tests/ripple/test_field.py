"""Laws of fields and of the sphere: unit norm, exact distance when clipped and rounded, any count of axes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brittle.core.distance import l2
from brittle.core.field import Field, norm, unit, window_array
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.sphere import TOLERANCE, L2Sphere

SPECS = [
    InputSpec((3, 40, 56), ("channel", "height", "width"), bits=8),
    InputSpec((1, 28, 28), ("channel", "height", "width"), bits=8),
    InputSpec((3, 8, 8), ("channel", "height", "width"), bits=8),
    InputSpec((1, 300), ("channel", "time"), (-5.0, 5.0)),
    InputSpec((12, 1000), ("channel", "time"), (-2.0, 2.0), bits=16),
    InputSpec((20, 24), ("height", "width")),
    InputSpec((3, 4, 16, 16), ("channel", "frame", "height", "width"), bits=8),
    InputSpec((16, 18, 3), ("height", "width", "channel"), bits=8),
]
specs = st.sampled_from(SPECS)
seeds = st.integers(0, 2**32 - 1)


def sample_of(spec: InputSpec, seed: int) -> Sample:
    rng = np.random.default_rng(seed)
    x = rng.uniform(*spec.bounds, spec.shape).astype(np.float32)
    x[rng.random(spec.shape) < 0.2] = spec.bounds[seed % 2]
    return Sample("s", spec.decode(spec.encode(x)), 0, spec)


def fields_of(spec: InputSpec, seed: int) -> dict[str, Array]:
    field, rng = Field(spec), np.random.default_rng(seed)
    waves = field.random_waves(3, rng)
    tile = rng.normal(size=(field.channels, *[5] * len(field.sides))).astype(np.float32)
    window = field.window(rng.uniform(0, field.sides).tolist(), 1 / rng.uniform(3, 14))
    return {
        "wave": field.wave(waves),
        "near": field.wave(field.waves_near(waves, rng, 0.15)),
        "windowed": field.wave(waves, window),
        "tile": field.repeated(tile, [3] * len(field.sides)),
        "smooth": unit(field.wave(waves) * field.smooth(rng)),
        "window": unit(field.wave(waves) * window_array(window)),
        "colour": unit(field.wave(waves) * field.random_colour(rng)),
    }


@given(specs, seeds)
@settings(max_examples=40, deadline=None)
def test_every_field_has_norm_one_and_the_shape_of_the_input(spec: InputSpec, seed: int) -> None:
    field = Field(spec)
    for name, made in fields_of(spec, seed).items():
        assert made.shape == (field.channels, *field.sides), name
        assert made.dtype == np.float32, name
        assert norm(made) == pytest.approx(1, abs=1e-4), name


@given(specs, seeds, st.floats(0.3, 3))
@settings(max_examples=80, deadline=None)
def test_inputs_are_at_the_wanted_distance_never_farther_in_bounds_and_rounded(
    spec: InputSpec, seed: int, times: float
) -> None:
    sample = sample_of(spec, seed)
    wanted = times * 0.02 * spec.span * float(np.sqrt(sample.x.size))
    for name, field in fields_of(spec, seed).items():
        shown = L2Sphere(sample).at(field, wanted)
        x = spec.decode(shown.codes)
        distance = l2(sample.x, x)
        assert distance <= wanted, name
        assert shown.l2 == pytest.approx(distance, rel=1e-3), name
        assert spec.bounds[0] <= x.min() and x.max() <= spec.bounds[1]
        assert np.array_equal(spec.encode(x), shown.codes), name
        if name in ("wave", "near"):  # a narrow window may be cut off by the bounds
            least = 0.9 if times > 1 else 0.8  # of two codes or less many elements are rounded at once
            assert distance >= least * wanted, name


@given(seeds, st.floats(0.2, 5))
@settings(max_examples=30, deadline=None)
def test_a_good_first_guess_and_none_end_equally_near(seed: int, guess: float) -> None:
    spec = SPECS[0]
    sample, field = (
        sample_of(spec, seed),
        Field(spec).wave(Field(spec).random_waves(1, np.random.default_rng(seed))),
    )
    for scale in (None, guess):
        codes = L2Sphere(sample).at(field, 2.0, scale).codes
        assert TOLERANCE.near_enough * 2 - 1e-5 <= l2(sample.x, spec.decode(codes)) <= 2  # float32


def test_a_field_that_only_pushes_against_the_bounds_leaves_the_input() -> None:
    spec = SPECS[2]
    white = Sample("s", np.ones(spec.shape, np.float32), 0, spec)
    shown = L2Sphere(white).at(unit(np.ones(spec.shape, np.float32)), 1.0)
    assert shown.l2 == 0 and np.array_equal(spec.decode(shown.codes), white.x)


def test_a_distance_below_one_code_leaves_the_input() -> None:
    sample = sample_of(SPECS[0], 1)
    shown = L2Sphere(sample).at(fields_of(SPECS[0], 1)["wave"], 1e-4)
    assert np.array_equal(SPECS[0].decode(shown.codes), sample.x)


def test_a_wave_is_the_formula() -> None:
    spec = SPECS[0]
    field, rng = Field(spec), np.random.default_rng(3)
    wave = field.random_waves(1, rng)
    y, x = np.mgrid[:40, :56]
    turns = wave.cycles[0] / 56 * (wave.direction[0, 0] * y + wave.direction[0, 1] * x)
    wanted = wave.colour[0][:, None, None] * np.cos(2 * np.pi * turns + wave.phase[0])
    assert np.allclose(field.wave(wave), wanted / np.linalg.norm(wanted), atol=1e-6)


def test_a_tile_repeats_from_its_shift() -> None:
    spec = SPECS[0]
    tile = np.random.default_rng(0).normal(size=(3, 5, 7)).astype(np.float32)
    repeated = Field(spec).repeated(tile, (2, 3))
    assert np.allclose(repeated[:, 5:, 7:], repeated[:, :-5, :-7])
    assert np.allclose(repeated[:, 0, 0] / norm(repeated[:, :5, :7]), tile[:, 2, 3] / norm(tile), atol=1e-6)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_waves_stay_in_the_band(spec: InputSpec) -> None:
    field, rng = Field(spec), np.random.default_rng(0)
    low, high = field.band
    assert 0 < low < high < max(field.sides) / 2
    waves = field.waves_near(field.random_waves(200, rng), rng, spread=1.0)
    assert low <= waves.cycles.min() and waves.cycles.max() <= high
    assert np.allclose(np.linalg.norm(waves.direction, axis=1), 1)
    assert np.allclose(np.linalg.norm(waves.colour, axis=1), 1)


def test_waves_stand_still_over_the_frames_of_a_clip() -> None:
    field, rng = (
        Field(InputSpec((3, 6, 16, 32), ("channel", "frame", "height", "width"))),
        np.random.default_rng(0),
    )
    for waves in (field.random_waves(1, rng), field.waves_near(field.random_waves(1, rng), rng, 0.3)):
        made = field.wave(waves)
        assert np.allclose(made, made[:, :1], atol=1e-6)
        assert np.ptp(made[:, 0]) > 0


def test_windows_are_as_wide_over_frames_as_over_the_picture() -> None:
    field = Field(InputSpec((3, 10, 40, 80), ("channel", "frame", "height", "width")))
    frames, rows, columns = (np.asarray(factor) for factor in field.window([5, 20, 40], 0.2))
    assert frames[7] == pytest.approx(np.exp(-0.5), rel=1e-5)  # a fifth of 10 frames away
    assert rows[36] == columns[56] == pytest.approx(np.exp(-0.5), rel=1e-5)  # a fifth of 80 pixels

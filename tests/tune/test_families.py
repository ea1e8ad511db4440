"""What every continuous family keeps to, and what single ones do where the answer is known."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brittle.core.distance import l2
from brittle.core.sample import Array, InputSpec
from brittle.distortions import open_distortion
from brittle.distortions.illumination import spot
from brittle.optimise.space import Space
from brittle.searches.tune.families import FAMILIES, fitting
from brittle.searches.tune.family import Family, Level
from brittle.searches.tune.hunt import Hunt

IMAGE = InputSpec((3, 24, 32), ("channel", "height", "width"), bits=8)
SPECS = [
    IMAGE,
    InputSpec((17, 15, 1), ("height", "width", "channel"), (-1.0, 1.0)),
    InputSpec((3, 2, 16, 16), ("channel", "frame", "height", "width"), bits=8),
    InputSpec((2, 600), ("channel", "time"), (-5.0, 5.0), rate=300.0, unit="mV"),
    InputSpec((280,), ("time",), (-5.0, 5.0), rate=100.0),
]
PLAYED = [(spec, family) for spec in SPECS for family in fitting(spec)]
NAMES = [f"{family.name}-{'x'.join(map(str, spec.shape))}" for spec, family in PLAYED]
WHOLE = {"x": 0.5, "y": 0.5, "radius": 2.0}


def input_of(spec: InputSpec, spread: float = 0.3) -> Array:
    """A smooth input about the middle of its bounds, with some noise on it."""
    rng = np.random.default_rng(3)
    waves = np.sin(np.indices(spec.shape)[list(spec.spatial)].sum(axis=0) / 4)
    x = np.mean(spec.bounds) + spec.span * spread * (0.5 * waves + 0.1 * rng.uniform(-1, 1, spec.shape))
    return spec.decode(spec.encode(np.asarray(x, np.float32)))


def drawn(family: Family, spec: InputSpec, seed: int) -> dict[str, Any]:
    space = Space(family.free(spec))
    return space.dict_of(space.random(1, np.random.default_rng(seed))[0])


@pytest.mark.parametrize(("spec", "family"), PLAYED, ids=NAMES)
@given(seed=st.integers(0, 2**32 - 1), strength=st.floats(0, 1))
@settings(max_examples=12, deadline=None)
def test_a_member_is_a_pure_function_within_the_bounds(
    spec: InputSpec, family: Family, seed: int, strength: float
) -> None:
    x, free = input_of(spec), drawn(family, spec, seed)
    before = x.copy()
    out = family(x, spec, family.level.at(strength), free)
    assert out.shape == spec.shape and out.dtype == np.float32
    assert spec.bounds[0] - 1e-5 <= out.min() and out.max() <= spec.bounds[1] + 1e-5
    assert np.array_equal(x, before)
    assert np.array_equal(out, family(x, spec, family.level.at(strength), free))


@pytest.mark.parametrize(("spec", "family"), PLAYED, ids=NAMES)
def test_the_strongest_level_is_farther_than_the_weakest(spec: InputSpec, family: Family) -> None:
    x = input_of(spec)
    for seed in range(4):
        free = drawn(family, spec, seed)
        weak, middle, strong = (l2(x, family(x, spec, family.level.at(s), free)) for s in (0, 0.6, 1))
        assert weak < strong and 0.9 * weak <= middle <= 1.1 * strong


@pytest.mark.parametrize(("spec", "family"), PLAYED, ids=NAMES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_what_is_shown_is_what_is_said_and_can_be_told(spec: InputSpec, family: Family, seed: int) -> None:
    hunt = Hunt(family, spec, 1.0, 10, np.random.default_rng(seed))
    trial = hunt.ask()
    said = dict(part.split("=") for part in trial.said().split(" "))
    assert list(said) == list(trial.free) == list(family.free(spec))
    for name, value in trial.free.items():
        if isinstance(value, float):
            assert float(said[name]) == value
    hunt.tell(trial, 0.5)
    assert hunt.least is None


@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
def test_levels_and_strengths_are_inverse_and_amplitudes_grow(family: Family) -> None:
    level = family.level
    grid = np.linspace(0, 1, 37)
    levels = [level.at(float(s)) for s in grid]
    back = [level.strength(value) for value in levels]
    assert back == pytest.approx(list(grid), abs=1e-9 + level.least_step / 2)
    assert (levels[0], levels[-1]) == pytest.approx((level.weakest, level.strongest))
    amplitudes = level.amplitude(grid)
    assert (np.diff(amplitudes) >= 0).all() and amplitudes[-1] == pytest.approx(1) and amplitudes[0] > 0


def test_amplitudes_are_those_of_the_unit() -> None:
    assert Level(0.01, 1, "mV").amplitude(np.array([0.5])) == pytest.approx(0.1)
    assert Level(24, -16, "dB", steps="decibels").amplitude(np.array([0.5])) == pytest.approx(0.1)
    assert Level(95, 1, "quality", steps="whole").at(0.4999) == 48


def test_a_whole_spot_is_the_distortion_itself() -> None:
    x, rng = input_of(IMAGE), np.random.default_rng(0)
    blur = open_distortion("gaussian_blur")(x, IMAGE, 0.03, rng)
    ours = FAMILIES["gaussian_blur"](x, IMAGE, 0.03, WHOLE)
    assert np.abs(ours - blur).max() < 0.02 * np.abs(blur - x).max()


def test_a_small_spot_leaves_the_rest_as_it_was() -> None:
    x = input_of(IMAGE)
    for name, more in [("gaussian_blur", {}), ("motion_blur", {"angle": 1.0}), ("colour_cast", {"hue": 2.0})]:
        free = {"x": 0.0, "y": 0.0, "radius": 0.2, **more}
        change = np.abs(FAMILIES[name](x, IMAGE, FAMILIES[name].level.strongest, free) - x)
        assert change[:, :4, :4].max() > 20 * change[:, 12:, 16:].max()


def test_light_falls_on_the_chosen_spot_by_so_many_stops() -> None:
    x = np.full(IMAGE.shape, 0.25, np.float32)
    free = {"x": 1.0, "y": 1.0, "radius": 0.5, "softness": 0.05}
    more = FAMILIES["illumination"](x, IMAGE, 1.0, {"light": "more", **free})
    share = spot((24, 32), (23, 31), 16.0, 1.6)
    assert np.log2(more[0] / 0.25) * 2.2 == pytest.approx(share, abs=1e-4)
    less = FAMILIES["illumination"](x, IMAGE, 1.0, {"light": "less", **free})
    assert (more * less)[0] == pytest.approx(np.full((24, 32), 0.25**2), rel=1e-4)


def test_a_cast_changes_the_most_changed_channel_by_the_level_and_keeps_their_mean() -> None:
    x = np.full(IMAGE.shape, 0.3, np.float32)
    for hue in (0.0, 1.0, 2.5, 4.0):
        stops = np.log2(FAMILIES["colour_cast"](x, IMAGE, 0.5, {"hue": hue, **WHOLE})[:, 12, 16] / 0.3) * 2.2
        assert np.abs(stops).max() == pytest.approx(0.5, rel=0.01)
        assert stops.sum() == pytest.approx(0, abs=0.01)
    assert FAMILIES["colour_cast"].fits(IMAGE) and not FAMILIES["colour_cast"].fits(SPECS[1])


def test_a_band_has_its_amplitude_frequency_and_colour() -> None:
    spec = InputSpec((3, 32, 64), ("channel", "height", "width"))
    x = np.full(spec.shape, 0.5, np.float32)
    free = {"cycles": 8.0, "angle": 0.0, "phase": 0.0, "colour": (0.8, 0.0, -0.6)}
    change = FAMILIES["banding"](x, spec, 0.1, free) - x
    assert [np.abs(c).max() for c in change] == pytest.approx([0.1, 0, 0.075], abs=1e-6)
    assert np.abs(np.fft.rfft(change[0, 0])).argmax() == 8


@pytest.mark.parametrize("grain", [0.0, 1.5])
@pytest.mark.parametrize("grey", [0.0, 1.0])
def test_noise_has_the_deviation_of_its_level_its_grain_and_its_colour(grain: float, grey: float) -> None:
    spec = InputSpec((3, 128, 128), ("channel", "height", "width"), (-9.0, 9.0))
    noise = FAMILIES["gaussian_noise"](np.zeros(spec.shape, np.float32), spec, 0.05, grained(grain, grey))
    assert noise.std() == pytest.approx(0.05 * 18, rel=0.05)
    assert correlation(noise[0], noise[1]) == pytest.approx(grey, abs=0.05)
    neighbours = correlation(noise[0, :, :-1], noise[0, :, 1:])
    assert neighbours == pytest.approx(np.exp(-1 / (4 * grain**2)) if grain else 0, abs=0.05)


def correlation(a: Array, b: Array) -> float:
    return float(np.asarray(np.corrcoef(a.ravel(), b.ravel()))[0, 1])


def grained(grain: float, grey: float) -> dict[str, Any]:
    return {"grain": grain, "grey": grey, "seed": 1}


def test_dead_pixels_are_so_many_and_stick_as_chosen() -> None:
    x, family = np.full(IMAGE.shape, 0.5, np.float32), FAMILIES["dead_pixels"]
    for stuck, values in [("dead", {0.0}), ("hot", {1.0}), ("both", {0.0, 1.0})]:
        out = family(x, IMAGE, 0.1, {"stuck": stuck, "seed": 2})
        assert set(np.unique(out[out != 0.5])) == values
        assert (out[0] != 0.5).sum() == round(0.1 * 24 * 32)
        assert np.array_equal(out[0], out[2])
    weak = family(x, IMAGE, 0.02, {"stuck": "dead", "seed": 2})
    assert (family(x, IMAGE, 0.1, {"stuck": "dead", "seed": 2})[weak == 0] == 0).all()


def test_blocks_of_jpeg_begin_where_they_are_put() -> None:
    x, family = input_of(IMAGE), FAMILIES["jpeg"]
    plain = open_distortion("jpeg")(x, IMAGE, 10, np.random.default_rng(0))
    assert np.array_equal(family(x, IMAGE, 10, {"down": 0.0, "right": 16.0}), plain)
    moved = family(x, IMAGE, 10, {"down": 3.0, "right": 5.0})
    assert not np.array_equal(moved, plain)
    wide = np.pad(x, [(0, 0), (3, 0), (5, 0)], mode="symmetric")
    spec = InputSpec(wide.shape, IMAGE.axes, bits=8)
    assert np.array_equal(moved, open_distortion("jpeg")(wide, spec, 10, np.random.default_rng(0))[:, 3:, 5:])


def test_signals_wear_what_is_said() -> None:
    spec = InputSpec((1, 3000), ("channel", "time"), (-9.0, 9.0), rate=300.0)
    x, time = np.zeros(spec.shape, np.float32), np.arange(3000) / 300
    hum = {"frequency": 47.0, "third": 0.0, "phase": 0.5, "third_phase": 0.0}
    assert FAMILIES["powerline"](x, spec, 0.3, hum)[0] == pytest.approx(
        0.3 * np.sin(2 * np.pi * 47 * time + 0.5), abs=1e-5
    )
    pop = FAMILIES["electrode_pop"](x, spec, 2.0, {"at": 0.5, "way": "down", "recovery": 0.5})[0]
    assert np.abs(pop[:1499]).max() == 0 and pop.min() == pytest.approx(-2, rel=0.01)
    assert pop[1500 + 150] == pytest.approx(-2 * np.exp(-1), rel=0.01)
    swing = FAMILIES["motion_artefact"](
        x, spec, 1.0, {"at": 0.2, "width": 0.02, "frequency": 5.0, "phase": 0.0}
    )[0]
    assert np.abs(swing).argmax() == pytest.approx(600, abs=30) and np.abs(swing[1500:]).max() < 1e-6


@pytest.mark.parametrize("name", ["baseline_wander", "muscle_noise"])
def test_noise_on_signals_has_the_ratio_of_its_level(name: str) -> None:
    spec = SPECS[3]
    x, family = input_of(spec, 0.05), FAMILIES[name]
    change = family(x, spec, 6.0, drawn(family, spec, 1)) - x
    own = np.square(x - x.mean(axis=1, keepdims=True)).sum(axis=1)
    assert 10 * np.log10(own / np.square(change).sum(axis=1)) == pytest.approx(6.0, abs=0.01)


def test_signals_without_a_rate_or_too_slow_have_no_family() -> None:
    assert fitting(InputSpec((1, 300), ("channel", "time"), (-5.0, 5.0))) == ()
    names = [family.name for family in fitting(SPECS[4])]
    assert "powerline" not in names and "muscle_noise" in names

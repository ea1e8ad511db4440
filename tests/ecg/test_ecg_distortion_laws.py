"""What each distortion of signals does, measured where the answer is known."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from brittle.core.distance import snr
from brittle.core.errors import DistortionError
from brittle.core.sample import Array, InputSpec
from brittle.distortions import open_distortion
from heartbeats import beat

RATE = 500
LONG = InputSpec((2, 60 * RATE), ("channel", "time"), (-50.0, 50.0), rate=RATE, unit="mV")
IN_DB = ("motion_artefact", "muscle_noise", "baseline_wander")


def ecg(spec: InputSpec = LONG) -> Array:
    return np.stack([beat(0, lead, spec.shape[1], spec.rate or 1) for lead in range(spec.shape[0])]).astype(
        np.float32
    )


def change(name: str, level: float, seed: int = 0, spec: InputSpec = LONG) -> NDArray[np.float64]:
    x = ecg(spec)
    out = open_distortion(name)(x, spec, level, np.random.default_rng(seed))
    return out.astype(np.float64) - x


def power_within(noise: NDArray[np.float64], low: float, high: float) -> float:
    """Share of the power between two frequencies, each lead windowed so that edges do not count."""
    spectrum = np.abs(np.fft.rfft(noise * np.hanning(noise.shape[-1]))) ** 2
    frequency = np.fft.rfftfreq(noise.shape[-1], 1 / RATE)
    return float(spectrum[:, (frequency >= low) & (frequency <= high)].sum() / spectrum.sum())


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("motion_artefact", 1, 10), ("muscle_noise", 20, 150), ("baseline_wander", 0.15, 0.5)],
)
@pytest.mark.parametrize("seed", range(3))
def test_noise_keeps_to_its_band(name: str, low: float, high: float, seed: int) -> None:
    noise = change(name, 6.0, seed)
    assert power_within(noise, low - 0.1, high + 0.1) > 0.995
    thirds = np.geomspace(low, high, 4)
    if name != "baseline_wander":  # four sines need not fill their band
        shares = [power_within(noise, a, b) / (b - a) for a, b in pairwise(thirds)]
        assert max(shares) < 2 * min(shares), "flat within the band"


@pytest.mark.parametrize("name", IN_DB)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("samples", [140, 300, 2714])
def test_snr_is_reached_within_a_tenth_of_a_decibel(name: str, seed: int, samples: int) -> None:
    spec = InputSpec((1, samples), ("channel", "time"), (-8.192, 8.19175), bits=16, rate=300)
    distortion, x = open_distortion(name), ecg(spec)
    for level in distortion.levels:
        out = distortion(x, spec, level, np.random.default_rng(seed))
        assert snr(x, out, 1) == pytest.approx(level, abs=0.1)
        assert snr(x, spec.decode(spec.encode(out)), 1) == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize("name", IN_DB)
@pytest.mark.parametrize("level", [12.0, -6.0])
def test_every_lead_has_the_snr_whatever_its_baseline_and_its_size(name: str, level: float) -> None:
    spec = InputSpec((3, 1500), ("channel", "time"), (-50.0, 50.0), rate=RATE)
    x = ecg(spec) * np.array([[1.0], [0.1], [3.0]], np.float32) + np.array([[0.0], [5.0], [-9.0]], np.float32)
    out = open_distortion(name)(x, spec, level, np.random.default_rng(0))
    for lead, noisy in zip(x, out, strict=True):
        assert snr(lead, noisy, 0) == pytest.approx(level, abs=0.1)
    assert snr(x, out, 1) == pytest.approx(level, abs=0.1)


def test_a_flat_lead_has_no_signal_and_gets_no_noise() -> None:
    spec = InputSpec((2, 1500), ("channel", "time"), (-50.0, 50.0), rate=RATE)
    x = ecg(spec)
    x[1] = 2.0
    out = open_distortion("muscle_noise")(x, spec, 6.0, np.random.default_rng(0))
    assert (out[1] == 2).all() and snr(x, out, 1) == pytest.approx(6, abs=0.1)


def test_leads_pick_up_different_noise_but_breathe_together() -> None:
    likeness = {name: float(np.asarray(np.corrcoef(change(name, 6.0)))[0, 1]) for name in IN_DB}
    assert abs(likeness["motion_artefact"]) < 0.3
    assert abs(likeness["muscle_noise"]) < 0.3
    assert likeness["baseline_wander"] > 0.999


@pytest.mark.parametrize("level", open_distortion("powerline").levels)
def test_powerline_hums_at_50_or_60_hertz_as_loud_as_stated(level: float) -> None:
    heard = set()
    for seed in range(8):
        hum = change("powerline", level, seed)
        spectrum = np.abs(np.fft.rfft(hum * np.hanning(hum.shape[-1]))).sum(axis=0)
        peak = np.fft.rfftfreq(hum.shape[-1], 1 / RATE)[spectrum.argmax()]
        mains = min((50, 60), key=lambda f: abs(f - peak))
        assert peak == pytest.approx(mains, rel=0.011)
        heard.add(mains)
        both = power_within(hum, 49, 61) + power_within(hum, 147, 183)
        assert both > 0.995
        fundamental = np.sqrt(2 * power_within(hum, 49, 61) * np.square(hum).mean(axis=1).max())
        assert fundamental == pytest.approx(level, rel=0.1)
    assert heard == {50, 60}


def test_pops_are_steps_that_decay_in_the_stated_time() -> None:
    noise = change("electrode_pop", 0.5)
    assert np.abs(noise).max() == pytest.approx(0.5, abs=1e-5)
    for lead in noise:
        steps = np.flatnonzero(np.abs(np.diff(lead)) > 0.05)
        assert 60 / 0.6 - 2 <= len(steps) <= 60 / 0.2 + 2
        assert np.diff(steps).min() / RATE > 0.2 - 1 / RATE
        start = steps[10] + 1
        later = start + round(0.15 * RATE)
        assert lead[later] / lead[start] == pytest.approx(np.exp(-0.15 / 0.24), rel=0.02)


@pytest.mark.parametrize("level", open_distortion("detached_device").levels)
def test_a_detached_device_shows_straight_lines(level: float) -> None:
    x = ecg()
    out = open_distortion("detached_device")(x, LONG, level, np.random.default_rng(1))
    assert (np.ptp(out, axis=1) == 0).all()
    np.testing.assert_allclose(np.abs(out[:, 0] - np.median(x, axis=1)), level, atol=1e-5)


def test_a_rail_lies_within_the_bounds() -> None:
    spec = InputSpec((1, 300), ("channel", "time"), (-2.0, 2.0), rate=300)
    x = ecg(spec)
    rails = {
        open_distortion("detached_device")(x, spec, 5.0, np.random.default_rng(s))[0, 0] for s in range(9)
    }
    assert rails == {-2.0, 2.0}


@pytest.mark.parametrize("name", ["motion_artefact", "muscle_noise", "powerline", "electrode_pop"])
def test_a_signal_of_unknown_rate_is_refused(name: str) -> None:
    spec = InputSpec((1, 300), ("channel", "time"), (-5.0, 5.0))
    with pytest.raises(DistortionError, match="--sampling-rate"):
        open_distortion(name)(np.zeros(spec.shape, np.float32), spec, 6.0, np.random.default_rng(0))


def test_a_rate_too_slow_for_the_noise_is_refused() -> None:
    spec = InputSpec((1, 300), ("channel", "time"), (-5.0, 5.0), rate=30)
    with pytest.raises(DistortionError, match="more than 40 samples per second to show 20 Hz, got 30"):
        open_distortion("muscle_noise")(np.zeros(spec.shape, np.float32), spec, 6.0, np.random.default_rng(0))

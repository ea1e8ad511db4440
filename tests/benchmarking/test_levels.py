"""What levels may be, what a folder of one is called, and what share of one an input fills."""

import numpy as np
import pytest

from brittle.benchmarking.levels import MEASURES, DistanceLevel, base_of, distances, open_levels
from brittle.core.errors import UsageError
from brittle.core.sample import InputSpec, Sample
from brittle.core.scaling import fill
from brittle.store.hard_records import PLAIN

SIGNAL = InputSpec((2, 50), ("channel", "time"), (-8.0, 8.0), rate=100.0, unit="mV")
IMAGE = InputSpec((3, 12, 12), ("channel", "height", "width"), bits=8)
CLIP = InputSpec((3, 4, 12, 12), ("channel", "frame", "height", "width"), bits=8)


def sample_of(spec: InputSpec) -> Sample:
    """Noise in the middle of the bounds; of signals each lead on a level of its own."""
    rng, middle = np.random.default_rng(3), sum(spec.bounds) / 2
    x = middle + spec.span / 16 * rng.uniform(-1, 1, spec.shape)
    if spec is SIGNAL:
        x += np.array([[1.0], [-2.0]])
    return Sample("a", spec.decode(spec.encode(x.astype(np.float32))), 0, spec)


@pytest.mark.parametrize("value", [20.0, 0.0, -6.0])
def test_snr_is_of_the_signal_about_its_mean(value: float) -> None:
    sample = sample_of(SIGNAL)
    direction = np.random.default_rng(4).normal(size=SIGNAL.shape)
    level = DistanceLevel("snr", value)
    found = fill(sample, direction, level.share(sample, np.nan))
    assert found is not None and 0.98 < found.share <= 1
    power = ((sample.x - sample.x.mean(axis=1, keepdims=True)) ** 2).sum() / ((found.x - sample.x) ** 2).sum()
    assert found.share == pytest.approx(10 ** ((value - 10 * np.log10(power)) / 20), rel=1e-4)
    assert distances(sample, found.x).snr == pytest.approx(10 * np.log10(power), abs=1e-3)


def test_an_untouched_signal_fills_nothing_of_a_level() -> None:
    sample = sample_of(SIGNAL)
    assert DistanceLevel("snr", -10).share(sample, np.nan)(sample.x) == 0


def test_snr_is_of_signals_and_ssim_of_pictures() -> None:
    for spec in (SIGNAL, IMAGE, CLIP):
        sample = sample_of(spec)
        found = distances(sample, np.clip(sample.x + 0.01 * spec.span, *spec.bounds))
        assert (found.snr is None) == (spec is not SIGNAL) and (found.ssim is None) == (spec is SIGNAL)


def test_levels_go_from_weak_to_strong() -> None:
    assert [one.value for one in open_levels("snr", (0, 20, -5, 10), SIGNAL)] == [20, 10, 0, -5]
    assert [one.value for one in open_levels("rms", (0.04, 0.01), CLIP)] == [0.01, 0.04]
    assert base_of(open_levels("snr", (24, 18, 12), SIGNAL)).value == 18


@pytest.mark.parametrize("value", [20.0, 0.5, 0.0, -5.0, -1e-5, 1e6, 1e-5])
def test_every_level_has_a_plain_name_of_its_own(value: float) -> None:
    name = DistanceLevel("snr", value).name
    assert PLAIN.fullmatch(name) and name != DistanceLevel("snr", 2 * value + 1).name


BAD = {
    "ssim of a signal": ("ssim", (0.9,), SIGNAL, "levels of ssim need the axis 'height'"),
    "snr of an image": ("snr", (20,), IMAGE, "levels of snr need the axis 'time'"),
    "snr of a clip": ("snr", (20,), CLIP, "levels of snr need the axis 'time'"),
    "no number": ("snr", (float("nan"),), SIGNAL, "of any finite value, got nan"),
    "no end": ("snr", (float("inf"),), SIGNAL, "of any finite value, got inf"),
    "an L2 of nothing": ("l2", (0,), SIGNAL, "levels of l2 above 0, got 0"),
    "too like": ("ssim", (1,), IMAGE, "levels of ssim above 0 and below 1, got 1"),
    "one twice": ("snr", (20, 20.0), SIGNAL, "expected different levels, got 20, 20"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_level_that_makes_no_sense_is_refused_in_one_line(name: str) -> None:
    measure, values, spec, told = BAD[name]
    with pytest.raises(UsageError) as raised:
        open_levels(measure, values, spec)
    assert told in str(raised.value) and "\n" not in str(raised.value)


def test_every_measure_is_one_that_a_set_can_have() -> None:
    assert set(MEASURES) == {"l2", "rms", "ssim", "snr", "flip"}

"""What every distortion of the registry keeps to."""

import inspect
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from brittle.core.canvas import Distortion, Palette, distort
from brittle.core.sample import Array, InputSpec, Sample
from brittle.distortions import DISTORTIONS, open_distortion, suited

NAMES = tuple(n for n in DISTORTIONS.names() if n != "h264" or find_spec("av"))
SPECS = (
    InputSpec((1, 32, 32), ("channel", "height", "width"), bits=8),
    InputSpec((3, 48, 40), ("channel", "height", "width"), bits=8),
    InputSpec((33, 47, 3), ("height", "width", "channel"), bounds=(-1.0, 1.0)),
    InputSpec((2, 32, 32), ("channel", "height", "width")),
    InputSpec((40, 32), ("height", "width")),
)
ECG = InputSpec((2, 300), ("channel", "time"), bounds=(-5.0, 5.0), rate=300, unit="mV")
SIGNALS = (
    ECG,
    InputSpec((1, 2714), ("channel", "time"), (-8.192, 8.19175), bits=16, rate=300, unit="mV"),
    InputSpec((1, 140), ("channel", "time"), (-8.192, 8.19175), rate=180, unit="SD"),
    InputSpec((5000, 12), ("time", "channel"), (-5.0, 5.0), bits=16, rate=500, unit="mV"),
)
VIDEOS = (
    InputSpec((3, 16, 25, 22), ("channel", "frame", "height", "width"), bits=8, rate=12.5),
    InputSpec((9, 4, 21, 23), ("frame", "channel", "height", "width"), bounds=(-1.0, 1.0)),
    InputSpec((12, 18, 31, 1), ("frame", "height", "width", "channel"), bounds=(0.0, 255.0)),
    InputSpec((24, 20, 10), ("height", "width", "frame"), bits=8),
)
FEW_FRAMES = tuple(
    InputSpec((3, frames, 24, 20), ("channel", "frame", "height", "width"), bounds=(0.0, 255.0))
    for frames in (1, 2, 3)
)
ALL = (*SPECS, *SIGNALS, *VIDEOS, *FEW_FRAMES)


def photo(spec: InputSpec, seed: int) -> Array:
    """A picture with the 1/f spectrum of photos, filling most of the bounds."""
    rng = np.random.default_rng(seed)
    frequency = np.zeros(spec.shape)
    for axis, size in enumerate(spec.shape):
        shape = [-1 if i == axis else 1 for i in range(len(spec.shape))]
        frequency = frequency + np.fft.fftfreq(size).reshape(shape) ** 2
    amplitude = 1 / np.sqrt(np.maximum(frequency, frequency[frequency > 0].min()))
    x = np.fft.ifftn(np.fft.fftn(rng.standard_normal(spec.shape)) * amplitude).real
    unit = np.clip(0.5 + 0.2 * (x - x.mean()) / x.std(), 0, 1)
    return np.asarray(unit * spec.span + spec.bounds[0], np.float32).clip(*spec.bounds)


def trace(spec: InputSpec, seed: int) -> Array:
    """Beats of about 1 mV on a quiet baseline, another height in every lead."""
    rng = np.random.default_rng(seed)
    time = np.arange(spec.shape[spec.axes.index("time")]) / (spec.rate or 1)
    beat = sum(
        height * np.exp(-0.5 * (((time - at) % 0.8 - 0.4) / width) ** 2)
        for height, at, width in (
            (0.15, -0.17, 0.02),
            (1.0, 0.0, 0.012),
            (-0.2, 0.03, 0.012),
            (0.3, 0.25, 0.04),
        )
    )
    leads = rng.uniform(0.5, 1.2, spec.shape[spec.axes.index("channel")])
    x = np.outer(leads, beat + 0.01 * rng.standard_normal(len(time)))
    return np.asarray(x if spec.axes[0] == "channel" else x.T, np.float32)


def example(spec: InputSpec, seed: int) -> Array:
    return trace(spec, seed) if "time" in spec.axes else photo(spec, seed)


def sample_of(spec: InputSpec, seed: int) -> Sample:
    return Sample("a", example(spec, seed), None, spec)


def strengths(distortion: Distortion) -> Iterator[list[float]]:
    """Levels from weak to strong, those of each sign by themselves."""
    for sign in (1, -1):
        levels = [level for level in distortion.levels if level * sign > 0]
        if levels:
            yield levels


def fits(name: str, spec: InputSpec) -> bool:
    return set(open_distortion(name).needs) <= set(spec.axes)


def numpy_state() -> list[int]:
    """Global random state, which nobody may touch."""
    return list(np.random.get_state(legacy=False)["state"]["key"])  # noqa: NPY002


IMAGES = tuple(n for n in NAMES if fits(n, SPECS[0]))
TEMPORAL = tuple(n for n in NAMES if "frame" in open_distortion(n).needs)
each_name = pytest.mark.parametrize("name", NAMES)
each_of_images = pytest.mark.parametrize("name", IMAGES)
each_pattern = pytest.mark.parametrize("name", [n for n in IMAGES if n != "gaussian_noise"])
each_temporal = pytest.mark.parametrize("name", TEMPORAL)
PAIRS = [(n, s) for n in NAMES for s in ALL if fits(n, s)]
each_pair = pytest.mark.parametrize(("name", "spec"), PAIRS)
each_still_pair = pytest.mark.parametrize(("name", "spec"), [(n, s) for n, s in PAIRS if n not in TEMPORAL])


@each_name
def test_says_what_it_is(name: str) -> None:
    distortion = open_distortion(name)
    assert distortion.name == name
    assert len(distortion.levels) >= 3
    assert distortion.unit
    first_line = (inspect.getdoc(type(distortion)) or "").splitlines()[0]
    assert first_line.endswith(".")
    assert "(name: str" not in first_line, "that docstring is what dataclass wrote"
    assert DISTORTIONS.load(name)() == distortion


@each_pair
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), draw=st.integers(0, 9))
def test_keeps_shape_bounds_and_input(name: str, spec: InputSpec, seed: int, draw: int) -> None:
    distortion = open_distortion(name)
    sample = sample_of(spec, seed)
    before, state = sample.x.copy(), numpy_state()
    sample.x.flags.writeable = False
    for level in distortion.levels:
        out = distortion(sample.x, spec, level, np.random.default_rng(draw))
        assert out.dtype == np.float32
        assert out.shape == spec.shape
        assert spec.bounds[0] <= out.min() <= out.max() <= spec.bounds[1]
        assert not np.shares_memory(out, sample.x)
        again = distortion(sample.x, spec, level, np.random.default_rng(draw))
        np.testing.assert_array_equal(out, again)
        distort(distortion, sample, level, draw, seed)
    np.testing.assert_array_equal(sample.x, before)
    assert numpy_state() == state


@each_still_pair
def test_stronger_levels_change_more(name: str, spec: InputSpec) -> None:
    distortion = open_distortion(name)
    x = example(spec, 1)
    for seed in range(5):
        for levels in strengths(distortion):
            distances = [
                np.linalg.norm(distortion(x, spec, level, np.random.default_rng(seed)) - x)
                for level in levels
            ]
            assert distances == sorted(distances)
            assert distances[-1] > distances[0] > 0


@each_temporal
@pytest.mark.parametrize("spec", VIDEOS)
def test_stronger_levels_change_clips_more_on_average(name: str, spec: InputSpec) -> None:
    """Not each by each: a frame may be liker to one long past than to the last."""
    distortion = open_distortion(name)
    changes = [
        [
            np.linalg.norm(distortion(x, spec, level, np.random.default_rng(seed)) - x)
            for level in distortion.levels
        ]
        for seed, x in enumerate(photo(spec, seed) for seed in range(6))
    ]
    weak, middle, strong = np.mean(changes, axis=0)
    assert 0 < weak < middle < strong


@each_of_images
def test_stronger_levels_change_a_real_photo_more(name: str) -> None:
    package = find_spec("foolbox")
    if package is None or package.origin is None:
        pytest.skip("foolbox is not installed")
    file = next((Path(package.origin).parent / "data").glob("imagenet_07_*.jpg"))
    pixels = np.asarray(Image.open(file).convert("RGB").resize((112, 96)), np.float32)
    x: Array = pixels.transpose(2, 0, 1) / np.float32(255)
    spec = InputSpec((3, 96, 112), ("channel", "height", "width"), bits=8)
    distortion = open_distortion(name)
    for levels in strengths(distortion):
        sample = Sample("photo", x, None, spec)
        distances = [np.linalg.norm(distort(distortion, sample, level, 0, 0) - x) for level in levels]
        # A change that could be seen, and never a picture of which nothing is left.
        assert 0.3 < distances[0] < distances[-1] < 0.25 * np.sqrt(x.size)
        assert distances == sorted(distances)


@each_pattern
def test_equal_frames_stay_equal(name: str) -> None:
    distortion = open_distortion(name)
    still = photo(SPECS[1], 3)
    video = InputSpec((3, 4, 48, 40), ("channel", "frame", "height", "width"), bits=8)
    x = np.repeat(still[:, None], 4, axis=1)
    level = distortion.levels[-1]
    out = distortion(x, video, level, np.random.default_rng(5))
    alone = distortion(still, SPECS[1], level, np.random.default_rng(5))
    for frame in range(4):
        np.testing.assert_allclose(out[:, frame], alone, atol=1e-6)


@each_pattern
def test_order_of_axes_does_not_matter(name: str) -> None:
    distortion = open_distortion(name)
    x = photo(SPECS[1], 4)
    last = InputSpec((48, 40, 3), ("height", "width", "channel"), bits=8)
    sideways = InputSpec((3, 40, 48), ("channel", "width", "height"), bits=8)
    level = distortion.levels[-1]
    expected = distortion(x, SPECS[1], level, np.random.default_rng(6))
    out = distortion(x.transpose(1, 2, 0), last, level, np.random.default_rng(6))
    np.testing.assert_allclose(out.transpose(2, 0, 1), expected, atol=1e-6)
    out = distortion(x.transpose(0, 2, 1), sideways, level, np.random.default_rng(6))
    np.testing.assert_allclose(out.transpose(0, 2, 1), expected, atol=1e-6)


@each_temporal
def test_order_of_axes_does_not_matter_in_time(name: str) -> None:
    distortion, level = open_distortion(name), open_distortion(name).levels[-1]
    video, other = VIDEOS[0], ("frame", "width", "channel", "height")
    order = [video.axes.index(axis) for axis in other]
    turned = InputSpec(tuple(video.shape[i] for i in order), other, bits=8)
    x = photo(video, 4)
    expected = distortion(x, video, level, np.random.default_rng(6))
    out = distortion(x.transpose(order), turned, level, np.random.default_rng(6))
    np.testing.assert_allclose(out, expected.transpose(order), atol=1e-6)


@each_temporal
def test_the_unit_of_values_does_not_matter_in_time(name: str) -> None:
    distortion, video = open_distortion(name), VIDEOS[0]
    other = InputSpec(video.shape, video.axes, bounds=(-2.0, 8.0))
    x = video.decode(video.encode(photo(video, 5)))
    for level in distortion.levels:
        expected = distortion(x, video, level, np.random.default_rng(7))
        out = distortion(x * np.float32(10) - 2, other, level, np.random.default_rng(7))
        np.testing.assert_allclose((out + 2) / 10, expected, atol=1e-5)


@each_of_images
def test_the_unit_of_values_does_not_matter(name: str) -> None:
    distortion = open_distortion(name)
    other = InputSpec(SPECS[1].shape, SPECS[1].axes, bounds=(-2.0, 8.0))
    x = photo(SPECS[1], 5)
    for level in distortion.levels:
        expected = distortion(x, SPECS[1], level, np.random.default_rng(7))
        out = distortion(x * np.float32(10) - 2, other, level, np.random.default_rng(7))
        # JPEG may round a value on the edge between two codes the other way.
        assert np.mean(np.abs((out + 2) / 10 - expected) > 1e-5) < 0.01


OF_IMAGES = (
    "gaussian_noise",
    "gaussian_blur",
    "dead_pixels",
    "illumination",
    "banding",
    "motion_blur",
    "jpeg",
)
OF_VIDEOS = (
    *OF_IMAGES,
    "frame_hold",
    "frame_delay",
    "frame_blend",
    "camera_shake",
    "flicker",
    "rolling_bands",
    "packet_loss",
)
OF_SIGNALS = (
    "motion_artefact",
    "detached_device",
    "baseline_wander",
    "muscle_noise",
    "powerline",
    "electrode_pop",
)


@pytest.mark.parametrize(
    ("spec", "names"), [(SPECS[0], OF_IMAGES), (VIDEOS[0], OF_VIDEOS), (ECG, OF_SIGNALS)]
)
def test_default_palette_suits_the_input(spec: InputSpec, names: tuple[str, ...]) -> None:
    assert suited(spec) == names
    Palette(tuple(open_distortion(name) for name in names)).check(spec)

"""What each distortion does, measured on inputs where the answer is known."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from brittle.core.sample import Array, InputSpec
from brittle.distortions import open_distortion

RGB = InputSpec((3, 96, 128), ("channel", "height", "width"), bits=8)
GREY = InputSpec((1, 65, 65), ("channel", "height", "width"), bits=8)


def flat(spec: InputSpec, value: float) -> Array:
    return np.full(spec.shape, value, np.float32)


def distorted(name: str, x: Array, spec: InputSpec, level: float, seed: int = 0) -> Array:
    return open_distortion(name)(x, spec, level, np.random.default_rng(seed))


def random_picture(spec: InputSpec) -> Array:
    codes = np.random.default_rng(0).integers(0, 256, spec.shape)
    return np.asarray(codes / 255, np.float32)


def point_spread(name: str, level: float, seed: int = 0) -> NDArray[np.float64]:
    """Covariance (y, x) of what becomes of one bright pixel, in squared pixels."""
    x = flat(GREY, 0)
    x[0, 32, 32] = 1
    light = distorted(name, x, GREY, level, seed)[0].astype(np.float64)
    assert light.sum() == pytest.approx(1, abs=1e-3)
    places = np.stack(np.nonzero(light > 1e-6))
    weights = light[tuple(places)]
    np.testing.assert_allclose(places @ weights, (32, 32), atol=0.05)
    return np.cov(places, aweights=weights, bias=True)


@pytest.mark.parametrize("level", open_distortion("gaussian_noise").levels)
def test_noise_has_the_standard_deviation_of_its_level(level: float) -> None:
    spec = InputSpec((2, 20_000), ("channel", "time"), bounds=(-5, 5))
    change = distorted("gaussian_noise", flat(spec, 1), spec, level) - 1
    assert change.std() == pytest.approx(level * 10, rel=0.02)
    assert abs(change.mean()) < 0.02 * level * 10
    assert abs(np.corrcoef(change).min()) < 0.03


def test_blur_keeps_the_mean_and_spreads_by_sigma() -> None:
    x = random_picture(RGB)
    out = distorted("gaussian_blur", x, RGB, 0.02)
    np.testing.assert_allclose(out.mean(axis=(1, 2)), x.mean(axis=(1, 2)), atol=1e-5)
    assert out.std() < 0.2 * x.std()
    sigma = 0.03 * 65
    np.testing.assert_allclose(point_spread("gaussian_blur", 0.03), np.eye(2) * sigma**2, atol=0.05)


def test_motion_blur_spreads_along_one_line_that_differs_between_draws() -> None:
    path = 0.25 * 65
    angles = []
    for seed in range(6):
        variances, directions = np.linalg.eigh(point_spread("motion_blur", 0.25, seed))
        assert variances[1] == pytest.approx(path**2 / 12, rel=0.03)
        assert variances[0] < 0.3
        angles.append(np.degrees(np.arctan2(*directions[:, 1])) % 180)
    assert min(np.diff(sorted(angles))) > 1
    assert max(angles) - min(angles) > 60


def test_motion_blur_keeps_the_direction_between_levels() -> None:
    spreads = [np.linalg.eigh(point_spread("motion_blur", level, 3)) for level in (0.1, 0.25)]
    weak, strong = (spread.eigenvectors[:, 1] for spread in spreads)
    assert abs(weak @ strong) > 0.99


@pytest.mark.parametrize("name", ["gaussian_blur", "motion_blur", "jpeg"])
def test_nothing_becomes_of_a_flat_picture(name: str) -> None:
    x = flat(RGB, 102 / 255)
    out = distorted(name, x, RGB, open_distortion(name).levels[0])
    np.testing.assert_allclose(out, x, atol=1 / 255)


@pytest.mark.parametrize("level", open_distortion("dead_pixels").levels)
def test_dead_pixels_are_the_stated_share_in_every_channel(level: float) -> None:
    x = flat(RGB, 0.4)
    stuck = distorted("dead_pixels", x, RGB, level) != x
    assert stuck[0].sum() == round(level * 96 * 128)
    assert (stuck[0] == stuck[1]).all()
    assert (stuck[0] == stuck[2]).all()
    stronger = distorted("dead_pixels", x, RGB, 2 * level) != x
    assert stronger[stuck].all()


def test_dead_pixels_are_as_often_dark_as_bright() -> None:
    out = distorted("dead_pixels", flat(RGB, 0.4), RGB, 0.1)[0]
    dark, bright = (out == 0).sum(), (out == 1).sum()
    assert dark + bright == round(0.1 * out.size)
    assert 0.4 < dark / (dark + bright) < 0.6


def test_one_pixel_dies_even_in_a_tiny_picture() -> None:
    spec = InputSpec((1, 4, 4), ("channel", "height", "width"))
    assert (distorted("dead_pixels", flat(spec, 0.4), spec, 0.005) != np.float32(0.4)).sum() == 1


@pytest.mark.parametrize("level", open_distortion("illumination").levels)
@pytest.mark.parametrize("seed", range(4))
def test_light_has_a_sign_and_soft_edges(level: float, seed: int) -> None:
    x = flat(RGB, 0.4)
    change = (distorted("illumination", x, RGB, level, seed) - x) * np.sign(level)
    assert change.min() >= 0
    # Well inside the spot the value is multiplied by 2 ** (stops / 2.2).
    full = 0.4 * abs(2 ** (level / 2.2) - 1)
    assert 0.7 * full < change.max() <= full + 1e-6
    steepest = max(np.abs(np.diff(change, axis=axis)).max() for axis in (1, 2))
    assert steepest < 3 * abs(level) / 2 / 128


def test_draws_of_light_differ() -> None:
    x = flat(RGB, 0.4)
    brightest = {int(distorted("illumination", x, RGB, 1.0, seed)[0].argmax()) for seed in range(6)}
    assert len(brightest) > 1


def peak(wave: Array) -> tuple[float, float]:
    """Frequencies (rows, columns), in cycles per image width, where a wave has most of its energy."""
    height, width = wave.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    spectrum = np.abs(np.fft.rfft2((wave - wave.mean()) * window))
    row, column = np.unravel_index(spectrum.argmax(), spectrum.shape)
    return float(np.fft.fftfreq(height)[row] * width), float(np.fft.rfftfreq(width)[column] * width)


def test_banding_is_a_wave_of_8_to_64_cycles_per_width() -> None:
    spec = InputSpec((3, 150, 200), ("channel", "height", "width"), bits=8)
    peaks = []
    for seed in range(12):
        wave = distorted("banding", flat(spec, 0.5), spec, 0.1, seed) - 0.5
        strongest = np.abs(wave).max(axis=(1, 2)).argmax()
        assert np.abs(wave).max() == pytest.approx(0.1, rel=0.01)
        peaks.append(peak(wave[strongest]))
        assert 7 <= np.hypot(*peaks[-1]) <= 65
    cycles = [np.hypot(*p) for p in peaks]
    assert max(cycles) > 2 * min(cycles)
    assert len(set(peaks)) == 12


@pytest.mark.parametrize("seed", range(5))
def test_banding_on_a_small_picture_is_no_flat_colour(seed: int) -> None:
    spec = InputSpec((3, 32, 32), ("channel", "height", "width"), bits=8)
    wave = distorted("banding", flat(spec, 0.5), spec, 0.1, seed) - 0.5
    assert np.abs(wave.mean(axis=(1, 2))).max() < 0.01
    assert 7 <= np.hypot(*peak(wave[np.abs(wave).max(axis=(1, 2)).argmax()])) <= 14


def test_banding_has_one_colour_that_differs_between_draws() -> None:
    colours = []
    for seed in range(4):
        wave = distorted("banding", flat(RGB, 0.5), RGB, 0.1, seed) - 0.5
        assert np.linalg.matrix_rank(wave.reshape(3, -1), tol=1e-3) == 1
        colours.append(wave[:, 5, 5] / np.abs(wave[:, 5, 5]).max())
    assert min(np.abs(a - b).max() for i, a in enumerate(colours) for b in colours[:i]) > 0.05


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "L"), (3, "RGB"), (4, "L")])
def test_jpeg_is_what_pillow_makes(channels: int, mode: str) -> None:
    spec = InputSpec((channels, 37, 45), ("channel", "height", "width"), bits=8)
    x = random_picture(spec)
    codes = np.rint(x * 255).astype(np.uint8)
    pictures = [codes.transpose(1, 2, 0)] if mode == "RGB" else list(codes)
    assert {Image.fromarray(picture).mode for picture in pictures} == {mode}
    read = []
    for picture in pictures:
        file = BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=20)
        read.append(np.asarray(Image.open(file)))
    expected = read[0].transpose(2, 0, 1) if mode == "RGB" else np.stack(read)
    np.testing.assert_array_equal(np.rint(distorted("jpeg", x, spec, 20) * 255), expected)

"""Structural similarity: what can be worked out by hand, and what scikit-image says."""

import numpy as np
import pytest

from brittle.domains.ssim import ssim

C1, C2 = 0.01**2, 0.03**2
RNG = np.random.default_rng(0)
PHOTO = (RNG.integers(0, 256, (3, 20, 24)) / 255).astype(np.float32)
NOISE = np.random.default_rng(1).normal(0, 0.1, PHOTO.shape)
NOISY = np.clip(PHOTO + NOISE, 0, 1).astype(np.float32)


def test_an_image_is_as_itself_and_likeness_has_no_direction() -> None:
    assert ssim(PHOTO, PHOTO, 1.0) == pytest.approx(1, abs=1e-12)
    assert ssim(PHOTO, NOISY, 1.0) == pytest.approx(ssim(NOISY, PHOTO, 1.0), abs=1e-12)


def test_two_greys_differ_in_their_light_alone() -> None:
    dark, bright = (np.full((1, 16, 16), grey, np.float32) for grey in (0.25, 0.5))
    wanted = (2 * 0.25 * 0.5 + C1) / (0.25**2 + 0.5**2 + C1)
    assert ssim(dark, bright, 1.0) == pytest.approx(wanted, abs=1e-6)


def test_a_shifted_pattern_keeps_its_structure() -> None:
    stripes = np.tile([[0.2, 0.4]], (1, 32, 16)).astype(np.float32)
    window = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window /= window.sum()
    same = window[1::2].sum()  # of the stripes like the middle one
    means = [0.2 * same + 0.4 * (1 - same), 0.4 * same + 0.2 * (1 - same)]
    light = [(2 * m * (m + 0.3) + C1) / (m**2 + (m + 0.3) ** 2 + C1) for m in means]
    assert ssim(stripes, stripes + np.float32(0.3), 1.0) == pytest.approx(np.mean(light), abs=1e-5)


def test_a_pattern_turned_around_has_a_negative_structure() -> None:
    stripes = np.tile([[0.0, 1.0]], (1, 32, 16)).astype(np.float32)
    assert ssim(stripes, 1 - stripes, 1.0) == pytest.approx((-2 * 0.25 + C2) / (2 * 0.25 + C2), abs=0.01)


def test_it_is_what_scikit_image_finds_with_the_windows_of_the_paper() -> None:
    # skimage 0.26: structural_similarity(x, y, channel_axis=0, gaussian_weights=True, sigma=1.5,
    #               use_sample_covariance=False, data_range=1.0)
    assert ssim(PHOTO, NOISY, 1.0) == pytest.approx(0.945465, abs=1e-5)


def test_the_span_of_values_is_no_part_of_the_likeness() -> None:
    assert ssim(255 * PHOTO, 255 * NOISY, 255.0) == pytest.approx(ssim(PHOTO, NOISY, 1.0), abs=1e-5)


def test_images_smaller_than_a_window_have_one_too() -> None:
    small = PHOTO[:, :8, :8]
    assert ssim(small, small, 1.0) == pytest.approx(1, abs=1e-12)
    assert ssim(small, NOISY[:, :8, :8], 1.0) < 1


def test_of_clips_it_is_the_mean_over_their_frames() -> None:
    clip, changed = (np.stack([a, b], axis=1) for a, b in ((PHOTO, PHOTO), (PHOTO, NOISY)))
    assert ssim(clip, changed, 1.0) == pytest.approx((1 + ssim(PHOTO, NOISY, 1.0)) / 2, abs=1e-12)


def test_it_is_what_scikit_image_finds_now() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    for shape in ((3, 24, 30), (1, 40, 17)):
        x = RNG.integers(0, 256, shape) / 255
        y = np.clip(x + RNG.normal(0, 0.05, shape), 0, 1)
        wanted = metrics.structural_similarity(
            x,
            y,
            channel_axis=0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1.0,
        )
        assert ssim(x.astype(np.float64), y.astype(np.float64), 1.0) == pytest.approx(wanted, abs=1e-6)

"""The 15 corruptions of ImageNet-C at 5 severities, with NumPy, SciPy and Pillow alone.

Hendrycks and Dietterich, 2019 (arXiv 1903.12261), with the strengths of their code for images of 224 pixels;
lengths grow and shrink with the image. Three differ in how they are drawn: clouds (fog, frost) are a sum of
random octaves, frost needs no photographs of ice, and glass gathers its displaced pixels instead of swapping
them. So figures are near those of the published images and not equal to them.

A kernel takes (height, width, channels) in [0, 1], its strength, and a generator.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates, zoom
from scipy.signal import oaconvolve

from brittle.core.sample import Array, InputSpec

Photo = NDArray[np.float64]
Kernel = Callable[[Photo, Any, np.random.Generator], Photo]
SEVERITIES = 5


def gaussian_noise(x: Photo, sigma: float, rng: np.random.Generator) -> Photo:
    return x + rng.normal(0, sigma, x.shape)


def shot_noise(x: Photo, photons: float, rng: np.random.Generator) -> Photo:
    return rng.poisson(x * photons) / photons


def impulse_noise(x: Photo, share: float, rng: np.random.Generator) -> Photo:
    drawn = rng.random(x.shape)
    return np.where(drawn < share / 2, 0.0, np.where(drawn < share, 1.0, x))


def defocus_blur(x: Photo, lens: tuple[float, float], rng: np.random.Generator) -> Photo:
    radius, soft = lens[0] * _scale(x), lens[1]
    reach = int(np.ceil(radius)) + 2
    yy, xx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = np.clip(radius + 0.5 - np.hypot(yy, xx), 0, 1)
    return _convolve(x, gaussian_filter(disk, soft))


def glass_blur(x: Photo, glass: tuple[float, float, int], rng: np.random.Generator) -> Photo:
    sigma, reach, rounds = glass[0] * _scale(x), max(1, round(glass[1] * _scale(x))), glass[2]
    blurred = gaussian_filter(x, (sigma, sigma, 0))
    height, width = x.shape[:2]
    places = np.indices((height, width))
    for _ in range(rounds):
        moved = np.indices((height, width)) + rng.integers(-reach, reach + 1, places.shape)
        rows, columns = np.clip(moved[0], 0, height - 1), np.clip(moved[1], 0, width - 1)
        places = places[:, rows, columns]
    return np.asarray(gaussian_filter(blurred[places[0], places[1]], (sigma, sigma, 0)))


def motion_blur(x: Photo, motion: tuple[float, float], rng: np.random.Generator) -> Photo:
    angle = np.deg2rad(rng.uniform(-45, 45))
    return _smear(x, motion[0] * _scale(x), motion[1] * _scale(x), angle)


def zoom_blur(x: Photo, zooms: tuple[float, float], rng: np.random.Generator) -> Photo:
    factors = np.arange(1, *zooms)
    return (x + sum(_zoomed(x, factor) for factor in factors)) / (len(factors) + 1)


def snow(x: Photo, weather: tuple[float, ...], rng: np.random.Generator) -> Photo:
    mean, spread, size, floor, length, sigma, dim = weather
    flakes = _zoomed(rng.normal(mean, spread, (*x.shape[:2], 1)), size)
    flakes = np.where(flakes < floor, 0, flakes).clip(0, 1)
    angle = np.deg2rad(rng.uniform(-135, -45))
    flakes = _smear(flakes, length * _scale(x), sigma * _scale(x), angle)
    grey = x.mean(axis=2, keepdims=True)
    whitened = dim * x + (1 - dim) * np.maximum(x, grey * 1.5 + 0.5)
    return np.asarray(whitened + flakes + np.rot90(flakes, 2))


def frost(x: Photo, weather: tuple[float, float], rng: np.random.Generator) -> Photo:
    keep, ice = weather
    crystals = np.abs(2 * _clouds(x.shape[:2], 1.4, rng) - 1) ** 0.5
    return keep * x + ice * (1 - crystals)[..., None]


def fog(x: Photo, weather: tuple[float, float], rng: np.random.Generator) -> Photo:
    thick, decay = weather
    veiled = x + thick * _clouds(x.shape[:2], decay, rng)[..., None]
    return np.asarray(veiled * x.max() / (x.max() + thick))


def brightness(x: Photo, more: float, rng: np.random.Generator) -> Photo:
    value = x.max(axis=2, keepdims=True)
    lifted = np.minimum(value + more, 1)
    return np.asarray(np.where(value > 0, x * lifted / np.maximum(value, 1e-9), lifted))


def contrast(x: Photo, keep: float, rng: np.random.Generator) -> Photo:
    mean = x.mean(axis=(0, 1), keepdims=True)
    return np.asarray(mean + keep * (x - mean))


def elastic_transform(x: Photo, jelly: tuple[float, float, float], rng: np.random.Generator) -> Photo:
    side = min(x.shape[:2])
    strength, sigma, affine = (value * side for value in jelly)
    height, width = x.shape[:2]
    corners = np.array([[0.0, 0, 1], [height, 0, 1], [0, width, 1]])
    moved = corners[:, :2] + rng.uniform(-affine, affine, (3, 2))
    rows, columns = np.indices((height, width), float)
    flat = np.stack([rows, columns, np.ones_like(rows)], -1) @ np.linalg.solve(corners, moved)
    waves = [gaussian_filter(rng.uniform(-1, 1, (height, width)), sigma, truncate=3) for _ in range(2)]
    at = [flat[..., i] + strength * waves[i] for i in range(2)]
    return np.stack(
        [map_coordinates(layer, at, order=1, mode="reflect") for layer in np.moveaxis(x, 2, 0)], -1
    )


def pixelate(x: Photo, keep: float, rng: np.random.Generator) -> Photo:
    height, width = x.shape[:2]
    small = (max(1, int(width * keep)), max(1, int(height * keep)))
    return _layers(x, lambda image: image.resize(small, Image.Resampling.BOX).resize((width, height), 0))


def jpeg_compression(x: Photo, quality: int, rng: np.random.Generator) -> Photo:
    def compressed(image: Image.Image) -> Image.Image:
        image.save(file := BytesIO(), "JPEG", quality=quality)
        return Image.open(file)

    return _layers(x, compressed)


CORRUPTIONS: Mapping[str, tuple[Kernel, tuple[Any, ...]]] = {
    "gaussian_noise": (gaussian_noise, (0.08, 0.12, 0.18, 0.26, 0.38)),
    "shot_noise": (shot_noise, (60, 25, 12, 5, 3)),
    "impulse_noise": (impulse_noise, (0.03, 0.06, 0.09, 0.17, 0.27)),
    "defocus_blur": (defocus_blur, ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))),
    "glass_blur": (glass_blur, ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2))),
    "motion_blur": (motion_blur, ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))),
    "zoom_blur": (zoom_blur, ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03))),
    "snow": (
        snow,
        (
            (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
            (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
            (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
            (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
            (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
        ),
    ),
    "frost": (frost, ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))),
    "fog": (fog, ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4))),
    "brightness": (brightness, (0.1, 0.2, 0.3, 0.4, 0.5)),
    "contrast": (contrast, (0.4, 0.3, 0.2, 0.1, 0.05)),
    "elastic_transform": (
        elastic_transform,
        ((2, 0.7, 0.1), (2, 0.08, 0.2), (0.05, 0.01, 0.02), (0.07, 0.01, 0.02), (0.12, 0.01, 0.02)),
    ),
    "pixelate": (pixelate, (0.6, 0.5, 0.4, 0.3, 0.25)),
    "jpeg_compression": (jpeg_compression, (25, 18, 15, 10, 7)),
}


def corrupt(x: Photo, name: str, severity: int, rng: np.random.Generator) -> Photo:
    """One corrupted copy of a photo (height, width, channels) in [0, 1]; severity 1 to 5."""
    kernel, strengths = CORRUPTIONS[name]
    return np.clip(kernel(x, strengths[severity - 1], rng), 0, 1)


def as_photo(x: Array, spec: InputSpec) -> Photo:
    """An image (channels, height, width) within its bounds as a photo."""
    return np.moveaxis((x.astype(np.float64) - spec.bounds[0]) / spec.span, 0, 2)


def as_image(photo: Photo, spec: InputSpec) -> Array:
    """The inverse, in single precision."""
    return np.asarray(np.moveaxis(photo, 2, 0) * spec.span + spec.bounds[0], np.float32)


def _scale(x: Photo) -> float:
    return float(min(x.shape[:2]) / 224)


def _convolve(x: Photo, kernel: NDArray[np.float64]) -> Photo:
    """Every channel under one odd kernel, the image mirrored at its edges."""
    reach = len(kernel) // 2
    padded = np.pad(x, ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
    return np.asarray(oaconvolve(padded, (kernel / kernel.sum())[..., None], mode="valid", axes=(0, 1)))


def _smear(x: Photo, length: float, sigma: float, angle: float) -> Photo:
    """Blur along a half line that starts at each pixel, as a moving camera leaves it."""
    reach = max(1, int(np.ceil(length)))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for along in np.arange(0, length + 0.5, 0.5):
        row, column = reach + along * np.sin(angle), reach + along * np.cos(angle)
        kernel[round(row), round(column)] += np.exp(-(along**2) / (2 * max(sigma, 0.1) ** 2))
    return _convolve(x, kernel)


def _zoomed(x: Photo, factor: float) -> Photo:
    """The middle of a photo, enlarged to its size."""
    height, width = x.shape[:2]
    tall, wide = int(np.ceil(height / factor)), int(np.ceil(width / factor))
    top, left = (height - tall) // 2, (width - wide) // 2
    cut = x[top : top + tall, left : left + wide]
    return np.asarray(zoom(cut, (height / tall, width / wide, 1), order=1))


def _clouds(shape: tuple[int, int], decay: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Random octaves, each twice as fine and 1/decay as strong as the one before, in [0, 1]."""
    field, side, strength = np.zeros(shape), 2, 1.0
    while side <= max(shape):
        field += strength * zoom(rng.random((side, side)), (shape[0] / side, shape[1] / side), order=1)
        side, strength = 2 * side, strength / decay
    return np.asarray((field - field.min()) / np.ptp(field))


def _layers(x: Photo, change: Callable[[Image.Image], Image.Image]) -> Photo:
    """A change of a picture, on all three channels at once or on each of another number alone."""
    codes = np.rint(x * 255).astype(np.uint8)
    if x.shape[2] == 3:
        return np.asarray(change(Image.fromarray(codes)), np.float64) / 255
    changed = [np.asarray(change(Image.fromarray(layer)), np.float64) for layer in np.moveaxis(codes, 2, 0)]
    return np.stack(changed, -1) / 255

"""Image files as samples: read upright, cropped and resized."""

from collections.abc import Callable, Iterable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from brittle.core.errors import DataError
from brittle.core.sample import InputSpec, Sample
from brittle.data.dataset import Wanted, evenly
from brittle.data.files import MOST_PIXELS, MediaFile, MediaSet, times
from brittle.data.options import DataOptions

AXES = ("channel", "height", "width")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm", ".pgm"})
# Named, so that a file cannot reach Pillow's readers that start other programs.
FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF", "PPM")


def image_set(
    name: str,
    files: Iterable[MediaFile],
    wanted: Wanted,
    options: DataOptions,
    classes: tuple[str, ...] | None = None,
) -> MediaSet:
    """A Dataset of these files in their order. Raises DataError if images do not fit the model."""
    chosen = evenly(files, options.limit)
    spec, resize = image_spec(name, wanted, options, lambda: _first_size(chosen))
    by_id = {file.id: file for file in chosen}
    return MediaSet(name, spec, classes, by_id, wanted.outputs, partial(_read, resize=resize))


def image_spec(
    name: str, wanted: Wanted, options: DataOptions, first: Callable[[], tuple[int, int]]
) -> tuple[InputSpec, bool]:
    """What images become for a model, and whether they are resized for it or must be of one size.

    first: height and width of the first one, asked for where nobody states a size. Raises DataError.
    """
    shape = wanted.shape if wanted.shape is not None else (None, None, None)
    if len(shape) != 3 or shape[0] not in (None, 1, 3):
        raise DataError(f"{name} holds images (1 or 3 x height x width), but the model takes {wanted}")
    channels, stated = shape[0] or 3, options.size or shape[1:]
    resize = None not in stated
    height, width = stated if resize else first()
    spec = InputSpec(
        (channels, int(height or 0), int(width or 0)), AXES, options.bounds or (0.0, 1.0), bits=8
    )
    if not wanted.takes(spec.shape):
        fix = "leave --size out" if options.size else "pass --size HxW with a size that the model takes"
        raise DataError(f"{name}: the model takes {wanted}, images would be {times(spec.shape)}; {fix}")
    return spec, resize


def _read(file: MediaFile, spec: InputSpec, resize: bool) -> Sample:
    """One image: upright, cropped about its centre to the aspect of spec, resized (bilinear).

    resize: whether other sizes are cropped and resized, or refused.
    """
    codes = read_codes(file.path, spec.shape, resize)
    return Sample(file.id, spec.decode(codes), file.label, spec)


def read_codes(
    path: Path, shape: tuple[int, ...], resize: bool, data: bytes | None = None
) -> NDArray[np.uint8]:
    """Pixels of an image, (channels, height, width). Raises DataError.

    data: its file, where that is no file of its own; path is what it is called then.

    EXIF orientation is applied; transparency is laid over white, as a page would show it; 16-bit greys are
    scaled to 8 bits; of an animation the first frame is read.
    """
    channels, height, width = shape
    try:
        with _open(path, data) as image:
            upright = ImageOps.exif_transpose(image)
            flat = _flat(upright, "L" if channels == 1 else "RGB")
    except DataError:
        raise
    except Exception as error:  # damaged files make Pillow raise nearly anything
        raise _unreadable(path, error) from error
    if flat.size != (width, height):
        if not resize:
            raise DataError(
                f"{path}: expected {height}x{width} as the first image, got {flat.height}x{flat.width}; "
                f"pass --size HxW to bring all to one size"
            )
        flat = ImageOps.fit(flat, (width, height), Image.Resampling.BILINEAR)
    pixels = np.asarray(flat, np.uint8).reshape(height, width, channels)
    return np.ascontiguousarray(np.moveaxis(pixels, -1, 0))


def _open(path: Path, data: bytes | None = None) -> Image.Image:
    image = Image.open(path if data is None else BytesIO(data), formats=FORMATS)
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise DataError(
            f"{path}: {image.height}x{image.width} pixels are more than {MOST_PIXELS}; make it smaller"
        )
    return image


def _flat(image: Image.Image, mode: str) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray(np.rint(np.asarray(image) / 257).astype(np.uint8)).convert(mode)
    if image.mode in ("I", "F"):
        raise ValueError("expected 8 or 16 bits a channel, got 32; convert it")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert(mode)
    return image.convert(mode)


def _first_size(files: list[MediaFile]) -> tuple[int, int]:
    """Height and width of the first image that opens, as it stands upright."""
    for file in files:
        try:
            return upright_size(file.path)
        except Exception as error:  # read again, and reported, when this sample is opened
            problem: Any = error
    raise DataError(f"none of {len(files)} images can be read; {_unreadable(files[-1].path, problem)}")


def upright_size(path: Path, data: bytes | None = None) -> tuple[int, int]:
    """Height and width of an image as it stands upright; path and data as of read_codes. Raises anything."""
    with _open(path, data) as image:
        turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        return (image.width, image.height) if turned else (image.height, image.width)


def _unreadable(path: Path, error: Exception) -> DataError:
    if isinstance(error, DataError):
        return error
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path}: no such file; put it there or drop this sample")
    reason = "not an image, or damaged" if isinstance(error, UnidentifiedImageError) else str(error)
    reason = " ".join(reason.split()) or type(error).__name__
    return DataError(f"{path}: cannot be read as an image: {reason}; replace or drop this sample")

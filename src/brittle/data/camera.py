"""The built-in clips: a hand-held camera that pans, tilts, zooms or rolls over photos inside this package.

The photos are real, their motion is synthetic: a window of random place, size and angle moves over a photo,
and what it sees is sampled between the pixels and rounded to 8 bits. Moves are named after what the camera
does: a pan to the left moves the picture to the right. The photos are in the public domain or CC0;
scenes/card.json says whose they are, and training/scenes.py how they were cut.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray

from brittle.core.errors import DataError
from brittle.core.identity import hash_rows
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.seeds import generator
from brittle.data.classes import check_label
from brittle.data.dataset import Dataset, Source, Wanted, evenly
from brittle.data.files import MediaFile
from brittle.data.images import image_set
from brittle.data.options import DataOptions

NAME = "camera"
VERSION = 2
"""Of the clips: count up when they change, so that they are known to be others."""
MOVED = {
    "pan left": (0, -1.0),
    "pan right": (0, 1.0),
    "tilt up": (1, -1.0),
    "tilt down": (1, 1.0),
    "zoom in": (2, -1.0),
    "zoom out": (2, 1.0),
    "roll clockwise": (3, 1.0),
    "roll anticlockwise": (3, -1.0),
}
"""Which column of a path each move changes, and its sign."""
MOVES = tuple(MOVED)
SPEC = InputSpec((3, 16, 64, 64), ("channel", "frame", "height", "width"), bits=8, rate=16.0)
"""A clip lasts a second."""
FRAMES, SIDE = SPEC.shape[1], SPEC.shape[-1]
PHOTO_SIDE = 256
"""Pixels of a photo, cropped to a square: about as fine as the frames, so that sampling needs no filter."""
FOLDER = Path(__file__).with_name("scenes")
SCENES = ("astronaut", "brick", "chelsea", "coffee", "gravel", "hubble_deep_field")
"""The photos of the clips, none of which the built-in model learned from."""

LEAST, MOST = (0.2, 0.2, 0.25, 0.2), (0.5, 0.5, 0.5, 0.6)
"""Change of each column from the first frame to the last."""
JITTER = (0.006, 0.006, 0.004, 0.005)
"""Standard deviation of each column, in every frame anew."""
ACCELERATION = 0.4
"""By how much of its mean, at most, speed at either end is more or less."""
WINDOW = (0.27, 0.38)
"""Least and greatest side of a window, as a share of the photo's."""
TURN = 0.26
"""Radians by which a window is turned at most, before it moves."""
ROOM = 0.95
"""Sides of a window between its centre and an edge of the photo, so that every move stays inside."""
PLACES = 4
"""How many places of a photo are looked at before one is filmed."""

Clip = NDArray[np.uint8]


@dataclass(frozen=True)
class Window:
    """A square of a photo: centre (x + iy) and side in pixels, clockwise angle in radians."""

    centre: complex
    side: float
    angle: float


def make_clip(photo: Array, move: str, rng: np.random.Generator, jitter: float = 1.0) -> Clip:
    """A clip of one move over a photo (3, n, n) in [0, 1]. jitter: times that of a hand."""
    return film(photo, draw_window(photo, rng), draw_path(move, rng, jitter))


def draw_window(photo: Array, rng: np.random.Generator) -> Window:
    """Of a few windows that leave room to move, the one in which motion is seen best."""
    whole = photo.shape[-1]
    side = whole * rng.uniform(*WINDOW)
    places = rng.uniform(ROOM * side, whole - ROOM * side, (PLACES, 2))
    x, y = max(places, key=lambda place: _texture(photo, place, side / 2))
    return Window(complex(x, y), side, rng.uniform(-TURN, TURN))


def draw_path(move: str, rng: np.random.Generator, jitter: float = 1.0) -> NDArray[np.float64]:
    """What becomes of a window in each frame: right and down in its sides, log of its size, angle. (16, 4)"""
    column, sign = MOVED[move]
    time = np.linspace(-0.5, 0.5, FRAMES)
    progress = time + rng.uniform(-ACCELERATION, ACCELERATION) * (time**2 - 0.25)
    path = jitter * rng.normal(0, JITTER, (FRAMES, len(JITTER)))
    path[:, column] += sign * rng.uniform(LEAST[column], MOST[column]) * progress
    return path


def film(photo: Array, window: Window, path: NDArray[np.float64]) -> Clip:
    """The frames that a window sees on its path, bilinear: (3, 16, 64, 64)."""
    places = pixels_seen(window, path) - 0.5 * (1 + 1j)
    at = np.stack([places.imag, places.real])
    return SPEC.encode(
        np.stack([scipy.ndimage.map_coordinates(channel, at, order=1, mode="nearest") for channel in photo])
    )


def pixels_seen(window: Window, path: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Where in the photo every pixel of every frame lies, x + iy from its upper left corner. (16, 64, 64)"""
    right, down, size, angle = path.T[..., None, None]
    grid = (np.arange(SIDE) + 0.5) / SIDE - 0.5
    square = grid + 1j * grid[:, None]
    moved = right + 1j * down + square * np.exp(size + 1j * angle)
    seen: NDArray[np.complex128] = window.centre + window.side * np.exp(1j * window.angle) * moved
    return seen


def _texture(photo: Array, place: NDArray[np.float64], half: float) -> float:
    """The smaller eigenvalue of the structure tensor about a place, x and y (Shi and Tomasi, CVPR 1994)."""
    x, y = (slice(round(centre - half), round(centre + half)) for centre in place)
    slopes = np.stack(np.gradient(photo[:, y, x].mean(0))).reshape(2, -1)
    return float(np.linalg.eigvalsh(slopes @ slopes.T)[0])


SHOTS = {
    f"{move.replace(' ', '-')}-{k + 1}": (label, (label // 2 + 2 * k) % len(SCENES))
    for label, move in enumerate(MOVES)
    for k in range(3)
}
"""Label of each clip, and which of the scenes it shows; opposite moves show the same ones."""


@dataclass(frozen=True, eq=False)
class Clips:
    """Clips as a Dataset, each made when it is opened. scenes: the photos that they show."""

    name: str
    spec: InputSpec
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    scenes: Dataset
    outputs: int | None

    @cached_property
    def sha256(self) -> str:
        """Of ids, labels, the contents of all scenes, and the version of what makes clips of them."""
        return hash_rows([(VERSION, self.scenes.sha256), *((id, *SHOTS[id]) for id in self.ids)])

    def open(self, id: str) -> Sample:
        """Make one clip; it depends on its id alone."""
        if id not in self.ids:
            raise DataError(f"no sample '{id}' in {self.name}")
        label, shown = SHOTS[id]
        check_label(label, self.outputs, f"{self.name}, sample {id}")
        scene = self.scenes.open(self.scenes.ids[shown])
        codes = make_clip(scene.x, MOVES[label], generator(0, NAME, id))
        return Sample(id, self.spec.decode(codes), label, self.spec)


class Camera:
    """The built-in clips: eight camera moves, synthetic, over six photos in this package, three of each."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether they are asked for by name."""
        return isinstance(source, str) and source == NAME and options.labels is None

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open them. Raises DataError if they do not fit."""
        if not wanted.takes(SPEC.shape):
            raise DataError(f"{NAME} holds clips (3 x 16 x 64 x 64), but the model takes {wanted}")
        if options.size not in (None, SPEC.shape[2:]) or options.frames not in (None, FRAMES):
            raise DataError(f"{NAME}: clips of 16 x 64 x 64 are not resized; leave --size and --frames out")
        ids = tuple(evenly(SHOTS, options.limit))
        spec = replace(SPEC, bounds=options.bounds or SPEC.bounds)
        return Clips(NAME, spec, MOVES, ids, open_scenes(), wanted.outputs)


def open_scenes() -> Dataset:
    """What is filmed, (3, 256, 256) in [0, 1]."""
    files = [MediaFile(name, FOLDER / f"{name}.jpg") for name in SCENES]
    return image_set("scenes", files, Wanted((3, PHOTO_SIDE, PHOTO_SIDE)), DataOptions())

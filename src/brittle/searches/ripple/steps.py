"""What a climb may add to the field that is worn: each nudge is a field of norm 1."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from brittle.core.field import Field, Lines, Waves, surface, unit
from brittle.core.sample import Array
from brittle.searches.ripple.waves import Heard, drawn_wave

TOP = 6  # waves that nudges are drawn near to


@dataclass(frozen=True)
class Around:
    """What nudges are made from: worn field, waves heard, lesson of nudges, a window, learned tiles."""

    worn: Array
    heard: Heard
    lesson: Array
    window: Lines
    fields: Field
    tiles: Array


def windowed_wave(around: Around, rng: np.random.Generator) -> Array:
    """A random wave under the window."""
    return around.fields.wave(around.fields.random_waves(1, rng), around.window)


def wave_near_top(around: Around, rng: np.random.Generator) -> Array:
    """A wave near one of the best heard, under the window."""
    return around.fields.wave(_near_top(around, rng), around.window)


def window(around: Around, rng: np.random.Generator) -> Array:
    """More or less of what is worn, under the window."""
    return unit(around.worn * surface(around.window))


def whole_wave(around: Around, rng: np.random.Generator) -> Array:
    """A wave over the whole input, by a Thompson draw from the Gaussian process."""
    return around.fields.wave(drawn_wave(around.heard, around.fields, rng))


def colour(around: Around, rng: np.random.Generator) -> Array:
    """What is worn in another colour: every channel times a random factor."""
    return unit(around.worn * around.fields.random_colour(rng))


def windowed_tile(around: Around, rng: np.random.Generator) -> Array:
    """A learned tile at a random shift, under the window."""
    tile = around.tiles[rng.integers(len(around.tiles))]
    shift = [int(rng.integers(side)) for side in tile.shape[1:]]
    return unit(around.fields.repeated(tile, shift) * surface(around.window))


def smooth_field(around: Around, rng: np.random.Generator) -> Array:
    """More and less of what is worn, by a slowly varying surface."""
    return unit(around.worn * around.fields.smooth(rng))


def swap(around: Around, rng: np.random.Generator) -> Array:
    """Towards a wave near one of the best heard, away from what is worn, under the window."""
    away = around.fields.wave(_near_top(around, rng)) - around.worn
    return unit(away * surface(around.window))


def recall(around: Around, rng: np.random.Generator) -> Array:
    """All recent nudges at once, each as far as it surprised, refused ones the other way."""
    return unit(around.lesson) if around.lesson.any() else windowed_wave(around, rng)


def _near_top(around: Around, rng: np.random.Generator) -> Waves:
    top = around.heard.best(TOP)
    if not len(top):
        return around.fields.random_waves(1, rng)
    return around.fields.waves_near(around.heard.waves.pick([rng.choice(top)]), rng)


Nudge = Callable[[Around, np.random.Generator], Array]
NUDGES: Mapping[str, Nudge] = {
    "windowed wave": windowed_wave,
    "wave near top": wave_near_top,
    "window": window,
    "whole wave": whole_wave,
    "colour": colour,
    "windowed tile": windowed_tile,
    "smooth field": smooth_field,
    "swap": swap,
    "recall": recall,
}
EVERYWHERE = {"whole wave", "colour", "smooth field", "recall"}  # these have no window
WEIGHTS = {"windowed wave": 3.0, "window": 2.0, "whole wave": 0.5}  # 1 for the others

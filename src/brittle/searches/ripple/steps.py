"""What a hill climb may add to the current field: each step is a field of norm 1, (channels, *sides)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from brittle.core.field import Field, Waves, Window, unit, window_array
from brittle.core.sample import Array
from brittle.searches.ripple.tuning import TUNING
from brittle.searches.ripple.waves import Observations, thompson_wave


@dataclass(frozen=True)
class StepContext:
    """What steps are made from.

    current, momentum: the current field, and the weighted sum of recent steps, each (channels, *sides).
    observations: waves tried. window: where and how wide the step may be. fields: makes fields.
    tiles: learned ones, (count, channels, *sides).
    """

    current: Array
    observations: Observations
    momentum: Array
    window: Window
    fields: Field
    tiles: Array


def windowed_wave(context: StepContext, rng: np.random.Generator) -> Array:
    """A random wave times the window."""
    return context.fields.wave(context.fields.random_waves(1, rng), context.window)


def wave_near_top(context: StepContext, rng: np.random.Generator) -> Array:
    """A wave near one of the best observed, times the window."""
    return context.fields.wave(_near_top(context, rng), context.window)


def window(context: StepContext, rng: np.random.Generator) -> Array:
    """The current field times the window: more of it there, or less when reversed."""
    return unit(context.current * window_array(context.window))


def whole_wave(context: StepContext, rng: np.random.Generator) -> Array:
    """A wave over the whole input, by a Thompson draw from the Gaussian process."""
    return context.fields.wave(thompson_wave(context.observations, context.fields, rng))


def colour(context: StepContext, rng: np.random.Generator) -> Array:
    """The current field with every channel times a random factor."""
    return unit(context.current * context.fields.random_colour(rng))


def windowed_tile(context: StepContext, rng: np.random.Generator) -> Array:
    """A learned tile, repeated from a random shift on, times the window."""
    tile = context.tiles[rng.integers(len(context.tiles))]
    shift = [int(rng.integers(side)) for side in tile.shape[1:]]
    return unit(context.fields.repeated(tile, shift) * window_array(context.window))


def smooth_field(context: StepContext, rng: np.random.Generator) -> Array:
    """The current field times a slowly varying factor of either sign."""
    return unit(context.current * context.fields.smooth(rng))


def swap(context: StepContext, rng: np.random.Generator) -> Array:
    """Towards a wave near one of the best observed, away from the current field, times the window."""
    towards = context.fields.wave(_near_top(context, rng)) - context.current
    return unit(towards * window_array(context.window))


def momentum(context: StepContext, rng: np.random.Generator) -> Array:
    """The momentum: recent steps together, each by its surprise, those that gained less with a minus sign."""
    return unit(context.momentum) if context.momentum.any() else windowed_wave(context, rng)


def _near_top(context: StepContext, rng: np.random.Generator) -> Waves:
    """One wave near one of the best observed; any wave where none is."""
    best = context.observations.best(TUNING.best_waves)
    if not len(best):
        return context.fields.random_waves(1, rng)
    chosen = context.observations.waves.pick([rng.choice(best)])
    return context.fields.waves_near(chosen, rng, TUNING.near_spread)


Step = Callable[[StepContext, np.random.Generator], Array]
STEPS: Mapping[str, Step] = {
    "windowed wave": windowed_wave,
    "wave near top": wave_near_top,
    "window": window,
    "whole wave": whole_wave,
    "colour": colour,
    "windowed tile": windowed_tile,
    "smooth field": smooth_field,
    "swap": swap,
    "momentum": momentum,
}
WITHOUT_WINDOW = {"whole wave", "colour", "smooth field", "momentum"}  # their place says nothing

"""Perturbation fields: changes of a whole input, made of plane waves, Gaussian windows and tiles.

A field is float32, (channels, *sides), of Euclidean norm 1 unless said otherwise. It has as many spatial axes
as the input, so the same code makes it for signals, images and video.

Complex plane waves and Gaussian windows are separable: outer products of one vector for each axis. That is
what makes a candidate cheap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, InputSpec

Window = Sequence[NDArray[Any]]  # separable: a factor for each element of each spatial axis, [(side,), ...]


@dataclass(frozen=True)
class Waves:
    """n plane waves, colour * cos(2 pi cycles/longest side * direction . place + phase).

    cycles: (n,) along the longest side. direction: (n, axes), of norm 1. phase: (n,), radians.
    colour: (n, channels), a factor for each channel, of norm 1.
    """

    cycles: NDArray[np.float64]
    direction: NDArray[np.float64]
    phase: NDArray[np.float64]
    colour: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.cycles)

    def pick(self, which: Any) -> "Waves":
        """Some of them, by any index that keeps the first axis."""
        return Waves(self.cycles[which], self.direction[which], self.phase[which], self.colour[which])

    def join(self, other: "Waves") -> "Waves":
        """These, then the others."""
        return Waves(
            np.concatenate([self.cycles, other.cycles]),
            np.concatenate([self.direction, other.direction]),
            np.concatenate([self.phase, other.phase]),
            np.concatenate([self.colour, other.colour]),
        )


@dataclass(frozen=True)
class Field:
    """Makes fields for inputs of one kind. Randomness comes from the generator that is handed in, only."""

    spec: InputSpec

    @cached_property
    def sides(self) -> tuple[int, ...]:
        """Elements along each spatial axis."""
        return tuple(self.spec.shape[i] for i in self.spec.spatial)

    @cached_property
    def channels(self) -> int:
        """Values at each element of the spatial axes."""
        return int(np.prod(self.spec.shape)) // int(np.prod(self.sides))

    def of(self, x: Array) -> Array:
        """An input's values with the axes of a field, (channels, *sides); a view."""
        if len(self.sides) == x.ndim:
            return x[None]
        return np.moveaxis(x, channel_axis(self.spec), 0)

    @cached_property
    def longest(self) -> int:
        """Elements along the longest side, of those along which waves go."""
        return int(np.max(np.array(self.sides)[self._moving > 0]))

    @cached_property
    def _moving(self) -> NDArray[np.float64]:
        """1 for the axes along which waves go: all but the frames of a clip, where a wave stands still."""
        names = [self.spec.axes[i] for i in self.spec.spatial]
        return np.array([name != "frame" or len(names) == 1 for name in names], np.float64)

    @cached_property
    def scales(self) -> tuple[int, ...]:
        """What widths are shares of, along each axis: the longest side; along frames all of them."""
        return tuple(self.longest if m else n for m, n in zip(self._moving, self.sides, strict=True))

    @property
    def band(self) -> tuple[float, float]:
        """Fewest and most cycles of a wave along the longest side: 8 to 64 for 224 elements."""
        return min(8.0, self.longest / 16), self.longest / 3.5

    def random_waves(self, count: int, rng: np.random.Generator) -> Waves:
        """Waves at random: log-uniform in the band, of any direction, phase and colour."""
        low, high = self.band
        cycles = np.exp(rng.uniform(np.log(low), np.log(high), count))
        direction = _unit_rows(rng.normal(size=(count, len(self.sides))) * self._moving)
        phase = rng.uniform(0, 2 * np.pi, count)
        return Waves(cycles, direction, phase, _unit_rows(rng.normal(size=(count, self.channels))))

    def waves_near(self, waves: Waves, rng: np.random.Generator, spread: float) -> Waves:
        """One wave near each of these; its phase is any.

        spread: standard deviation of ln(cycles), and of each component of direction and colour.
        """
        low, high = self.band
        cycles = np.clip(waves.cycles * np.exp(spread * rng.normal(size=len(waves))), low, high)
        direction = waves.direction + spread * rng.normal(size=waves.direction.shape) * self._moving
        colour = waves.colour + spread * rng.normal(size=waves.colour.shape)
        phase = rng.uniform(0, 2 * np.pi, len(waves))
        return Waves(cycles, _unit_rows(direction), phase, _unit_rows(colour))

    def wave(self, waves: Waves, window: Window | None = None) -> Array:
        """The field of the first of these waves, times a window where one is given."""
        rate = waves.cycles[0] / self.longest
        cycles = [rate * d * np.arange(n) for d, n in zip(waves.direction[0], self.sides, strict=True)]
        factors = [np.exp(2j * np.pi * c).astype(np.complex64) for c in cycles]
        if window is not None:
            factors = [f * w for f, w in zip(factors, window, strict=True)]
        colour = (waves.colour[0] * np.exp(1j * waves.phase[0])).astype(np.complex64)
        rows = reduce(np.multiply.outer, factors[:-1], colour).reshape(-1)
        last = factors[-1]  # the real part of rows x last, as one real product
        out = np.stack([rows.real, -rows.imag], axis=1) @ np.stack([last.real, last.imag])
        return unit(out.reshape(self.channels, *self.sides))

    def window(self, centre: Sequence[float], width: float) -> list[Array]:
        """A Gaussian window; centre along each axis in elements, its sigma there `width` of the scale."""
        return [
            np.exp(-0.5 * ((np.arange(n) - c) / (scale * width)) ** 2).astype(np.float32)
            for n, c, scale in zip(self.sides, centre, self.scales, strict=True)
        ]

    def smooth(self, rng: np.random.Generator) -> Array:
        """A slowly varying factor of either sign, (1, *sides), of any norm: 2 to 6 random cosine modes."""
        modes = int(rng.integers(2, 7))
        left: list[NDArray[Any]] = []
        right: list[NDArray[Any]] = []
        for _ in range(modes):
            cosines = [
                np.cos(np.pi * rng.integers(0, 6) * (np.arange(n) + 0.5) / n).astype(np.float32)
                for n in self.sides
            ]
            left.append(
                reduce(np.multiply.outer, cosines[:-1], np.array(rng.normal(), np.float32)).reshape(-1)
            )
            right.append(cosines[-1])
        return np.asarray(np.stack(left, axis=1) @ np.stack(right)).reshape(1, *self.sides)

    def repeated(self, tile: Array, shift: Sequence[int]) -> Array:
        """A tile (channels, *its sides), repeated over the input from a shift on."""
        axes = tuple(range(1, tile.ndim))
        times = [1, *(-(-n // side) for n, side in zip(self.sides, tile.shape[1:], strict=True))]
        whole = np.tile(np.roll(tile, [-s for s in shift], axes), times)
        return unit(whole[(slice(None), *map(slice, self.sides))])

    def random_colour(self, rng: np.random.Generator) -> Array:
        """A random factor for each channel, (channels, 1, ...), of norm 1."""
        colour = _unit_rows(rng.normal(size=(1, self.channels)))[0]
        return np.asarray(colour, np.float32).reshape(-1, *[1] * len(self.sides))


def usual_l2(spec: InputSpec) -> float:
    """The usual limit of a change: L2 5 for a photo of 3 x 224 x 224, and as much per element elsewhere."""
    photo_elements = 3 * 224 * 224
    return 5 * spec.span * float(np.sqrt(np.prod(spec.shape) / photo_elements))


def window_array(window: Window) -> Array:
    """A window's factor at every element, (1, *sides): its outer product."""
    return np.asarray(reduce(np.multiply.outer, window))[None]


def unit(field: Array, out: Array | None = None) -> Array:
    """A field scaled to norm 1; all zero stays so. out: where to write it, may be the field itself."""
    return np.asarray(np.multiply(field, np.float32(1 / max(norm(field), 1e-20)), out=out))


def norm(field: Array) -> float:
    """Euclidean norm. By rows, too short for BLAS to use threads: the same number on any count of them."""
    return float(np.sqrt(np.vecdot(field, field).sum(dtype=np.float64)))


def channel_axis(spec: InputSpec) -> int:
    """The index of the axis that cannot be cut into cells."""
    return next(i for i in range(len(spec.shape)) if i not in spec.spatial)


def as_input(field: Array, spec: InputSpec) -> Array:
    """A field with its channel axis where the input has it; the inverse of Field.of, a view too."""
    if len(spec.spatial) == len(spec.shape):
        return np.asarray(field[0])
    return np.asarray(np.moveaxis(field, 0, channel_axis(spec)))


def _unit_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of (n, k), each scaled to norm 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))

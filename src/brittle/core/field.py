"""The ripple board: fields made of waves, windows and tiles, and inputs at a given distance along a field.

A field is a change of the whole input: float32, (channels, *sides), of norm 1 unless said otherwise. It has
as many spatial axes as the input, so the same code makes it for signals, images and video.

Waves and windows are outer products of one short line per axis; that is what makes a candidate cheap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, Codes, InputSpec, Sample

Lines = Sequence[NDArray[Any]]  # one value per element of each spatial axis
TRIES, MOST_TRIES = 6, 40  # scales tried for one candidate: two are usual, and most if none changes anything
NEAR = 0.99  # of the wanted distance is near enough: another try costs more time than it brings
PHOTO = 150528  # elements of a photo, 3 x 224 x 224, for which L2 5 is the usual limit
SAFE = 1 - 1e-4  # sums are float32


@dataclass(frozen=True)
class Waves:
    """n plane waves, colour * cos(2 pi cycles/longest side * direction . place + phase).

    cycles: (n,) along the longest side. direction: (n, axes) and colour: (n, channels), both of norm 1.
    phase:  (n,), radians.
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
        """Values at each place."""
        return int(np.prod(self.spec.shape)) // int(np.prod(self.sides))

    def of(self, x: Array) -> Array:
        """An input's values with the axes of a field, (channels, *sides); a view."""
        if len(self.sides) == x.ndim:
            return x[None]
        return np.moveaxis(x, _channel(self.spec), 0)

    @property
    def band(self) -> tuple[float, float]:
        """Fewest and most cycles of a wave along the longest side: 8 to 64 for 224 elements."""
        longest = max(self.sides)
        return min(8.0, longest / 16), longest / 3.5

    def random_waves(self, count: int, rng: np.random.Generator) -> Waves:
        """Waves at random: log-uniform in the band, of any direction, phase and colour."""
        low, high = self.band
        cycles = np.exp(rng.uniform(np.log(low), np.log(high), count))
        direction = _directions(rng.normal(size=(count, len(self.sides))))
        phase = rng.uniform(0, 2 * np.pi, count)
        return Waves(cycles, direction, phase, _directions(rng.normal(size=(count, self.channels))))

    def waves_near(self, waves: Waves, rng: np.random.Generator, spread: float = 0.15) -> Waves:
        """One wave near each of these: a little other in all but the phase, which is any."""
        low, high = self.band
        cycles = np.clip(waves.cycles * np.exp(spread * rng.normal(size=len(waves))), low, high)
        direction = waves.direction + spread * rng.normal(size=waves.direction.shape)
        colour = waves.colour + spread * rng.normal(size=waves.colour.shape)
        phase = rng.uniform(0, 2 * np.pi, len(waves))
        return Waves(cycles, _directions(direction), phase, _directions(colour))

    def wave(self, waves: Waves, lines: Lines | None = None) -> Array:
        """The field of the first of these waves, under a window where its lines are given."""
        rate = waves.cycles[0] / max(self.sides)
        turns = [rate * d * np.arange(n) for d, n in zip(waves.direction[0], self.sides, strict=True)]
        factors = [np.exp(2j * np.pi * t).astype(np.complex64) for t in turns]
        if lines is not None:
            factors = [f * line for f, line in zip(factors, lines, strict=True)]
        colour = (waves.colour[0] * np.exp(1j * waves.phase[0])).astype(np.complex64)
        rows = reduce(np.multiply.outer, factors[:-1], colour).reshape(-1)
        last = factors[-1]  # the real part of rows x last, as one real product
        out = np.stack([rows.real, -rows.imag], axis=1) @ np.stack([last.real, last.imag])
        return unit(out.reshape(self.channels, *self.sides))

    def window(self, centre: Sequence[float], sigma: float) -> list[Array]:
        """Lines of a Gaussian window; centre along each axis and sigma in elements."""
        return [
            np.exp(-0.5 * ((np.arange(n) - c) / sigma) ** 2).astype(np.float32)
            for n, c in zip(self.sides, centre, strict=True)
        ]

    def smooth(self, rng: np.random.Generator) -> Array:
        """A slowly varying surface, (1, *sides), of any norm: 2 to 6 random cosine modes."""
        modes = int(rng.integers(2, 7))
        left: list[NDArray[Any]] = []
        right: list[NDArray[Any]] = []
        for _ in range(modes):
            lines = [
                np.cos(np.pi * rng.integers(0, 6) * (np.arange(n) + 0.5) / n).astype(np.float32)
                for n in self.sides
            ]
            left.append(reduce(np.multiply.outer, lines[:-1], np.array(rng.normal(), np.float32)).reshape(-1))
            right.append(lines[-1])
        return np.asarray(np.stack(left, axis=1) @ np.stack(right)).reshape(1, *self.sides)

    def repeated(self, tile: Array, shift: Sequence[int]) -> Array:
        """A tile (channels, *its sides), repeated over the input from a shift on."""
        axes = tuple(range(1, tile.ndim))
        times = [1, *(-(-n // side) for n, side in zip(self.sides, tile.shape[1:], strict=True))]
        whole = np.tile(np.roll(tile, [-s for s in shift], axes), times)
        return unit(whole[(slice(None), *map(slice, self.sides))])

    def random_colour(self, rng: np.random.Generator) -> Array:
        """A random factor for each channel, (channels, 1, ...), of norm 1."""
        colour = _directions(rng.normal(size=(1, self.channels)))[0]
        return np.asarray(colour, np.float32).reshape(-1, *[1] * len(self.sides))


def usual_l2(spec: InputSpec) -> float:
    """The usual length of a change: L2 5 for a photo, and as much per element elsewhere."""
    return 5 * spec.span * float(np.sqrt(np.prod(spec.shape) / PHOTO))


def surface(lines: Lines) -> Array:
    """The outer product of lines with one more axis in front, (1, *sides)."""
    return np.asarray(reduce(np.multiply.outer, lines))[None]


def unit(field: Array, out: Array | None = None) -> Array:
    """A field scaled to norm 1; all zero stays so. out: where to write it, may be the field itself."""
    return np.asarray(np.multiply(field, np.float32(1 / max(norm(field), 1e-20)), out=out))


def norm(field: Array) -> float:
    """Euclidean norm. By rows, too short for BLAS to use threads: the same number on any count of them."""
    return float(np.sqrt(np.vecdot(field, field).sum(dtype=np.float64)))


@dataclass(frozen=True)
class Shown:
    """An input along a field: as spec.encode has it, the factor on the field, the L2 distance it came to."""

    codes: Codes
    scale: float
    l2: float


class Shell:
    """Inputs at a wanted L2 distance from one sample, clipped and rounded as the sample is.

    It counts in codes where samples are quantised, and in their own units where they are not.
    """

    def __init__(self, sample: Sample) -> None:
        spec = self.spec = sample.spec
        self._rounds = spec.bits is not None
        self._step = np.float32(1 if spec.bits is None else spec.span / (2**spec.bits - 1))
        low, high = spec.bounds if spec.bits is None else (0, 2**spec.bits - 1)
        self._codes = np.asarray(spec.encode(sample.x), np.float32)
        self._down, self._up = np.float32(low) - self._codes, np.float32(high) - self._codes
        self._change = np.empty_like(self._codes)  # of the last scale tried

    def at(self, field: Array, l2: float, scale: float | None = None) -> Shown:
        """The input at distance l2 along a field, never farther; as far as it goes if the bounds are nearer.

        scale: a first guess, such as that of a field much like this one.
        """
        field = self._as_input(field)
        most, wanted = l2 * SAFE, l2 * (1 + NEAR) / 2
        scale = l2 if scale is None else scale
        below, above = _Reach(0.0, 0.0), None
        for tries in range(MOST_TRIES):
            reached = self._try(field, scale)
            if reached.l2 > most:
                above = reached
            elif reached.l2 >= below.l2:
                below = reached
            if below.l2 >= NEAR * l2 or (tries >= TRIES and (above is None or below.l2 > 0)):
                break
            if above is None or below.scale == 0:
                scale *= min(4.0, wanted / max(reached.l2, 1e-12))
            else:  # rounding makes the distance uneven in the scale: go by two that enclose it
                share = (wanted - below.l2) / max(above.l2 - below.l2, 1e-12)
                scale = below.scale + (above.scale - below.scale) * min(0.9, max(0.1, share))
        if below is not reached:
            self._try(field, below.scale)
        return Shown(self._coded(), below.scale, below.l2)

    def _try(self, field: Array, scale: float) -> "_Reach":
        """What a field at this scale adds to the codes, and how far that is."""
        change = np.multiply(field, np.float32(scale / self._step), out=self._change)
        if self._rounds:
            np.rint(change, out=change)
        np.maximum(change, self._down, out=change)
        np.minimum(change, self._up, out=change)
        return _Reach(scale, norm(change) * float(self._step))

    def _coded(self) -> Codes:
        """The codes with the change of the last try."""
        codes = np.empty(self._codes.shape, self.spec.code_type)
        np.add(self._codes, self._change, out=codes, casting="unsafe")
        return codes if self._rounds else np.clip(codes, *self.spec.bounds, out=codes)

    def _as_input(self, field: Array) -> Array:
        """Put the channel axis where the input has it."""
        if len(self.spec.spatial) == len(self.spec.shape):
            return np.asarray(field[0])
        return np.asarray(np.moveaxis(field, 0, _channel(self.spec)))


@dataclass(frozen=True)
class _Reach:
    """A scale that was tried, and the L2 distance it came to."""

    scale: float
    l2: float


def _channel(spec: InputSpec) -> int:
    return next(i for i in range(len(spec.shape)) if i not in spec.spatial)


def _directions(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))

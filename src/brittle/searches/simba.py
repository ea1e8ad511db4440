"""SimBA: one orthogonal direction after the other, taken away or added where the label loses probability.

Guo, Gardner, You, Wilson and Weinberger, "Simple Black-box Adversarial Attacks", ICML 2019 (arXiv
1905.07121), algorithm 1, after the authors' code (cg563/simple-blackbox-attack): minus first, and plus only
where minus did not help. What is ours: steps are made of whole codes. A step in one frequency of a photo is
less than half a code of 8 bits everywhere, so that plain rounding would show the untouched input for ever.
"""

from abc import abstractmethod
from collections.abc import Iterator
from functools import reduce
from typing import ClassVar

import numpy as np

from brittle.core.field import Field, as_input, norm
from brittle.core.sample import Array, InputSpec
from brittle.core.search import Game, InputBoard, Search
from brittle.searches.losses import label_odds
from brittle.settings import Settings, setting

FIRST, MORE = 8, 32  # parts of a side: the frequencies tried first, and how many join them at a time

Direction = tuple[int, Array]  # the channel, and what is added there: (*sides), of norm 1


class _Simba(Settings):
    """What both members share."""

    board: ClassVar[str] = "input"
    epsilon: float = setting(0.2, "L2 distance of one step, as a share of the span", gt=0)

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, one row at a time, to its first flip, max_l2 or the last direction."""
        spec, field, limit = game.sample.spec, Field(game.sample.spec), game.terms.max_l2
        low, high = spec.bounds if spec.bits is None else (0, 2**spec.bits - 1)
        unit = spec.code or 1.0  # what x and the changes count in
        x = field.of(np.asarray(spec.encode(game.sample.x), np.float32))
        change, least = np.zeros_like(x), label_odds(game.goal, game.clean[None])[0]
        for channel, direction in self.directions(field, game.rng):
            step = self._step(direction, spec, game.rng)
            for signed in (-step, step):
                tried = change.copy()
                tried[channel] += signed
                shown = np.clip(x + tried, low, high)
                if limit is not None and unit * norm(shown - x) > limit:
                    return
                answers = yield as_input(shown, spec).astype(spec.code_type)[None]
                if game.goal.flipped(answers)[0]:
                    return
                loss = label_odds(game.goal, answers)[0]
                if loss < least:
                    change, least = tried, loss
                    break

    def _step(self, direction: Array, spec: InputSpec, rng: np.random.Generator) -> Array:
        """epsilon along a direction, in codes where there are some; there it is one code at least."""
        length = self.epsilon * spec.span
        if spec.bits is None:
            return np.float32(length) * direction
        return in_codes(direction, max(1.0, length / spec.code), rng)

    @abstractmethod
    def directions(self, field: Field, rng: np.random.Generator) -> Iterator[Direction]:
        """Orthogonal directions in the order in which they are tried, each once."""


class SimbaPixel(_Simba):
    """SimBA on pixels: one value at a time, less or more of it, kept if the label loses by it."""

    name: ClassVar[str] = "simba-pixel"

    def directions(self, field: Field, rng: np.random.Generator) -> Iterator[Direction]:
        """Every value of the input, in random order."""
        shape = (field.channels, *field.sides)
        for place in rng.permutation(int(np.prod(shape))):
            channel, *at = np.unravel_index(place, shape)
            direction = np.zeros(field.sides, np.float32)
            direction[tuple(at)] = 1
            yield int(channel), direction


class SimbaDct(_Simba):
    """SimBA on frequencies: one DCT coefficient at a time, low ones first, kept if the label loses by it."""

    name: ClassVar[str] = "simba-dct"

    def directions(self, field: Field, rng: np.random.Generator) -> Iterator[Direction]:
        """Cosines: the lowest eighth of each axis in random order, then 1/32 more at a time."""
        rings = reduce(np.maximum.outer, map(_rings, field.sides))
        ring = np.broadcast_to(rings, (field.channels, *field.sides)).reshape(-1)
        order = rng.permutation(ring.size)
        for place in order[np.argsort(ring[order], kind="stable")]:
            channel, *at = np.unravel_index(place, (field.channels, *field.sides))
            cosines = [_cosine(int(k), side) for k, side in zip(at, field.sides, strict=True)]
            yield int(channel), np.asarray(reduce(np.multiply.outer, cosines), np.float32)


def in_codes(direction: Array, length: float, rng: np.random.Generator) -> Array:
    """A direction of norm 1 times a length, in whole numbers: as long as they can be, and not longer.

    Elements are cut to whole numbers; those that lose most get one back, of equals any.
    """
    wanted = np.abs(direction).reshape(-1).astype(np.float64) * length
    whole = np.floor(wanted + 1e-3)
    order = rng.permutation(wanted.size)
    order = order[np.argsort(whole[order] - wanted[order], kind="stable")]
    squares = np.cumsum(2 * whole[order] + 1)  # what the first of them add to the squared length
    whole[order[: int(np.searchsorted(squares, length**2 - np.square(whole).sum() + 1e-3, "right"))]] += 1
    return np.asarray(np.sign(direction) * whole.reshape(direction.shape), np.float32)


def _rings(side: int) -> Array:
    """When each frequency of an axis is tried: 0 the first ones, then 1, 2, ..."""
    first, more = max(1, side // FIRST), max(1, side // MORE)
    return np.maximum(0, -((first - 1 - np.arange(side)) // more)).astype(np.float32)


def _cosine(frequency: int, side: int) -> Array:
    """One row of the orthonormal DCT-II."""
    wave = np.cos(np.pi * frequency * (np.arange(side) + 0.5) / side)
    return np.asarray(wave / np.linalg.norm(wave), np.float32)

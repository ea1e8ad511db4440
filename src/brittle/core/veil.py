"""The veil: an input of which a soft mask keeps some and a fill replaces the rest."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, Sample

Masks = NDArray[np.uint8]
"""Keep-masks, (k, *sides) over the spatial axes: 255 keeps an element, 0 puts the fill there."""
KEPT = 255
MOST_BITS = 8
"""Of codes that float32 mixes exactly enough."""


class Veil:
    """One sample behind a fill: a keep-mask stands for fill + mask * (x - fill), quantised as samples are.

    A mask has one weight an element of the spatial axes, for all channels. Where float32 tells mixtures of
    codes well apart, codes are mixed: none lies half-way between two, for KEPT is odd. Implements Board.
    """

    def __init__(self, sample: Sample, fill: Array) -> None:
        spec = sample.spec
        self.sample, self.fill = sample, spec.decode(spec.encode(fill))
        self._of_codes = spec.bits is not None and spec.bits <= MOST_BITS
        x, self._base = (self._mixed(values) for values in (sample.x, self.fill))
        self._difference = (x - self._base) / np.float32(KEPT)
        self._channels = tuple(i for i in range(len(spec.shape)) if i not in spec.spatial)

    @property
    def sides(self) -> tuple[int, ...]:
        """The shape of a mask."""
        return tuple(self.sample.spec.shape[i] for i in self.sample.spec.spatial)

    def render(self, move: Masks, out: Array) -> None:
        """Write the input that one mask stands for into out."""
        spec = self.sample.spec
        np.multiply(self._difference, np.expand_dims(move, self._channels), out=out)
        out += self._base
        spec.decode(np.rint(out, out=out) if self._of_codes else spec.encode(out), out)

    def _mixed(self, values: Array) -> Array:
        """What is mixed of an input: its codes or its values."""
        return self.sample.spec.encode(values).astype(np.float32) if self._of_codes else values

    def recipe(self, move: NDArray[Any]) -> list[int] | None:
        """None: a mask is replayed from the map that it is a part of."""
        return None

"""The veil: an input of which a soft mask keeps some and a fill replaces the rest."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, Sample

Masks = NDArray[np.uint8]
"""Keep-masks, (k, *sides) over the spatial axes: 255 keeps an element, 0 puts the fill there."""
KEPT = 255


class Veil:
    """One sample behind a fill: a keep-mask stands for fill + mask * (x - fill), quantised as samples are.

    A mask has one weight an element of the spatial axes, for all channels. Implements Board.
    """

    def __init__(self, sample: Sample, fill: Array) -> None:
        spec = sample.spec
        self.sample, self.fill = sample, spec.decode(spec.encode(fill))
        self._difference = (sample.x - self.fill) / np.float32(KEPT)
        self._channels = tuple(i for i in range(len(spec.shape)) if i not in spec.spatial)

    @property
    def sides(self) -> tuple[int, ...]:
        """The shape of a mask."""
        return tuple(self.sample.spec.shape[i] for i in self.sample.spec.spatial)

    def render(self, move: Masks, out: Array) -> None:
        """Write the input that one mask stands for into out."""
        spec = self.sample.spec
        np.multiply(self._difference, np.expand_dims(move, self._channels), out=out)
        out += self.fill
        spec.decode(spec.encode(out), out)

    def recipe(self, move: NDArray[Any]) -> list[int] | None:
        """None: a mask is replayed from the map that it is a part of."""
        return None

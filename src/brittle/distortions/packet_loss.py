"""Packet loss: pieces of a coded video do not arrive."""

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import IMAGE, length
from brittle.distortions.frames import VIDEO, by_frame

SLICES = (8, 2)
"""Most slices of a frame, down and across: each travels in a packet of its own."""

REFRESH = 8
"""Frames from one that needs no other to be decoded to the next."""


@dataclass(frozen=True)
class PacketLoss:
    """Slices of a frame are lost, and the frame before stays there until the next refresh.

    A frame has 8 x 2 slices, and every 8th frame is a refresh, which may be lost too; each draw loses others
    and refreshes at other times. A stronger level loses the packets of a weaker one, and the first frame is
    kept. Sources: packet loss in Yi et al., NeurIPS Datasets and Benchmarks 2021 (Mini Kinetics-C);
    previous-frame concealment in Liang, Apostolopoulos & Girod, "Analysis of packet loss for compressed
    video", IEEE TCSVT 18(7), 2008.
    """

    name: str = "packet_loss"
    needs: tuple[str, ...] = VIDEO
    levels: tuple[float, ...] = (0.01, 0.03, 0.1)
    unit: str = "share of the packets"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x with round(level * packets) lost, at least one where there is more than one frame."""
        sides = [length(spec, axis) for axis in IMAGE]
        slices = [min(most, side) for most, side in zip(SLICES, sides, strict=True)]
        rows, columns = (np.arange(side) * n // side for side, n in zip(sides, slices, strict=True))
        out = x.copy()
        before, *after = by_frame(out, spec)
        for frame, stale in zip(after, _stale((len(after), *slices), level, rng), strict=True):
            np.copyto(frame, before, where=stale[np.ix_(rows, columns)])
            before = frame
        return out


def _stale(shape: tuple[int, ...], level: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Slices that show the frame before, shape (frames, down, across)."""
    refresh = (np.arange(shape[0]) + rng.integers(REFRESH)) % REFRESH == 0
    order = rng.permutation(prod(shape)).reshape(shape)
    stale = order < max(1, round(level * order.size))
    for t in range(1, shape[0]):
        if not refresh[t]:
            stale[t] |= stale[t - 1]
    return stale

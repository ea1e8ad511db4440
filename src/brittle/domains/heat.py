"""What matters in an input, as colours: the shares of it that a map puts first."""

import numpy as np
from numpy.typing import NDArray

from brittle.core.curves import top_masks
from brittle.core.sample import Array
from brittle.domains.glow import GLOW, SHARES
from brittle.domains.pixels import Pixels, repeated

OPACITY = 0.64
DIM, INSIDE = 0.45, 0.75
"""Of the brightness of a picture that is left outside of the mask and inside of it."""
LINE_SHARE = 1 / 120
"""Of the longer side of a picture: the width of a contour."""


def shares_of(values: Array) -> NDArray[np.int64]:
    """Which of SHARES each element of a map is in, by its number from 0; len(SHARES) for none."""
    inside = (top_masks(values, SHARES) > 0).sum(axis=0)
    return np.asarray(len(SHARES) - inside, np.int64)


def glowing(shown: Pixels, shares: NDArray[np.int64], mask: NDArray[np.bool_] | None = None) -> Pixels:
    """A picture in dim grey under the colours of its map, RGB; the mask is brighter, and has a white contour.

    shown: (height, width, 1 or 3), of the size of shares and mask or a whole multiple of it. shares: as
    shares_of gives them, (height, width).
    """
    factor = len(shown) // len(shares)
    kept = np.zeros(shown.shape[:2], bool) if mask is None else repeated(mask, factor)
    grey = shown.mean(axis=-1, keepdims=True)
    dim = 16 + np.where(kept, INSIDE, DIM)[..., None] * grey
    band = repeated(shares, factor)[..., None]
    colours = np.array([*GLOW, (0, 0, 0)], np.float64)[band[..., 0]]
    lit = (1 - OPACITY) * grey + OPACITY * (0.8 + 0.2 * grey / 255) * colours
    out = np.where(band < len(SHARES), lit, dim)
    _outline(out, kept)
    return np.asarray(np.clip(np.rint(out), 0, 255), np.uint8)


def heated(values: NDArray[np.floating]) -> Pixels:
    """Values of at least 0, (height, width), as colours: black for 0, the brightest for the greatest."""
    colours = np.array([(0, 0, 0), *reversed(GLOW)], np.float64)
    shares = np.asarray(values, np.float64) / (float(values.max(initial=0.0)) or 1.0)
    at = np.linspace(0, 1, len(colours))
    lit = np.stack([np.interp(shares, at, colour) for colour in colours.T], axis=-1)
    return np.asarray(np.rint(lit), np.uint8)


def _outline(out: NDArray[np.float64], mask: NDArray[np.bool_]) -> None:
    """Draw the inner edge of a mask in white, with a dark line around it."""
    width = max(1, round(LINE_SHARE * max(mask.shape)))
    out[_grown(mask, width) & ~mask] = 12
    out[mask & _grown(~mask, width)] = 255


def _grown(mask: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """A mask and what lies within so many steps of it; beyond the border lies nothing."""
    for _ in range(steps):
        around = np.pad(mask, 1)
        mask = (
            around[1:-1, 1:-1] | around[:-2, 1:-1] | around[2:, 1:-1] | around[1:-1, :-2] | around[1:-1, 2:]
        )
    return mask

"""A map as it grows: how an answer depends on what masks keep, from masks and answers alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, InputSpec
from brittle.core.veil import KEPT, Masks
from brittle.domains.glow import SHARES
from brittle.domains.heat import shares_of
from brittle.domains.video import strip_frames

Places = tuple[NDArray[np.intp], ...]
FINEST, FINEST_CLIP, FINEST_TRACE = 28, 16, 240
"""Elements along a side of a picture, or of a frame, and along a trace, at which a map is told."""
DOUBT = 1.0
"""Rows that say nothing and are counted besides, so that little is made of what few rows kept or took."""


def places_of(spec: InputSpec) -> Places:
    """The elements along each spatial axis at which maps are told: evenly, of a clip the frames shown."""
    finest = FINEST_CLIP if "frame" in spec.axes else FINEST_TRACE if "time" in spec.axes else FINEST
    sides = {spec.axes[i]: spec.shape[i] for i in spec.spatial}
    return tuple(strip_frames(n) if axis == "frame" else _places(n, finest) for axis, n in sides.items())


def _places(side: int, finest: int) -> NDArray[np.intp]:
    """The middles of so many equal parts of a side at most."""
    count = min(side, finest)
    return ((np.arange(count) + 0.5) * side / count).astype(np.intp)


class RunningMap:
    """The slope of the probability over how much of each element is kept, a regression an element.

    For masks that keep or take whole elements it is the mean probability where an element is kept less that
    where it is taken. rows: that were seen.
    """

    def __init__(self, places: Places) -> None:
        self.rows, self._scores = 0, 0.0
        self._at: tuple[Any, ...] = (slice(None), *np.ix_(*places))
        self._kept, self._squares, self._products = np.zeros((3, *map(len, places)))

    def add(self, masks: Masks, scores: NDArray[np.float64]) -> None:
        """Masks (k, *sides) and the probabilities that they left, (k,)."""
        kept = masks[self._at] / KEPT
        self.rows += len(masks)
        self._scores += float(scores.sum())
        self._kept += kept.sum(axis=0)
        self._squares += (kept**2).sum(axis=0)
        self._products += np.tensordot(scores, kept, 1)

    @property
    def values(self) -> NDArray[np.float64]:
        """The map so far at the places; 0 where nothing is known."""
        rows = max(1, self.rows)
        together = self._products - self._kept * self._scores / rows
        return np.asarray(together / (self._squares - self._kept**2 / rows + DOUBT))


def levels_so_far(running: RunningMap) -> str | None:
    """Which of heat.SHARES each place is in, a digit each; what speaks against the class is in none.

    None as long as nothing is known.
    """
    values = running.values
    if not np.ptp(values) > 0:
        return None
    return _digits(np.where(values > 0, shares_of(values.astype(np.float32)), len(SHARES)))


def levels_of(values: Array, places: Places) -> str:
    """The same of a finished map, (*sides), of which only the order counts."""
    return _digits(shares_of(values)[np.ix_(*places)])


def _digits(levels: NDArray[np.int64]) -> str:
    return "".join(map(str, levels.reshape(-1).tolist()))

"""What a survey knows: its soundings, its measured maps and its outlines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from brittle.core.curves import curve_areas
from brittle.core.explainer import Scene
from brittle.core.play import Move
from brittle.core.sample import Array
from brittle.core.veil import Masks
from brittle.explainers.masks import Counts, Floats
from brittle.explainers.survey.outline import Outline
from brittle.explainers.survey.soundings import Soundings


@dataclass(frozen=True)
class Proposal:
    """Masks to show, (k, *sides), and what they are.

    map: that they measure, (*sides), None where they measure none. outline: that they draw, by number.
    """

    rows: Masks
    move: Move
    map: Array | None = None
    outline: int | None = None


@dataclass(frozen=True)
class Measured:
    """A map (*sides) of ranks with its curves: the probability at each share kept, and at each taken away.

    score: area under the first less area under the second. operator: what made the map.
    """

    map: Array
    kept: Floats
    taken: Floats
    score: float
    operator: int


@dataclass(frozen=True)
class State:
    """Where a survey stands.

    measured: maps, best first. tried, gains: each operator's moves and mean gain. sounded: soundings of each
    place by each operator, (operators, places). drawn: rows of outlines. additive: whether a regression
    foretells the answers to soundings; asked: how often that was looked at. rows: all that were shown.
    """

    soundings: Soundings
    tried: NDArray[np.intp]
    gains: Floats
    sounded: NDArray[np.intp]
    measured: tuple[Measured, ...] = ()
    outlines: tuple[Outline, ...] = ()
    additive: bool = False
    asked: int = 0
    drawn: int = 0
    rows: int = 0

    def with_sounding(self, proposal: Proposal, p: Floats) -> "State":
        """The state with the answers to soundings."""
        operator, sounded = proposal.move.operator, self.sounded.copy()
        sounded[operator, proposal.move.place] += 1
        return replace(
            self._after(proposal),
            soundings=self.soundings.with_more(proposal.rows, p, operator),
            sounded=sounded,
        )

    def with_measured(self, proposal: Proposal, new: Measured, rate: float, most: int) -> "State":
        """The state with one more measured map, of which the best are kept, at most so many.

        rate: weight of its gain in the operator's mean gain.
        """
        gains = self.gains.copy()
        gain = max(0.0, new.score - self.measured[0].score) if self.measured else 0.0
        gains[new.operator] += rate * (gain - gains[new.operator])
        ordered = sorted((*self.measured, new), key=lambda m: -m.score)  # of equal ones, the older first
        return replace(self._after(proposal), measured=tuple(ordered[:most]), gains=gains)

    def with_outline(self, proposal: Proposal, number: int, outline: Outline) -> "State":
        """The state with the answers to one outline's rows."""
        outlines = (*self.outlines[:number], outline, *self.outlines[number + 1 :])
        return replace(self._after(proposal), outlines=outlines, drawn=self.drawn + len(proposal.rows))

    def _after(self, proposal: Proposal) -> "State":
        tried = self.tried.copy()
        tried[proposal.move.operator] += 1
        return replace(self, tried=tried, rows=self.rows + len(proposal.rows))


def fresh(operators: int, places: int, grids: Sequence[Counts]) -> State:
    """The state before the first row. grids: cells along each axis, of each grid."""
    return State(
        soundings=Soundings(
            {counts: np.empty((0, prod(counts)), np.float32) for counts in grids},
            np.empty(0),
            np.empty(0, np.intp),
        ),
        tried=np.zeros(operators, np.intp),
        gains=np.zeros(operators),
        sounded=np.zeros((operators, places), np.intp),
    )


def measured(scene: Scene, ranked: Array, operator: int, shares: Sequence[float], p: Floats) -> Measured:
    """A map with the answers to its curve_masks at these shares."""
    clean, filled = float(scene.clean[scene.explained]), float(scene.filled[scene.explained])
    kept, taken = p[: len(p) // 2], p[len(p) // 2 :]
    insertion, deletion = curve_areas(shares, p, filled, clean)
    return Measured(ranked, kept, taken, insertion - deletion, operator)

"""Where a game of two agents stands, and what it may show next."""

from dataclasses import dataclass

from brittle.core.canvas import Assignment
from brittle.searches.patchwork.state import Credit
from brittle.searches.patchwork.state import Proposal as InSpace
from brittle.searches.patchwork.state import State as Search


@dataclass(frozen=True)
class Choice:
    """What the temporal agent chose: a coarse place in time and a length, and so the frames of a run.

    frames: the first one and the one after the last, as cells of the grid.
    """

    place: int
    extent: int
    frames: tuple[int, int]


@dataclass(frozen=True)
class State:
    """All that is known during a search.

    search: where patchwork stands. times, extents: gains and tries of places in time and of lengths.
    choice: the frames that the coming query is about.
    """

    search: Search
    times: Credit
    extents: Credit
    choice: Choice

    @property
    def margin(self) -> float:
        """Of the current assignment, nats."""
        return self.search.margin

    @property
    def best_l2(self) -> float:
        """L2 of the closest flip so far, infinite if there is none."""
        return self.search.best_l2


@dataclass(frozen=True)
class Proposal:
    """An assignment to show, and the choice of frames that it came from."""

    in_space: InSpace
    choice: Choice

    @property
    def row(self) -> Assignment:
        """The assignment, (cells,)."""
        return self.in_space.row

    @property
    def l2(self) -> float:
        """Its L2 from the untouched input."""
        return self.in_space.l2

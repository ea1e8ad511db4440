"""Where a game of patchwork stands, and what it may show next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment
from brittle.core.play import Move
from brittle.searches.patchwork.effects import Effects
from brittle.searches.patchwork.tuning import TUNING

REMOVE, LIGHTEN, THOMPSON = "remove", "lighten", "thompson"
NON_LAYER_OPERATORS = (REMOVE, LIGHTEN, THOMPSON)  # they follow one operator for each layer


@dataclass(frozen=True)
class Whole:
    """A layer that was shown over the whole input, from 1, and the margin of the answer, nats."""

    layer: int
    margin: float


@dataclass(frozen=True)
class Credit:
    """What adaptive pursuit knows of n operators or n places.

    mean_gain: running mean of the gains of their moves, in typical gains, 0 to gain_cap, 1 at first, (n,).
    tries:     how many moves each was part of, (n,).
    """

    mean_gain: NDArray[np.float64]
    tries: NDArray[np.float64]

    def updated(self, index: int, gain: float) -> "Credit":
        """The credit after one more move of this operator or place. gain: in typical gains."""
        mean_gain, tries = self.mean_gain.copy(), self.tries.copy()
        mean_gain[index] += TUNING.credit_rate * (gain - mean_gain[index])
        tries[index] += 1
        return Credit(mean_gain=mean_gain, tries=tries)


def initial_credit(count: int) -> Credit:
    """The same credit for all, before any was tried."""
    return Credit(mean_gain=np.ones(count), tries=np.zeros(count))


@dataclass(frozen=True)
class State:
    """All that is known during a search.

    current:         the assignment that moves start from, (cells,).
    l2, margin:      of the current assignment: its L2 distance from the untouched input; nats.
    best_l2:         L2 of the closest flip so far, infinite if there is none.
    price:           nats that one unit of L2 is worth now.
    side:            of blocks, in cells.
    operator_credit: gains and tries of the operators; place_credit: of the places.
    effects:         the linear model of what each layer does in each place, after every answer so far.
    typical_gain:    running mean of the gains of accepted moves: the drop of margin + price x L2, nats.
    queries:         rows shown so far, the untouched input included.
    refused:         blocks refused in a row.
    upcoming:        the layer that the opening shows next, over the whole input; 0 once it is over.
    whole:           what the opening has shown.
    closest_query:   that found the closest flip so far.
    expected:        what each layer lowers the margin by in each cell as others know it, nats, (layers + 1,
                     cells): the mean of the linear model's prior, whose effects are what is left; None is 0.
    """

    current: Assignment
    l2: float
    margin: float
    best_l2: float
    price: float
    side: float
    operator_credit: Credit
    place_credit: Credit
    effects: Effects
    typical_gain: float
    queries: int = 1
    refused: int = 0
    upcoming: int = 0
    whole: tuple[Whole, ...] = ()
    closest_query: int = 0
    expected: NDArray[np.float64] | None = None

    def expected_of(self, row: Assignment) -> NDArray[np.float64]:
        """What the cells of an assignment are expected to lower the margin by, nats, (cells,)."""
        if self.expected is None:
            return np.zeros(len(row))
        return np.asarray(self.expected[row, np.arange(len(row))])


@dataclass(frozen=True)
class Proposal:
    """An assignment to show, (cells,), its L2 from the untouched input, and the move it came from."""

    row: Assignment
    l2: float
    move: Move

"""Where a game of ripple stands, and what it may show next."""

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Waves
from brittle.core.play import Move
from brittle.core.sample import Array, Codes
from brittle.searches.ripple.setup import GameSetup
from brittle.searches.ripple.steps import STEPS
from brittle.searches.ripple.tuning import TUNING
from brittle.searches.ripple.waves import Observations, no_observations

OPERATORS = ("tile", "wave", "reverse", "shrink", *STEPS)
INDEX = {name: i for i, name in enumerate(OPERATORS)}


@dataclass(frozen=True)
class Proposal:
    """An input to show.

    row: its codes. field: the change that it is, of norm 1; l2: the distance that it came to; scale: the
    factor on the field that gave this distance.
    step: what was added to the current field, of norm 1, and is_reverse: whether that is a refused step with
    its sign changed. wave: the whole-input wave that it shows.
    """

    move: Move
    operator: str
    row: Codes
    field: Array
    l2: float
    scale: float
    step: Array | None = None
    wave: Waves | None = None
    is_reverse: bool = False


@dataclass(frozen=True)
class State:
    """All that is known during a search.

    current:  the current field, float32 (channels, *sides), of norm 1, or 0 at the start.
    margin:   what it leaves of the margin, nats; None where it was not shown at this radius yet.
    radius:   L2 of the next candidates. best_l2: of the closest flip so far, infinite if there is none.
    scale:    the factor on the current field that gave this radius, if known.
    observations: of the Gaussian process, whole-input waves and how far each lowered the margin.
    to_reverse: a refused step, to be tried with its sign changed.
    step_sizes, credit, tried: of each operator, (operators,): norm of its steps, running mean of their
    rewards, how many there were.
    momentum: decaying sum of recent steps, each weighted by how much more than expected it gained, (channels,
    *sides). expected_gain: running mean of the gain, nats per squared step size.
    power:    each place's share in the squares of the current field, (places,).
    place_tried, place_credit: how often a window was at each place, and the mean reward of that, (places,).
    tiles_shown: of the learned ones. queries: candidates shown; shown: those at this radius; refused: the
    last of them, in a row, that did not lower the margin.
    """

    current: Array
    margin: float | None
    radius: float
    observations: Observations
    step_sizes: NDArray[np.float64]
    credit: NDArray[np.float64]
    tried: NDArray[np.float64]
    momentum: Array
    power: NDArray[np.float64]
    place_tried: NDArray[np.float64]
    place_credit: NDArray[np.float64]
    expected_gain: float = 0.0
    scale: float | None = None
    best_l2: float = float("inf")
    to_reverse: Proposal | None = None
    tiles_shown: int = 0
    queries: int = 0
    shown: int = 0
    refused: int = 0

    @property
    def flipped(self) -> bool:
        """Whether there was a flip."""
        return self.best_l2 < np.inf


def start_state(setup: GameSetup) -> State:
    """Before the first candidate: a field of 0, nothing observed."""
    fields = setup.fields
    zero_field = np.zeros((fields.channels, *fields.sides), np.float32)
    each_operator, each_place = np.ones(len(OPERATORS)), np.zeros(prod(setup.places))
    return State(
        current=zero_field,
        margin=None,
        radius=setup.first_radius,
        observations=no_observations(fields),
        step_sizes=TUNING.first_step_size * each_operator,
        credit=TUNING.least_credit * each_operator,
        tried=0 * each_operator,
        momentum=zero_field,
        power=each_place,
        place_tried=each_place,
        place_credit=each_place,
    )

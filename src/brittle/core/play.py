"""The verbs that both boards offer, so that one agent plays either: moves, propose, accept, observe.

A player is the odds of its moves. Hand-made players give theirs by `moves`, a trained agent corrects them,
and the next move is drawn from what comes out: with no correction it is the hand-made player exactly, query
for query.
"""

from dataclasses import dataclass
from math import prod
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.core.search import Game, Search, SearchFactory

Odds = NDArray[np.float64]  # (operators, places, sizes), 0 where a move cannot be made; need not sum to 1
MOST_PLACES, PLACES = 16, 49  # along one axis; in all, about


@dataclass(frozen=True)
class Move:
    """What to do, where and how much, as indices into operators, places and sizes."""

    operator: int
    place: int
    size: int


@dataclass(frozen=True)
class View:
    """What is known during a search, and cost no query to know: float32, most values within -3 to 3.

    world: (W,): margin, distance, share of the budget... operators: (operators, T): what each has brought,
    how often it was tried... places: (places, F): what is assigned there, was tried there and brought;
    statistics of the untouched input.
    """

    world: Array
    operators: Array
    places: Array


class State(Protocol):
    """Where a search stands. margin: of the current input, nats, None if that was not shown yet.

    best_l2: L2 of the closest flip so far, infinite if there is none.
    """

    @property
    def margin(self) -> float | None: ...
    @property
    def best_l2(self) -> float: ...


class Proposal(Protocol):
    """Something to show. row: as the board renders it; l2: its distance from the untouched input."""

    @property
    def row(self) -> NDArray[Any]: ...
    @property
    def l2(self) -> float: ...


S = TypeVar("S", bound=State)
P = TypeVar("P", bound=Proposal)


class Play(Protocol[S, P]):
    """The moves of one game. It holds nothing that changes: that is all in the state.

    operators: the kind of each operator; several may be of one kind (the levels of a distortion).
    places:    counts of coarse places along each spatial axis. sizes: how many.
    clean:     the untouched input's margin, nats. start: the state before the first move.
    """

    @property
    def operators(self) -> tuple[str, ...]: ...
    @property
    def places(self) -> tuple[int, ...]: ...
    @property
    def sizes(self) -> int: ...
    @property
    def clean(self) -> float: ...
    @property
    def start(self) -> S: ...

    def moves(self, state: S) -> Odds:
        """The hand-made player's odds of every move."""

    def observe(self, state: S) -> View:
        """What a policy sees."""

    def propose(self, state: S, move: Move, rng: np.random.Generator) -> P | None:
        """What this move shows; None if the move finds nothing to show."""

    def accept(self, state: S, proposal: P, margin: float) -> S:
        """The state after the model's answer: the current input, and what was learned."""


@runtime_checkable
class Listener(Protocol[S]):
    """A play that wants to know more of an answer than its margin."""

    def told(self, state: S, answer: Array) -> S:
        """The state before its accept, with what the model answered, (classes,)."""


class Player(SearchFactory[Any], Protocol):
    """A search whose moves an agent can choose: the hand-made players of both boards."""

    def play(self, game: Game[Any]) -> Play[Any, Any]:
        """The moves of one game."""


class Policy(Protocol):
    """Corrects the odds of moves."""

    def __call__(self, operators: tuple[str, ...], view: View, odds: Odds) -> Odds:
        """New odds, 0 where the old ones are."""


def draw(odds: Odds, rng: np.random.Generator) -> Move:
    """One move by its odds: one random number, whoever gave the odds."""
    heights = np.cumsum(odds)
    flat = int(np.searchsorted(heights, rng.random() * heights[-1], side="right"))
    operator, place, size = np.unravel_index(min(flat, odds.size - 1), odds.shape)
    return Move(int(operator), int(place), int(size))


def play_out(play: Play[S, P], game: Game[Any], policy: Policy | None = None) -> Search:
    """The search that a play is, one row at a time, for ever or until a move finds nothing to show."""
    state = play.start
    while True:
        odds = play.moves(state)
        if policy is not None:
            odds = policy(play.operators, play.observe(state), odds)
        proposal = play.propose(state, draw(odds, game.rng), game.rng)
        if proposal is None:
            return
        answers = yield proposal.row[None]
        if isinstance(play, Listener):
            state = play.told(state, answers[0])
        state = play.accept(state, proposal, float(game.goal.margin(answers)[0]))


def coarse_places(sides: tuple[int, ...]) -> tuple[int, ...]:
    """Counts of coarse places along axes of these lengths: 7 x 7 of an image, 16 of a signal.

    An axis of one cell takes no part: 1 x 7 x 7 of a clip cut into tubes, 4 x 4 x 4 of one cut in time too.
    """
    cut = sum(side > 1 for side in sides)
    count = min(MOST_PLACES, round(PLACES ** (1 / max(1, cut))))
    return tuple(min(count, side) for side in sides)


def place_box(place: int, counts: tuple[int, ...], sides: tuple[int, ...]) -> list[tuple[float, float]]:
    """Where one coarse place begins and ends along each axis, in elements."""
    assert 0 <= place < prod(counts)
    at = np.unravel_index(place, counts)
    return [(i * side / n, (i + 1) * side / n) for i, n, side in zip(at, counts, sides, strict=True)]

"""How a search and the referee talk.

A search is a generator for one sample. It yields moves, (k, ...) rows that its board can render, and is sent
back the model's answers to them, (k, classes). It never touches the model, so it cannot miscount.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from brittle.core.goal import Goal
from brittle.core.sample import Array, Sample
from brittle.core.surrogate import Lead

Search = Generator[NDArray[Any], Array, None]


class Board(Protocol):
    """What turns a move into an input. Canvas: an assignment. InputBoard: the input itself."""

    def render(self, move: NDArray[Any], out: Array) -> None:
        """Write the input that one move stands for into out, quantised as its samples are."""

    def recipe(self, move: NDArray[Any]) -> list[int] | None:
        """The move as plain data, if it can be replayed from that."""


class InputBoard:
    """A board for searches that make whole inputs themselves: a move is an input, or an input's codes."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample

    def render(self, move: NDArray[Any], out: Array) -> None:
        """Write move into out, clipped and quantised."""
        spec = self.sample.spec
        coded = spec.bits is not None and move.dtype == spec.code_type
        spec.decode(move if coded else spec.encode(move), out)

    def recipe(self, move: NDArray[Any]) -> list[int] | None:
        """None: there is none but the input itself."""
        return None


@dataclass(frozen=True)
class Terms:
    """What ends a search: budget in queries, max_l2 a flip may have, closest = go on after the first flip.

    power: of the changes whose sum makes a flip closer: 2 for L2, 1 for the mean absolute change.
    """

    budget: int
    max_l2: float | None = None
    closest: bool = True
    power: int = 2


B_co = TypeVar("B_co", bound=Board, covariant=True)
B_contra = TypeVar("B_contra", bound=Board, contravariant=True)


@dataclass(frozen=True)
class Game(Generic[B_co]):
    """All that a search knows.

    clean: the model's answer to the untouched sample, (classes,). notes: what the search wants to say in its
    result (rounds, steps), plain numbers or text. leads: what local models know of the sample, where some do.
    """

    sample: Sample
    board: B_co
    goal: Goal
    terms: Terms
    clean: Array
    rng: np.random.Generator
    notes: dict[str, Any] = field(default_factory=dict)
    leads: tuple[Lead, ...] = ()


class SearchFactory(Protocol[B_contra]):
    """A way to play, with its settings. board: "cells" (a Canvas) or "input" (an InputBoard).

    One that cannot do without some axes names them in `needs`, as a Distortion does.
    """

    @property
    def name(self) -> str: ...
    @property
    def board(self) -> str: ...

    def __call__(self, game: Game[B_contra]) -> Search:
        """A new search for one sample."""

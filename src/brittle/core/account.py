"""The books of one sample: its one counter of rows, its improvements, its flips."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core import distance
from brittle.core.goal import Goal
from brittle.core.result import Flip, Point
from brittle.core.sample import Array, Sample
from brittle.core.search import Board, Terms

SMALL_MAP = 1.0  # a flip of at most this is one that people hardly see
KEPT = 4  # closer and closer flips kept to fall back on if the closest does not survive verification


@dataclass(frozen=True)
class Candidate:
    """A row that flipped, not verified yet: its move, its input, the query it was.

    farness: what a closer one has less of, as Terms has it.
    """

    move: NDArray[Any]
    x: Array
    query: int
    farness: float


@dataclass
class Account:
    """The books of one sample. known: what its result will say; its `queries` is the one counter of rows."""

    sample: Sample
    board: Board
    goal: Goal
    terms: Terms
    known: dict[str, Any]
    margin: float = float("inf")
    curve: list[Point] = field(default_factory=list)
    closer: list[Candidate] = field(default_factory=list)
    first: Flip | None = None
    map1_query: int | None = None

    @property
    def queries(self) -> int:
        """Rows that the model was shown for this sample."""
        return int(self.known["queries"])

    @property
    def left(self) -> int:
        """Rows a search may still show: one is always kept back to verify what it finds."""
        return self.terms.budget - 1 - self.queries

    def enter(self, moves: NDArray[Any], answers: Array) -> None:
        """Book what one request of a search brought: its improvements and its flips."""
        margins = self.goal.margin(answers)
        for query, (move, margin) in enumerate(
            zip(moves, margins, strict=True), self.queries - len(moves) + 1
        ):
            if margin < 0:
                self._flip(query, move, float(margin))
            elif not self.closer and margin < self.margin:
                self.margin = float(margin)
                self.curve.append(Point(query, round(self.margin, 4), None))

    def _flip(self, query: int, move: NDArray[Any], margin: float) -> None:
        x = np.empty(self.sample.spec.shape, np.float32)
        self.board.render(move, x)
        l2 = distance.l2(self.sample.x, x)
        farness = l2 if self.terms.power == 2 else distance.root_power(self.sample.x, x, self.terms.power)
        self._note_small(query, x)
        limit = self.terms.max_l2
        if (limit is not None and l2 > limit + 1e-6) or (self.closer and farness >= self.closer[-1].farness):
            return
        self.closer.append(Candidate(np.array(move), x, query, farness))
        del self.closer[1:-KEPT]  # never the first flip
        self.curve.append(Point(query, round(margin, 4), round(l2, 6)))

    def _note_small(self, query: int, x: Array) -> None:
        """Keep the query of the first flip of a clip that is hardly seen."""
        spec = self.sample.spec
        if self.map1_query is None and "frame" in spec.axes:
            mean = distance.mean_absolute(self.sample.x, x)
            if distance.mean_absolute_perturbation(mean, spec.span) <= SMALL_MAP:
                self.map1_query = query

    def record(self, found: Candidate, x: Array, answer: Array, file: str) -> Flip:
        """What a result says of a verified flip: x as read back from file, answer as given to it alone."""
        clean, axes = self.sample.x, self.sample.spec.axes
        time = axes.index("time") if "time" in axes else None
        frames = distance.touched(clean, x, axes.index("frame")) if "frame" in axes else (None, None)
        assignment = self.board.recipe(found.move)
        return Flip(
            query=found.query,
            l2=round(distance.l2(clean, x), 6),
            linf=round(distance.linf(clean, x), 6),
            l0=distance.l0(clean, x),
            mean_absolute=round(distance.mean_absolute(clean, x), 8),
            predicted=int(answer.argmax()),
            top=top(answer),
            file=file,
            assignment=None if assignment is None else tuple(assignment),
            snr=None if time is None else round(distance.snr(clean, x, time), 4),
            prd=None if time is None else round(distance.prd(clean, x), 4),
            frames=frames[0],
            frames_in_row=frames[1],
        )

    def drop(self, found: Candidate) -> None:
        """Forget a candidate that did not survive verification."""
        self.closer = [c for c in self.closer if c is not found]
        self.curve = [p for p in self.curve if p.query != found.query]


def top(answer: Array, count: int = 5) -> tuple[tuple[int, float], ...]:
    """The greatest probabilities of one answer as (class, probability)."""
    order = np.argsort(-answer, kind="stable")[:count]
    return tuple((int(c), round(float(answer[c]), 6)) for c in order)

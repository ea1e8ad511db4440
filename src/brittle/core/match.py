"""One sample from its first query to its result: count every row, keep the best flips, verify them.

A match is a coroutine: it yields requests for rows to be shown and is sent the answers, so that the referee
can pool the rows of many matches. Everything that is counted about a sample is counted here.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core import distance
from brittle.core.errors import DataError, DiskError
from brittle.core.goal import Goal
from brittle.core.result import Flip, Point, SearchResult, Status
from brittle.core.sample import Array, Sample
from brittle.core.search import Board, Game, InputBoard, Search, SearchFactory, Terms
from brittle.core.seeds import generator

KEPT = 4  # closer and closer flips kept to fall back on if the closest does not survive verification


@dataclass(frozen=True)
class Request:
    """Rows to be shown to the model: moves (k, ...) on a board; alone = in a batch of one row."""

    board: Board
    moves: NDArray[Any]
    alone: bool = False


Match = Generator[Request, Array, SearchResult]


class Unanswered(Exception):
    """Thrown into a match whose request failed, its cause being why. shown: rows that the model was shown."""

    def __init__(self, shown: int) -> None:
        super().__init__(f"{shown} rows were shown, and not answered")
        self.shown = shown


class Archive(Protocol):
    """Where inputs are kept exactly as they were shown."""

    def write(self, sample: str, name: str, x: Array) -> str:
        """Store x under a sample's id and a name; returns its file. Raises DiskError."""

    def read(self, file: str) -> Array:
        """What the file holds, as values."""


@dataclass(frozen=True)
class Rules:
    """What all matches of a run share. board makes a sample's board; seed derives every search's own seed."""

    search: SearchFactory[Any]
    board: Callable[[Sample], Board]
    terms: Terms
    archive: Archive
    target: int | None = None
    k: int = 1
    seed: int = 0


@dataclass(frozen=True)
class _Candidate:
    move: NDArray[Any]
    x: Array
    query: int
    l2: float


@dataclass
class _Account:
    """The books of one sample. known: what its result will say; its `queries` is the one counter of rows."""

    sample: Sample
    board: Board
    goal: Goal
    rules: Rules
    known: dict[str, Any]
    margin: float = float("inf")
    curve: list[Point] = field(default_factory=list)
    closer: list[_Candidate] = field(default_factory=list)
    first: Flip | None = None

    @property
    def queries(self) -> int:
        """Rows that the model was shown for this sample."""
        return int(self.known["queries"])

    @property
    def left(self) -> int:
        """Rows a search may still show: one is always kept back to verify what it finds."""
        return self.rules.terms.budget - 1 - self.queries

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
        limit = self.rules.terms.max_l2
        if (limit is not None and l2 > limit + 1e-6) or (self.closer and l2 >= self.closer[-1].l2):
            return
        self.closer.append(_Candidate(np.array(move), x, query, l2))
        del self.closer[1:-KEPT]  # never the first flip
        self.margin = min(self.margin, margin)
        self.curve.append(Point(query, round(margin, 4), round(l2, 6)))

    def verify(self, found: _Candidate, name: str) -> Generator[Request, Array, tuple[Flip | None, Array]]:
        """Read a candidate back from its file and ask for it alone, one counted row."""
        file = self.rules.archive.write(self.sample.id, name, found.x)
        x = self.rules.archive.read(file)
        request = Request(InputBoard(self.sample), x[None], alone=True)
        answer = yield from _show(request, self.known)
        holds = np.isfinite(answer).all() and self.goal.flipped(answer)[0]
        return (self._record(found, x, answer[0], file) if holds else None), answer[0]

    def _record(self, found: _Candidate, x: Array, answer: Array, file: str) -> Flip:
        clean, is_signal = self.sample.x, "time" in self.sample.spec.axes
        colours = self.board.recipe(found.move)
        return Flip(
            query=found.query,
            l2=round(distance.l2(clean, x), 6),
            linf=round(distance.linf(clean, x), 6),
            l0=distance.l0(clean, x),
            mean_absolute=round(distance.mean_absolute(clean, x), 8),
            predicted=int(answer.argmax()),
            top=top(answer),
            file=file,
            colours=None if colours is None else tuple(colours),
            snr=round(distance.snr(clean, x), 4) if is_signal else None,
            prd=round(distance.prd(clean, x), 4) if is_signal else None,
        )

    def drop(self, found: _Candidate) -> None:
        """Forget a candidate that did not survive verification."""
        self.closer = [c for c in self.closer if c is not found]
        self.curve = [p for p in self.curve if p.query != found.query]


def play(name: str, open_sample: Callable[[], Sample], rules: Rules) -> Match:
    """The match of one sample. Bad data, a failing search or distortion make it FAILED; nothing is raised."""
    start, began = perf_counter(), _now()
    known: dict[str, Any] = {"label": None, "queries": 0}
    try:
        known.update((yield from _match(open_sample, rules, known)))
    except DiskError:
        raise
    except Exception as error:
        own = isinstance(error, DataError)
        text = str(error) if own else f"{type(error).__name__}: {error}"
        known.update(status=Status.FAILED, message=" ".join(text.split()), first=None, closest=None)
    return SearchResult(
        sample=name,
        search=rules.search.name,
        seed=rules.seed,
        seconds=round(perf_counter() - start, 3),
        started=began,
        finished=_now(),
        **known,
    )


def _match(
    open_sample: Callable[[], Sample], rules: Rules, known: dict[str, Any]
) -> Generator[Request, Array, dict[str, Any]]:
    sample = open_sample()
    known["label"] = sample.label
    clean = (yield from _show(Request(InputBoard(sample), sample.x[None]), known))[0]
    if not np.isfinite(clean).all():
        raise DataError("the model answered NaN or infinity to the untouched sample")
    predicted = int(clean.argmax())
    known.update(predicted=predicted, top=top(clean))
    label = predicted if sample.label is None else sample.label
    if not 0 <= label < len(clean):
        raise DataError(f"expected a label of 0 to {len(clean) - 1}, got {label}")
    if Goal(label, k=rules.k).flipped(clean[None])[0] or (rules.k == 1 and label != predicted):
        return {"status": Status.MISCLASSIFIED}
    if label == rules.target:
        raise DataError("its label is the target class already: there is nothing to flip")
    goal = Goal(label, rules.target, rules.k)
    account = _Account(sample, rules.board(sample), goal, rules, known)
    rng = generator(rules.seed, sample.id, rules.search.name)
    game = Game(sample, account.board, goal, rules.terms, clean, rng)
    yield from _search(account, rules.search(game))
    closest = yield from _closest(account)
    return {
        "status": Status.FLIPPED if account.first else Status.SURVIVED,
        "first": account.first,
        "closest": closest,
        "curve": tuple(account.curve),
        "notes": game.notes or None,
    }


def _show(request: Request, known: dict[str, Any]) -> Generator[Request, Array, Array]:
    """Have rows shown to the model, and count them."""
    try:
        answers = yield request
    except Unanswered as failure:
        known["queries"] += failure.shown
        raise (failure.__cause__ or failure) from None
    known["queries"] += len(request.moves)
    return answers


def _search(account: _Account, search: Search) -> Generator[Request, Array, None]:
    """Let the search play until it ends, its budget does, or the first flip does where that is asked for."""
    answers: Array | None = None
    try:
        while account.left > 0:
            moves = next(search) if answers is None else search.send(answers)
            shown = moves[: account.left]
            answers = yield from _show(Request(account.board, shown), account.known)
            account.enter(shown, answers)
            if not np.isfinite(answers).all():
                raise DataError(f"the model answered NaN or infinity within query {account.queries}")
            if account.closer and account.first is None:
                yield from _first(account, answers, len(shown))
            if len(shown) < len(moves) or (account.first and not account.rules.terms.closest):
                break
    except StopIteration:
        pass
    finally:
        search.close()


def _first(account: _Account, answers: Array, rows: int) -> Generator[Request, Array, None]:
    """Verify the first flip at once. One that fails is no flip, and the search is told so."""
    asked = account.queries
    for found in list(account.closer):
        if account.left < 0:
            return
        account.first, alone = yield from account.verify(found, "first")
        if account.first:
            account.rules.archive.write(account.sample.id, "original", account.sample.x)
            return
        answers[found.query - 1 - (asked - rows)] = alone
        account.drop(found)


def _closest(account: _Account) -> Generator[Request, Array, Flip | None]:
    """The closest flip that survives verification, within the budget."""
    while account.first and account.closer[-1].query != account.first.query:
        found = account.closer[-1]
        if account.queries < account.rules.terms.budget:
            flip, _ = yield from account.verify(found, "closest")
            if flip:
                return flip
        account.drop(found)
    return account.first


def top(answer: Array, count: int = 5) -> tuple[tuple[int, float], ...]:
    """The greatest probabilities of one answer as (class, probability)."""
    order = np.argsort(-answer, kind="stable")[:count]
    return tuple((int(c), round(float(answer[c]), 6)) for c in order)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

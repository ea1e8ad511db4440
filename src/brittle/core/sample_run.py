"""One sample from its first query to its result: count every row, keep the best flips, verify them.

A sample run is a coroutine: it yields requests for rows to be shown and is sent the answers, so that the
referee can pool the rows of many of them. Everything that is counted about a sample is counted here.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.account import Account, Candidate, top
from brittle.core.errors import DataError, DiskError, RefusedError
from brittle.core.goal import Goal
from brittle.core.request import Request, SampleRun, show
from brittle.core.result import Flip, SearchResult, Status
from brittle.core.sample import Array, Sample
from brittle.core.search import Board, Game, InputBoard, Search, SearchFactory, Terms
from brittle.core.seeds import generator
from brittle.core.surrogate import Surrogate


class Archive(Protocol):
    """Where inputs are kept exactly as they were shown."""

    def write(self, sample: str, name: str, x: Array) -> str:
        """Store x under a sample's id and a name; returns its file. Raises DiskError."""

    def read(self, file: str) -> Array:
        """What the file holds, as values."""


Onlooker = Callable[[Account, NDArray[Any], Array], None]
"""Told what a search showed, its moves, and the answers, once they are booked; and before its first request
no moves, and the clean answer. Changes nothing and raises nothing."""


@dataclass(frozen=True)
class Rules:
    """What all sample runs share. board makes a sample's board; seed derives every search's own seed."""

    search: SearchFactory[Any]
    board: Callable[[Sample], Board]
    terms: Terms
    archive: Archive
    target: int | None = None
    k: int = 1
    seed: int = 0
    onlooker: Onlooker | None = None
    surrogates: tuple[Surrogate, ...] = ()


def play_sample(name: str, open_sample: Callable[[], Sample], rules: Rules) -> SampleRun[SearchResult]:
    """The run of one sample. Bad data, a failing search or distortion make it FAILED; nothing is raised."""
    start, began = perf_counter(), now()
    known: dict[str, Any] = {"label": None, "queries": 0}
    try:
        known.update((yield from _play(open_sample, rules, known)))
    except DiskError:
        raise
    except Exception as error:
        known.update(status=Status.FAILED, message=why(error), first=None, closest=None)
    return SearchResult(
        sample=name,
        search=rules.search.name,
        seed=rules.seed,
        seconds=round(perf_counter() - start, 3),
        started=began,
        finished=now(),
        **known,
    )


def _play(
    open_sample: Callable[[], Sample], rules: Rules, known: dict[str, Any]
) -> Generator[Request, Array, dict[str, Any]]:
    sample = open_sample()
    known["label"] = sample.label
    clean = (yield from show(Request(InputBoard(sample), sample.x[None]), known))[0]
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
    account = Account(sample, rules.board(sample), goal, rules.terms, known)
    if rules.onlooker:
        rules.onlooker(account, np.empty(0), clean[None])
    rng = generator(rules.seed, sample.id, rules.search.name)
    leads = tuple(surrogate.on(sample, goal) for surrogate in rules.surrogates)
    game = Game(sample, account.board, goal, rules.terms, clean, rng, leads=leads)
    yield from _search(account, rules, rules.search(game))
    if leads:
        game.notes["surrogate_rows"] = sum(lead.rows for lead in leads)
    closest = yield from _closest(account, rules)
    return {
        "status": Status.FLIPPED if account.first else Status.SURVIVED,
        "first": account.first,
        "closest": closest,
        "curve": tuple(account.curve),
        "map1_query": account.map1_query,
        "notes": game.notes or None,
    }


def _verify(
    account: Account, rules: Rules, found: Candidate, name: str
) -> Generator[Request, Array, tuple[Flip | None, Array]]:
    """Read a candidate back from its file and ask for it alone, one counted row: the flip if it holds."""
    file = rules.archive.write(account.sample.id, name, found.x)
    x = rules.archive.read(file)
    request = Request(InputBoard(account.sample), x[None], alone=True)
    answer = yield from show(request, account.known)
    holds = np.isfinite(answer).all() and account.goal.flipped(answer)[0]
    return (account.record(found, x, answer[0], file) if holds else None), answer[0]


def _search(account: Account, rules: Rules, search: Search) -> Generator[Request, Array, None]:
    """Let the search play until it ends, its budget does, or the first flip does where that is asked for."""
    answers: Array | None = None
    try:
        while account.left > 0:
            moves = next(search) if answers is None else search.send(answers)
            shown = moves[: account.left]
            answers = yield from show(Request(account.board, shown), account.known)
            account.enter(shown, answers)
            if rules.onlooker:
                rules.onlooker(account, shown, answers)
            if not np.isfinite(answers).all():
                raise DataError(f"the model answered NaN or infinity within query {account.queries}")
            if account.closer and account.first is None:
                yield from _first(account, rules, answers, len(shown))
            if len(shown) < len(moves) or (account.first and not rules.terms.closest):
                break
    except StopIteration:
        pass
    finally:
        search.close()


def _first(account: Account, rules: Rules, answers: Array, rows: int) -> Generator[Request, Array, None]:
    """Verify the first flip at once. One that fails is no flip, and the search is told so."""
    asked = account.queries
    for found in list(account.closer):
        if account.left < 0:
            return
        account.first, alone = yield from _verify(account, rules, found, "first")
        if account.first:
            rules.archive.write(account.sample.id, "original", account.sample.x)
            return
        answers[found.query - 1 - (asked - rows)] = alone
        account.drop(found)


def _closest(account: Account, rules: Rules) -> Generator[Request, Array, Flip | None]:
    """The closest flip that survives verification, within the budget."""
    while account.first and account.closer[-1].query != account.first.query:
        found = account.closer[-1]
        if account.queries < rules.terms.budget:
            flip, _ = yield from _verify(account, rules, found, "closest")
            if flip:
                return flip
        account.drop(found)
    return account.first


def why(error: Exception) -> str:
    """What a result says of the error that ended its sample, in one line; code's own with its type."""
    own = isinstance(error, DataError | RefusedError)
    text = str(error) if own else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def now() -> str:
    """The time as results state it, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")

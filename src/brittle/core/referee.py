"""The referee owns the model: it pools rows of many matches into full batches and counts every one.

While the model answers batches in threads of its own, matches whose answers have come draw the next one.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil

import numpy as np

from brittle.core.classifier import Classifier, check_answers, rounded
from brittle.core.errors import BrittleError, ModelError
from brittle.core.match import Match, Request, Unanswered
from brittle.core.result import SearchResult
from brittle.core.sample import Array


@dataclass
class _Seat:
    """A match in play: its request, how many of its rows were asked, and the answers so far."""

    match: Match
    request: Request
    answers: Array
    asked: int = 0
    answered: int = 0
    failure: Exception | None = None

    @property
    def waiting(self) -> int:
        return len(self.request.moves) - self.asked


@dataclass(frozen=True)
class _Ride:
    """Rows of one seat in one batch: from `start` of its request, at `place` of the batch."""

    seat: _Seat
    start: int
    place: int
    rows: int


@dataclass(frozen=True)
class _Flight:
    """One batch under way."""

    rides: tuple[_Ride, ...]
    rows: int
    reply: Future["_Reply"]


@dataclass(frozen=True)
class _Reply:
    """The model's rounded answers to one batch. worked: to any of it; again: rows it was shown once more."""

    answers: Array
    worked: bool
    again: int = 0


class Referee:
    """Plays many matches on one model.

    batch: most rows the model is shown at once. on_rows: told `rows` after every batch.
    lanes: batches that the model may be asked at the same time; one more is kept ready behind them.
    rows:  how many it has been shown so far; those shown again because the model raised on their batch are in
    it, and in no match's account.
    """

    def __init__(
        self,
        model: Classifier,
        batch: int = 16,
        on_rows: Callable[[int], None] | None = None,
        lanes: int = 1,
    ) -> None:
        self.model, self.batch, self.lanes, self._on_rows = model, batch, lanes, on_rows
        self.rows = 0
        self._classes = len(model.classes)
        self._flights = lanes + 1
        self._buffers = [np.empty((batch, *model.input.shape), np.float32) for _ in range(self._flights)]
        self._queue: deque[_Seat] = deque()
        self._seated = 0
        self._waiting = 0
        self._broken: list[_Seat] = []
        self._worked = False

    def play(self, matches: Iterable[Match]) -> Iterator[SearchResult]:
        """Results in the order in which matches end. At most lanes + 1 batches' worth of matches are open.

        Raises ModelError if the model cannot be reached, or fails on everything it is shown.
        """
        source = iter(matches)
        flights: deque[_Flight] = deque()
        with ThreadPoolExecutor(self.lanes, "model") as threads:
            try:
                while True:
                    yield from self._open(source)
                    if not self._seated:
                        return
                    while len(flights) < self._most_flights() and (rides := self._draw(flights)):
                        flights.append(self._launch(rides, threads))
                    yield from self._give_up()
                    if flights:
                        flight = flights.popleft()
                        yield from self._deliver(flight, self._land(flight))
            finally:
                for seat in self._queue:
                    seat.match.close()

    def _most_flights(self) -> int:
        """The first batch goes alone: what it says of the model holds for the others."""
        return self._flights if self._worked else 1

    def _open(self, source: Iterator[Match]) -> Iterator[SearchResult]:
        """Seat new matches while there is room."""
        while self._seated < self._flights * self.batch:
            match = next(source, None)
            if match is None:
                return
            self._seated += 1
            yield from self._resume(match)

    def _resume(self, match: Match, seat: _Seat | None = None) -> Iterator[SearchResult]:
        """Begin a match, or let it go on from its seat, to its next request or to its result."""
        try:
            if seat is None:
                request = next(match)
            elif seat.failure is None:
                request = match.send(seat.answers)
            else:
                failure = Unanswered(seat.asked)
                failure.__cause__ = seat.failure
                request = match.throw(failure)
        except StopIteration as end:
            self._seated -= 1
            yield end.value
            return
        rows = len(request.moves)
        self._queue.append(_Seat(match, request, np.empty((rows, self._classes), np.float32)))
        self._waiting += rows

    def _draw(self, flights: Iterable[_Flight]) -> list[_Ride]:
        """Render the next batch: its share of the rows in play if they do not fill all flights."""
        flying = sum(flight.rows for flight in flights)
        room = min(self.batch, max(1, ceil((self._waiting + flying) / self._flights)))
        buffer, rides, place = self._buffers[0], list[_Ride](), 0
        while self._queue and place < room:
            seat = self._queue[0]
            if seat.request.alone and rides:
                break
            rows = min(seat.waiting, room - place)
            if not self._render(seat, rows, buffer[place:]):
                self._queue.popleft()
                continue
            rides.append(_Ride(seat, seat.asked, place, rows))
            seat.asked += rows
            self._waiting -= rows
            place += rows
            if seat.waiting == 0:
                self._queue.popleft()
            if seat.request.alone:
                break
        return rides

    def _render(self, seat: _Seat, rows: int, out: Array) -> bool:
        """Write rows of a request into a batch. A board that fails takes only its own match down."""
        try:
            for i in range(rows):
                seat.request.board.render(seat.request.moves[seat.asked + i], out[i])
        except Exception as error:
            seat.failure = error
            seat.answered += seat.waiting
            self._waiting -= seat.waiting
            if seat.answered == len(seat.request.moves):
                self._broken.append(seat)
            return False
        return True

    def _launch(self, rides: list[_Ride], threads: ThreadPoolExecutor) -> _Flight:
        rows = sum(ride.rows for ride in rides)
        x = self._buffers[0][:rows]
        self._buffers.append(self._buffers.pop(0))
        self.rows += rows
        return _Flight(tuple(rides), rows, threads.submit(self._ask, x, rides))

    def _ask(self, x: Array, rides: list[_Ride]) -> _Reply:
        """Ask the model. Where it raises, matches are asked for apart to find which fails."""
        try:
            answers = self.model(x)
            check_answers(answers, len(x), self._classes)
        except BrittleError:
            raise
        except Exception as error:
            if len(rides) > 1:
                apart = [self._ask(x[r.place : r.place + r.rows], [r]) for r in rides]
                answers = np.concatenate([reply.answers for reply in apart])
                return _Reply(answers, any(reply.worked for reply in apart), again=len(x))
            rides[0].seat.failure = error
            return _Reply(np.full((len(x), self._classes), np.nan, np.float32), worked=False)
        return _Reply(rounded(answers), worked=True)

    def _land(self, flight: _Flight) -> Array:
        reply = flight.reply.result()
        self.rows += reply.again
        self._worked = self._worked or reply.worked
        if not self._worked:
            error = flight.rides[0].seat.failure
            shape = ", ".join(map(str, self.model.input.shape))
            raise ModelError(
                f"the model raised {type(error).__name__} on all of its first batch: {error}; "
                f"check that it takes a float32 batch of shape (n, {shape})"
            ) from error
        return reply.answers

    def _give_up(self) -> Iterator[SearchResult]:
        """End the matches whose boards could not be rendered."""
        while self._broken:
            seat = self._broken.pop()
            yield from self._resume(seat.match, seat)

    def _deliver(self, flight: _Flight, answers: Array) -> Iterator[SearchResult]:
        """Hand the answers of one batch to their matches."""
        if self._on_rows:
            self._on_rows(self.rows)
        for ride in flight.rides:
            seat = ride.seat
            seat.answers[ride.start : ride.start + ride.rows] = answers[ride.place : ride.place + ride.rows]
            seat.answered += ride.rows
            if seat.answered == len(seat.request.moves):
                yield from self._resume(seat.match, seat)

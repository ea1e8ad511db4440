"""The referee owns the model: it pools rows of many sample runs into full batches and counts every one.

While the model answers batches in threads of its own, sample runs whose answers have come draw the next one.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from brittle.core.classifier import Classifier, ask
from brittle.core.errors import BrittleError, ModelError
from brittle.core.lanes import Lanes
from brittle.core.request import R, Request, SampleRun, Unanswered
from brittle.core.sample import Array


@dataclass
class _Pending:
    """A sample run in play: its request, how many of its rows were asked, and the answers so far."""

    run: SampleRun[Any]
    request: Request
    answers: Array
    asked: int = 0
    answered: int = 0
    failure: Exception | None = None

    @property
    def waiting(self) -> int:
        return len(self.request.moves) - self.asked


@dataclass(frozen=True)
class _Slice:
    """Rows of one pending request in one batch: from `start` of its request, at `place` of the batch."""

    pending: _Pending
    start: int
    place: int
    rows: int


@dataclass(frozen=True)
class _BatchInFlight:
    """One batch under way."""

    slices: tuple[_Slice, ...]
    rows: int
    reply: Future["_Reply"]


@dataclass(frozen=True)
class _Reply:
    """The model's rounded answers to one batch. causes: by row, why it was not answered."""

    answers: Array
    causes: Mapping[int, Exception]


class Referee:
    """Plays many sample runs on one model.

    batch: most rows the model is shown at once. on_rows: told `rows` after every batch.
    lanes: batches that the model may be asked at the same time; one more is kept ready behind them.
    most:  sample runs that are open at the same time; as many as fill the batches where it is not stated.
    answers: whether it is known to answer rows, so that a first batch without an answer is no word on it.
    rows:  how many it has been shown so far, each counted once.
    """

    def __init__(
        self,
        model: Classifier,
        batch: int = 16,
        on_rows: Callable[[int], None] | None = None,
        lanes: int = 1,
        most: int | None = None,
        answers: bool = False,
    ) -> None:
        self.model, self.batch, self.lanes, self._on_rows = model, batch, lanes, on_rows
        self.rows = 0
        self._classes = len(model.classes)
        self._most_batches = lanes + 1
        full = self._most_batches * batch
        self._most_open = min(full, most or full)
        self._buffers = [np.empty((batch, *model.input.shape), np.float32) for _ in range(self._most_batches)]
        self._queue: deque[_Pending] = deque()
        self._open_runs = 0
        self._waiting = 0
        self._broken: list[_Pending] = []
        self._answers, self._worked = answers, False

    def play(self, runs: Iterable[SampleRun[R]]) -> Generator[R, None, None]:
        """Results in the order in which sample runs end.

        Raises ModelError if the model cannot be reached, or fails on everything it is shown.
        """
        source = iter(runs)
        in_flight: deque[_BatchInFlight] = deque()
        with Lanes[_Reply](self.lanes) as lanes:
            try:
                while True:
                    yield from self._open(source)
                    if not self._open_runs:
                        return
                    while len(in_flight) < self._batches_allowed() and (slices := self._draw(in_flight)):
                        in_flight.append(self._launch(slices, lanes))
                    yield from self._give_up()
                    if in_flight:
                        batch = in_flight.popleft()
                        yield from self._deliver(batch, self._land(batch))
            finally:
                for pending in self._queue:
                    pending.run.close()

    def _batches_allowed(self) -> int:
        """The first batch goes alone: what it says of the model holds for the others."""
        return self._most_batches if self._worked else 1

    def _open(self, source: Iterator[SampleRun[Any]]) -> Iterator[Any]:
        """Start new sample runs while there is room."""
        while self._open_runs < self._most_open:
            run = next(source, None)
            if run is None:
                return
            self._open_runs += 1
            yield from self._resume(run)

    def _resume(self, run: SampleRun[Any], pending: _Pending | None = None) -> Iterator[Any]:
        """Begin a sample run, or let it go on from its pending request, to its next one or its result."""
        try:
            if pending is None:
                request = next(run)
            elif pending.failure is None:
                request = run.send(pending.answers)
            else:
                failure = Unanswered(pending.asked)
                failure.__cause__ = pending.failure
                request = run.throw(failure)
        except StopIteration as end:
            self._open_runs -= 1
            yield end.value
            return
        rows = len(request.moves)
        self._queue.append(_Pending(run, request, np.empty((rows, self._classes), np.float32)))
        self._waiting += rows

    def _draw(self, in_flight: Iterable[_BatchInFlight]) -> list[_Slice]:
        """Render the next batch: its share of the rows in play if they do not fill all batches."""
        rows_in_flight = sum(batch.rows for batch in in_flight)
        room = min(self.batch, max(1, ceil((self._waiting + rows_in_flight) / self._most_batches)))
        buffer, slices, place = self._buffers[0], list[_Slice](), 0
        while self._queue and place < room:
            pending = self._queue[0]
            if pending.request.alone and slices:
                break
            rows = min(pending.waiting, room - place)
            if not self._render(pending, rows, buffer[place:]):
                self._queue.popleft()
                continue
            slices.append(_Slice(pending, pending.asked, place, rows))
            pending.asked += rows
            self._waiting -= rows
            place += rows
            if pending.waiting == 0:
                self._queue.popleft()
            if pending.request.alone:
                break
        return slices

    def _render(self, pending: _Pending, rows: int, out: Array) -> bool:
        """Write rows of a request into a batch. A board that fails takes only its own sample run down."""
        try:
            for i in range(rows):
                pending.request.board.render(pending.request.moves[pending.asked + i], out[i])
        except Exception as error:
            pending.failure = error
            pending.answered += pending.waiting
            self._waiting -= pending.waiting
            if pending.answered == len(pending.request.moves):
                self._broken.append(pending)
            return False
        return True

    def _launch(self, slices: list[_Slice], lanes: Lanes[_Reply]) -> _BatchInFlight:
        rows = sum(part.rows for part in slices)
        x = self._buffers[0][:rows]
        self._buffers.append(self._buffers.pop(0))
        self.rows += rows
        return _BatchInFlight(tuple(slices), rows, lanes.submit(lambda: _Reply(*ask(self.model, x))))

    def _land(self, batch: _BatchInFlight) -> _Reply:
        reply = batch.reply.result()
        self._worked = self._worked or len(reply.causes) < batch.rows
        if not self._worked and not self._answers:
            error = reply.causes[0]
            if isinstance(error, BrittleError):
                raise ModelError(f"no row of the first batch was answered: {error}") from error
            shape = ", ".join(map(str, self.model.input.shape))
            raise ModelError(
                f"the model raised {type(error).__name__} on all of its first batch: {error}; "
                f"check that it takes a float32 batch of shape (n, {shape})"
            ) from error
        return reply

    def _give_up(self) -> Iterator[Any]:
        """End the sample runs whose boards could not be rendered."""
        while self._broken:
            pending = self._broken.pop()
            yield from self._resume(pending.run, pending)

    def _deliver(self, batch: _BatchInFlight, reply: _Reply) -> Iterator[Any]:
        """Hand the answers of one batch to their sample runs; a row without one ends its own."""
        if self._on_rows:
            self._on_rows(self.rows)
        for part in batch.slices:
            pending, rows = part.pending, range(part.place, part.place + part.rows)
            pending.answers[part.start : part.start + part.rows] = reply.answers[rows.start : rows.stop]
            if pending.failure is None:
                pending.failure = next((reply.causes[i] for i in rows if i in reply.causes), None)
            pending.answered += part.rows
            if pending.answered == len(pending.request.moves):
                yield from self._resume(pending.run, pending)

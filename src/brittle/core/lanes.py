"""Threads in which a model is asked; who leaves does not wait for them, so that Ctrl-C ends at once."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """So many daemon threads, which take work in its order.

    concurrent.futures' pool waits for its threads when it is left and when the process ends, as long as a
    model takes to answer.
    """

    def __init__(self, count: int) -> None:
        self._work: SimpleQueue[tuple[Future[T], Callable[[], T]] | None] = SimpleQueue()
        self._threads = [Thread(target=self._run, name="model", daemon=True) for _ in range(count)]

    def __enter__(self) -> "Lanes[T]":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(Empty):
            while True:  # what was not begun is not begun
                self._work.get_nowait()
        for _ in self._threads:
            self._work.put(None)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Have it called by the next thread that is free."""
        future: Future[T] = Future()
        self._work.put((future, call))
        return future

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            future, call = work
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)

"""Blocking code behind the search protocol.

A peer calls the model and waits; a search yields rows and is sent answers. The peer runs in a thread of its
own: its call hands the rows to the search, and blocks until the referee's answers come back. The referee's
thread waits meanwhile, so that only one of the two ever runs.
"""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

import numpy as np

from brittle.core.sample import Array
from brittle.core.search import Search
from brittle.searches.peers.randomness import Randomness

Ask = Callable[[Array], Array]


class GameOver(BaseException):
    """Unwinds a peer whose game has ended; no Exception, so that no peer takes it for the model's."""


class _Peer:
    """A peer's thread. rows: what it asks, None when it has ended; answers: what it is told, None to stop."""

    def __init__(self, attack: Callable[[Ask], None]) -> None:
        self.rows: SimpleQueue[Array | None] = SimpleQueue()
        self.answers: SimpleQueue[Array | None] = SimpleQueue()
        self.error: BaseException | None = None
        self.over = False
        self._attack = attack
        self._thread = Thread(target=self._run, name="peer", daemon=True)

    def start(self) -> Array | None:
        """Let it run until its first question."""
        self._thread.start()
        return self.rows.get()

    def go_on(self, answers: Array) -> Array | None:
        """Answer it, and let it run until its next question."""
        self.answers.put(answers)
        return self.rows.get()

    def stop(self) -> None:
        """End the thread at the question it waits with."""
        self.over = True
        self.answers.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            with np.errstate(all="ignore"):  # what a library divides by is no news to the user
                self._attack(self._ask)
        except GameOver:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self.rows.put(None)

    def _ask(self, x: Array) -> Array:
        if self.over:
            raise GameOver
        self.rows.put(x)
        answers = self.answers.get()
        if answers is None:
            raise GameOver
        return answers


def in_thread(attack: Callable[[Ask], None], rng: np.random.Generator) -> Search:
    """A search that plays blocking code. attack: calls its argument with rows (k, ...) as often as it likes.

    rng seeds the global random state that the attack sees. What the attack raises, the search raises.
    Closing the search ends the thread.
    """
    peer, randomness = _Peer(attack), Randomness(rng)
    try:
        with randomness:
            rows = peer.start()
        while rows is not None:
            answers = yield rows
            with randomness:
                rows = peer.go_on(answers)
        if isinstance(peer.error, Exception):
            raise peer.error
        if peer.error is not None:
            raise RuntimeError(f"the peer left with {type(peer.error).__name__}: {peer.error}")
    finally:
        with randomness:
            peer.stop()

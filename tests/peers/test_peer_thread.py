"""Blocking code behind the search protocol: stopped cleanly, seeded by itself, a good neighbour."""

import random
import threading
from typing import Any

import numpy as np
import pytest

from brittle.searches.peers.thread import Ask, in_thread

ROW = np.zeros((1, 3), np.float32)


def peers() -> int:
    return sum(thread.name == "peer" for thread in threading.enumerate())


def endless(ask: Ask) -> None:
    while True:
        ask(ROW)


def test_rows_go_out_and_answers_come_back() -> None:
    heard: list[float] = []

    def attack(ask: Ask) -> None:
        for number in range(3):
            heard.append(float(ask(ROW + number)[0, 0]))

    search = in_thread(attack, np.random.default_rng(0))
    rows = next(search)
    for _ in range(2):
        rows = search.send(rows * 10)
    with pytest.raises(StopIteration):
        search.send(rows * 10)
    assert heard == [0, 10, 20]
    assert peers() == 0


def test_closing_a_search_ends_its_thread_even_if_the_peer_catches_every_exception() -> None:
    def stubborn(ask: Ask) -> None:
        while True:
            try:
                ask(ROW)
            except Exception:
                continue

    searches = [in_thread(attack, np.random.default_rng(0)) for attack in (endless, stubborn) * 5]
    for search in searches:
        next(search)
    assert peers() == len(searches)
    for search in searches:
        search.close()
    assert peers() == 0


def test_a_search_that_was_never_started_has_no_thread() -> None:
    in_thread(endless, np.random.default_rng(0)).close()
    assert peers() == 0


def test_what_the_peer_raises_the_search_raises() -> None:
    def refuse(ask: Ask) -> None:
        ask(ROW)
        raise ValueError("not this image")

    search = in_thread(refuse, np.random.default_rng(0))
    next(search)
    with pytest.raises(ValueError, match="not this image"):
        search.send(ROW)
    assert peers() == 0


def test_a_peer_that_exits_does_not_take_the_program_with_it() -> None:
    def leave(ask: Ask) -> None:
        raise SystemExit(3)

    with pytest.raises(RuntimeError, match="SystemExit"):
        next(in_thread(leave, np.random.default_rng(0)))


def draw(ask: Ask) -> None:
    while True:
        numbers = [random.random(), np.random.random(), np.random.normal()]  # noqa: NPY002
        ask(np.array([numbers], np.float32))


def heard(searches: list[Any], rounds: int) -> list[list[float]]:
    """What each of several searches draws, played in turns."""
    found = [[*next(search)[0]] for search in searches]
    for _ in range(rounds):
        for search, numbers in zip(searches, found, strict=True):
            np.random.random(7)  # noqa: NPY002 - someone else draws in between
            numbers += [*search.send(ROW)[0]]
    for search in searches:
        search.close()
    return found


def test_a_peers_stream_depends_on_its_seed_alone() -> None:
    def make(seed: int) -> Any:
        return in_thread(draw, np.random.default_rng(seed))

    alone = [heard([make(seed)], 4)[0] for seed in (1, 2)]
    together = heard([make(1), make(2)], 4)
    assert together == alone
    assert alone[0] != alone[1]


def test_global_random_states_are_as_they_were() -> None:
    torch = pytest.importorskip("torch")

    def states() -> list[Any]:
        drawn: Any = np.random.get_state()  # noqa: NPY002
        return [random.getstate(), drawn[1].tolist(), drawn[2:], torch.get_rng_state().tolist()]

    def with_torch(ask: Ask) -> None:
        while True:
            ask(np.array([[random.random(), np.random.normal(), float(torch.rand(1))]]))  # noqa: NPY002

    np.random.normal()  # noqa: NPY002 - so that a second normal number is waiting
    before = states()
    search = in_thread(with_torch, np.random.default_rng(0))
    next(search)
    assert states() == before
    search.send(ROW)
    assert states() == before
    search.close()
    assert states() == before

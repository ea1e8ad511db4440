"""Every peer through the referee: counted, seeded, stopped, and alone with its failures."""

import gc
import sys
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import MissingExtraError
from brittle.core.goal import Goal
from brittle.core.referee import Referee
from brittle.core.result import SearchResult, Status
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import Game, InputBoard, Terms
from brittle.searches import SEARCHES, open_search
from brittle.searches.peers.oracle import PATIENCE, Oracle, whole, within
from brittle.tasks.audit.opening import make_board
from peer_games import SPEC, model_of, played, sample_of
from tiny import MemoryArchive, TinyModel, tiny_canvas

pytest.importorskip("art", reason="the extra 'peers' is not installed")
PEERS = [name for name, path in SEARCHES.builtin.items() if ".peers." in path]
OWN = [name for name in SEARCHES.builtin if name not in PEERS]


def plain(results: Sequence[SearchResult]) -> list[dict[str, Any]]:
    times = ("seconds", "started", "finished")
    return [{k: v for k, v in r.to_dict().items() if k not in times} for r in results]


@pytest.mark.parametrize("name", PEERS)
def test_an_independent_counter_agrees_and_no_thread_is_left(name: str) -> None:
    model = model_of()
    results, referee = played(name, model=model, terms={"budget": 47})
    assert sum(r.queries for r in results) == model.rows == referee.rows
    assert all(1 < r.queries <= 47 and r.status in (Status.FLIPPED, Status.SURVIVED) for r in results)
    assert not [thread for thread in threading.enumerate() if thread.name == "peer"]


def test_an_audit_that_is_left_in_the_middle_leaves_no_thread() -> None:
    rules = Rules(open_search("art-square-l2"), InputBoard, Terms(300), MemoryArchive(SPEC))
    results = Referee(model_of(), 4).play(
        play_sample(f"s{i}", partial(sample_of, i), rules) for i in range(9)
    )
    next(results)
    assert [thread for thread in threading.enumerate() if thread.name == "peer"]
    results.close()
    gc.collect()
    assert not [thread for thread in threading.enumerate() if thread.name == "peer"]


@pytest.mark.parametrize("name", OWN)
def test_our_own_searches_are_counted_by_the_same_wrapper(name: str) -> None:
    model = TinyModel()
    search, spec = open_search(name), model.spec
    board = tiny_canvas if search.board == "cells" else InputBoard
    rules = Rules(search, board, Terms(47), MemoryArchive())

    def sample(number: int) -> Sample:
        x = sample_of(number, spec).x
        return Sample(f"s{number}", x, int(TinyModel()(x[None])[0].argmax()), spec)

    referee = Referee(model, 8)
    results = list(referee.play(play_sample(f"s{i}", partial(sample, i), rules) for i in range(4)))
    assert sum(r.queries for r in results) == model.rows == referee.rows


@pytest.mark.parametrize("name", PEERS)
def test_results_do_not_depend_on_the_batch(name: str) -> None:
    before: Any = np.random.get_state()  # noqa: NPY002
    one, _ = played(name, batch=1)
    other, _ = played(name, batch=7)
    assert plain(one) == plain(other)
    after: Any = np.random.get_state()  # noqa: NPY002
    assert after[1].tolist() == before[1].tolist()


EASY = [name for name in PEERS if name not in ("foolbox-blur", "foolbox-contrast")]


@pytest.mark.parametrize("name", EASY)
def test_it_finds_flips(name: str) -> None:
    results, _ = played(name, terms={"budget": 400})
    assert any(r.status is Status.FLIPPED for r in results)


@pytest.mark.parametrize("name", ["art-square-l2", "foolbox-noise"])
def test_the_distance_limit_holds_after_rounding_to_8_bits(name: str) -> None:
    results, _ = played(name, terms={"budget": 400, "max_l2": 4.0})
    flips = [r.closest for r in results if r.closest]
    assert flips
    assert all(flip.l2 <= 4.0 for flip in flips)


@pytest.mark.parametrize("name", ["art-simba-pixel", "art-square-l2", "foolbox-noise"])
def test_a_target_is_reached_or_not_but_never_another_class(name: str) -> None:
    results, _ = played(name, target=2, terms={"budget": 400})
    reached = [r for r in results if r.status is Status.FLIPPED]
    assert reached
    assert all(r.first and r.first.predicted == 2 for r in reached)


def test_an_input_that_is_no_image_is_failed_with_one_line() -> None:
    spec = InputSpec((1, 40), ("channel", "time"), bits=8)
    results, _ = played("art-square-l2", spec=spec)
    assert {r.status for r in results} == {Status.FAILED}
    assert "needs inputs of channel, height, width" in results[0].message


def test_what_the_library_refuses_is_failed_with_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    from art.attacks.evasion import SquareAttack

    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("no such\n image")

    monkeypatch.setattr(SquareAttack, "generate", refuse)
    results, _ = played("art-square-l2")
    assert {r.message for r in results} == {"ValueError: no such image"}


MODULES = {"art-square-l2": "art.attacks.evasion", "foolbox-blur": "foolbox"}


@pytest.mark.parametrize(("name", "module"), MODULES.items())
def test_without_the_extra_one_line_names_it(name: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"needs the extra 'peers'.*\.\[peers\]"):
        open_search(name)


def oracle_of(goal: Goal, asked: list[int], answer: Array) -> Oracle:
    sample = sample_of(0)
    game = Game(sample, InputBoard(sample), goal, Terms(99), answer, np.random.default_rng(0))

    def ask(x: Array) -> Array:
        asked.append(len(x))
        return np.repeat(answer[None], len(x), axis=0)

    return Oracle(game, ask)


def test_a_repeated_row_is_no_query_until_the_peer_does_nothing_else() -> None:
    asked: list[int] = []
    oracle = oracle_of(Goal(0), asked, np.array([0.7, 0.2, 0.1], np.float32))
    clean = sample_of(0).x[None]
    oracle(clean)
    assert asked == []
    other = clean * 0.5
    oracle(other)
    oracle(other)
    oracle(clean)
    assert asked == [1]
    for _ in range(2 * PATIENCE):
        oracle(other)
    assert 1 < len(asked) <= 4


def test_other_goals_are_shown_as_two_classes() -> None:
    answer = np.array([0.7, 0.2, 0.1], np.float32)
    holds = oracle_of(Goal(0, target=2), [], answer)(sample_of(1).x[None])
    assert holds.shape == (1, 2)
    assert holds[0, 0] == pytest.approx(7 / 8)
    flips = oracle_of(Goal(1, k=1, target=0), [], answer)(sample_of(1).x[None])
    assert flips[0].argmax() == 1


def test_whole_probabilities_sum_to_one_and_keep_their_order() -> None:
    answers = np.array([[1.0, 3e-5, 1e-5], [0.4, 0.35, 0.2], [0.501, 0.499, 0.001]], np.float32)
    p = whole(answers)
    assert p.sum(axis=1) == pytest.approx(1)
    assert p[0, 0] == pytest.approx(1 - 4e-5)
    assert (p.argmax(axis=1) == 0).all()


def test_a_radius_within_the_limit_is_within_it_when_rounded() -> None:
    rng = np.random.default_rng(0)
    spec = InputSpec((3, 64, 64), ("channel", "height", "width"), bits=8)
    x = spec.decode(rng.integers(60, 196, spec.shape).astype(np.uint8))
    change = rng.normal(size=spec.shape)
    change *= within(1.0, spec) / np.linalg.norm(change)
    rounded = spec.decode(spec.encode((x + change).astype(np.float32)))
    assert 0.95 < np.linalg.norm(rounded - x) <= 1.0


def test_every_peer_plays_on_whole_inputs() -> None:
    assert {open_search(name).board for name in PEERS} == {"input"}
    assert make_board("input", None, None, 0, sample_of(0)).recipe(sample_of(0).x) is None  # type: ignore[arg-type]

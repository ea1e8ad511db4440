"""The answers that are kept: nothing is asked twice, and a damaged file is named as what it is."""

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from time import sleep

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brittle.core.classifier import rounded
from brittle.core.errors import DiskError, ModelError, RefusedError, RunError
from brittle.core.sample import Array
from brittle.store.answers import AnswerCache
from tiny import Doored, TinyModel


class Counted(TinyModel):
    """A model that counts its rows."""

    shown = 0

    def __call__(self, x: Array) -> Array:
        self.shown += len(x)
        return super().__call__(x)


def inputs(model: TinyModel, count: int = 3) -> Array:
    rng = np.random.default_rng(0)
    return rng.random((count, *model.input.shape), np.float32)


def test_what_is_known_is_not_asked_again(tmp_path: Path) -> None:
    model = Counted()
    x = inputs(model)
    first = AnswerCache(model, tmp_path / "a.sqlite")
    answers = first(x)
    first.close()
    again = AnswerCache(model, tmp_path / "a.sqlite")
    assert np.array_equal(again(x), answers) and model.shown == len(x)
    assert (again.found, again.asked) == (len(x), 0)


@pytest.mark.parametrize("blob", [b"not zlib", b"x\x9c\x03\x00\x00\x00\x00\x01", None, 5])
def test_a_damaged_answer_names_the_file_and_not_the_model(tmp_path: Path, blob: object) -> None:
    model = Counted()
    cache = AnswerCache(model, tmp_path / "a.sqlite")
    cache(inputs(model))
    cache.close()
    with sqlite3.connect(tmp_path / "a.sqlite") as db:
        db.execute("UPDATE answers SET answer = ?", (blob,))
    with pytest.raises(RunError, match=r"a\.sqlite are damaged .*; remove that file"):
        AnswerCache(model, tmp_path / "a.sqlite")(inputs(model))


def test_rows_that_a_model_refuses_are_refused_again_and_the_others_are_kept(tmp_path: Path) -> None:
    class Picky(Counted):
        def __call__(self, x: Array) -> Array:
            if (x[:, 0, 0, 0] > 0.9).any():
                raise ValueError("too bright")
            return super().__call__(x)

    model = Picky()
    x = inputs(model, 5)
    x[:, 0, 0, 0] = (0.1, 1.0, 0.2, 1.0, 0.3)
    x[3] = x[1]
    found: list[int] = []
    cache = AnswerCache(Doored(model), tmp_path / "a.sqlite", found.append)
    for times in (1, 2):
        with pytest.raises(RefusedError, match="too bright") as refused:
            cache(x)
        assert set(refused.value.causes) == {1, 3} and np.isnan(refused.value.answers[[1, 3]]).all()
        assert np.array_equal(refused.value.answers[[0, 2, 4]], rounded(TinyModel()(x[[0, 2, 4]])))
        assert (cache.asked, model.shown) == (4 + times - 1, 3)
    assert found == [1, 4]


RACE = """
import sys, threading
from pathlib import Path
import numpy as np
from brittle.core.errors import BrittleError
from brittle.store.answers import AnswerCache
from tiny import TinyModel

model = TinyModel()
x = np.random.default_rng(0).random((64, *model.input.shape), np.float32)
for k in range(30):
    cache = AnswerCache(model, Path(sys.argv[1], f"{k}.sqlite"))
    begun = threading.Event()

    def ask():
        try:
            while True:
                cache(x)
                begun.set()
        except BrittleError:
            pass

    thread = threading.Thread(target=ask)
    thread.start()
    begun.wait()
    cache.close()
    thread.join()
"""


def test_a_cache_may_be_closed_while_a_thread_still_asks(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    found = subprocess.run(
        [sys.executable, "-c", RACE, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert found.returncode == 0, found.stderr


class Slow(Counted):
    """A model that takes a moment, notes its rows, and refuses bright ones now and then."""

    def __init__(self, refuses: int = 0) -> None:
        super().__init__()
        self.seen: list[bytes] = []
        self.refuses, self.counting = refuses, Lock()

    def __call__(self, x: Array) -> Array:
        sleep(0.002)
        with self.counting:
            bright = [i for i in range(len(x)) if x[i, 0, 0, 0] > 0.9]
            if bright and self.refuses:
                self.refuses -= 1
                raise RefusedError("too bright", {i: ValueError("too bright") for i in bright}, None)
            self.seen += [row.tobytes() for row in x]
            return super().__call__(x)


@given(st.integers(0, 2**32), st.integers(2, 8), st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_every_distinct_row_is_asked_once_by_any_number_of_threads(
    seed: int, threads: int, distinct: int
) -> None:
    rng = np.random.default_rng(seed)
    model = Slow()
    rows = inputs(model, distinct)
    batches = [rows[rng.integers(0, distinct, rng.integers(1, 9))] for _ in range(20)]
    found: list[int] = []
    with TemporaryDirectory() as folder:
        cache = AnswerCache(model, Path(folder, "a.sqlite"), found.append)
        with ThreadPoolExecutor(threads) as lanes:
            answers = list(lanes.map(cache, batches, timeout=60))
        cache.close()
    for x, told in zip(batches, answers, strict=True):
        assert np.array_equal(told, rounded(TinyModel()(x)))
    shown = {row.tobytes() for x in batches for row in x}
    assert len(model.seen) == len(shown) and set(model.seen) == shown
    assert (cache.asked, cache.found) == (len(shown), sum(map(len, batches)) - len(shown))
    assert sum(found) == cache.found


def test_a_row_to_which_another_thread_got_no_answer_is_asked_again(tmp_path: Path) -> None:
    model = Slow(refuses=3)
    x = inputs(model, 1)
    x[0, 0, 0, 0] = 1.0
    cache = AnswerCache(model, tmp_path / "a.sqlite")

    def ask(_: int) -> bool:
        try:
            cache(x)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(6) as lanes:
        answered = list(lanes.map(ask, range(6), timeout=60))
    assert sum(answered) == 3 and len(model.seen) == 1


def test_threads_that_wait_for_each_other_go_on(tmp_path: Path) -> None:
    """Each asks what the other does, in the other order."""
    model = Slow()
    x = inputs(model, 8)
    cache = AnswerCache(model, tmp_path / "a.sqlite")
    together = [x, x[::-1], np.concatenate([x[4:], x[:4]])] * 4
    with ThreadPoolExecutor(12) as lanes:
        answers = list(lanes.map(cache, together, timeout=60))
    assert len(model.seen) == 8
    assert all(np.array_equal(a, rounded(TinyModel()(b))) for a, b in zip(answers, together, strict=True))


def test_what_was_claimed_is_let_go_when_the_model_or_the_count_fails(tmp_path: Path) -> None:
    class Down(TinyModel):
        def __call__(self, x: Array) -> Array:
            raise ModelError("down")

    def full(_: int) -> None:
        raise DiskError("full")

    x = inputs(Counted())
    cache = AnswerCache(Down(), tmp_path / "a.sqlite")
    other = AnswerCache(Counted(), tmp_path / "b.sqlite", full)
    for _ in range(2):  # not one that waits for ever
        with pytest.raises(ModelError, match="down"):
            cache(x)
        with pytest.raises(DiskError, match="full"):
            other(x)

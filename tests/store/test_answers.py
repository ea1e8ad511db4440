"""The answers that are kept: nothing is asked twice, and a damaged file is named as what it is."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from brittle.core.classifier import rounded
from brittle.core.errors import RefusedError, RunError
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

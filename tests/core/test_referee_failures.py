"""What fails takes itself down and nothing else: a sample, a board, a search; or the run, in one line."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import DataError, ModelError
from brittle.core.referee import Referee
from brittle.core.result import Status
from brittle.core.sample import Array, Sample
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import Game, InputBoard, Search, Terms
from brittle.searches.greedy import Greedy
from brittle.searches.random import Random
from refereed import Wild, referee_results
from tiny import Doored, MemoryArchive, TinyModel, tiny_canvas, tiny_samples


@dataclass
class Sick(TinyModel):
    """Fails on what the marked samples show it."""

    how: str = "nan"

    def __call__(self, x: Array) -> Array:
        out = super().__call__(x)
        ill = x[:, 0, 0, 0] > 0.5
        if self.how == "raise" and ill.any():
            raise RuntimeError("cannot take this input")
        out[ill] = np.nan
        return out


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("how", ["nan", "raise"])
def test_a_sample_that_the_model_fails_on_is_one_failed_row(how: str, lanes: int) -> None:
    samples = [replace(s, x=_marked(s.x, i == 2)) for i, s in enumerate(tiny_samples(6))]
    still = replace(Wild(most=1))
    model = Doored(Sick(how=how))
    results, referee, _ = referee_results(still, 4, model=model, samples=samples, budget=3, lanes=lanes)
    rows = model.meter.rows
    assert rows.shown == model.model.rows == referee.rows + rows.retried
    assert referee.rows == sum(r.queries for r in results) and bool(rows.retried) == (how == "raise")
    assert all(r.queries >= 1 for r in results)
    status = {r.sample: r.status for r in results}
    assert status["s2"] is Status.FAILED
    failed = next(r for r in results if r.sample == "s2")
    assert ("NaN" in failed.message) if how == "nan" else ("cannot take this input" in failed.message)
    clean = [r for r in results if r.queries > 0 and r.predicted is not None]
    assert {r.sample for r in clean} == {"s0", "s1", "s3", "s4", "s5"}


def _marked(x: Array, ill: bool) -> Array:
    out = x.copy()
    out[0, 0, 0] = 1.0 if ill else 0.0
    return out


def test_a_model_that_always_raises_ends_the_run_with_its_words() -> None:
    class Dead(TinyModel):
        def __call__(self, x: Array) -> Array:
            raise KeyError("weights")

    with pytest.raises(ModelError, match=r"raised KeyError on all of its first batch.*weights"):
        referee_results(Random(), 4, model=Dead())


def test_another_number_of_classes_ends_the_run() -> None:
    class Wide(TinyModel):
        def __call__(self, x: Array) -> Array:
            return np.full((len(x), 4), 0.25, np.float32)

    with pytest.raises(ModelError, match=r"expected answers of shape .*3 classes, got \(\d+, 4\)"):
        referee_results(Random(), 4, model=Wide())


def test_a_board_that_fails_takes_only_its_own_sample_down() -> None:
    def board(sample: Sample) -> Any:
        canvas = tiny_canvas(sample)
        if sample.id == "s1":
            canvas.render = _fail  # type: ignore[method-assign]
        return canvas

    results, referee, _ = referee_results(Greedy(), 4, board=board)
    failed = [r for r in results if r.status is Status.FAILED]
    assert [r.sample for r in failed] == ["s1"] and "out of paint" in failed[0].message
    assert sum(r.queries for r in results) == referee.rows


def test_all_boards_failing_still_plays_every_sample() -> None:
    def board(sample: Sample) -> Any:
        canvas = tiny_canvas(sample)
        canvas.render = _fail  # type: ignore[method-assign]
        return canvas

    results, _, _ = referee_results(Random(), 2, count=11, board=board)
    assert len(results) == 11 and {r.status for r in results} == {Status.FAILED}


def _fail(move: Any, out: Array) -> None:
    raise RuntimeError("out of paint")


def test_unreadable_data_and_failing_searches_are_failed_rows() -> None:
    class Confused(Wild):
        def __call__(self, game: Game[InputBoard]) -> Search:
            raise ZeroDivisionError("no idea")
            yield

    def missing() -> Sample:
        raise DataError("cat.png: truncated")

    rules = Rules(Confused(), InputBoard, Terms(9), MemoryArchive())
    sample = tiny_samples(1, TinyModel())[0]
    runs = [play_sample("gone", missing, rules), play_sample("here", lambda: sample, rules)]
    results = {r.sample: r for r in Referee(TinyModel(), 4).play(runs)}
    assert results["gone"].message == "cat.png: truncated" and results["gone"].queries == 0
    assert results["here"].message == "ZeroDivisionError: no idea" and results["here"].queries == 1
    assert {r.status for r in results.values()} == {Status.FAILED}

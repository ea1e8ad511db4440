"""The door before a model: every row counted before it goes, one that fails fails alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.door import Door
from brittle.core.errors import ModelError, RefusedError, UsageError
from brittle.core.rows import Meter, Rows
from brittle.core.sample import Array


def rows_of(values: list[float]) -> Array:
    return np.array(values, np.float32)[:, None]


class Picky:
    """Answers twice its input; raises on what is negative, and on batches of more than `most` rows."""

    def __init__(self, most: int = 99) -> None:
        self.most, self.seen = most, list[int]()

    def __call__(self, x: Array) -> Array:
        self.seen.append(len(x))
        if len(x) > self.most:
            raise ValueError("too many")
        if (x < 0).any():
            raise KeyError("negative")
        return 2 * x


@given(st.lists(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=6), max_size=6), st.integers(1, 7))
def test_rows_that_fail_fail_alone_and_every_row_is_counted(batches: list[list[float]], most: int) -> None:
    model, meter = Picky(most), Meter()
    meter.purpose = "samples"
    door = Door(model, meter)
    for values in batches:
        x = rows_of(values)
        ill = {i for i, value in enumerate(values) if value < 0}
        try:
            answers, refused = door(x), set[int]()
        except RefusedError as error:
            answers, refused = error.answers, set(error.causes)
            assert all(isinstance(cause, KeyError) for cause in error.causes.values())
        assert refused == ill
        well = [i for i in range(len(x)) if i not in ill]
        assert answers is None if not well else np.array_equal(answers[well], 2 * x[well])
    asked = sum(map(len, batches))
    assert meter.rows == Rows(samples=asked, retried=sum(model.seen) - asked)


def test_a_model_of_single_rows_is_found_out_once(caplog: pytest.LogCaptureFixture) -> None:
    model, meter = Picky(most=1), Meter()
    door = Door(model, meter)
    for _ in range(3):
        assert np.array_equal(door(rows_of([1, 2, 3])), rows_of([2, 4, 6]))
    assert model.seen == [3, *[1] * 9] and meter.rows == Rows(setup=9, retried=3) and door.alone
    assert [r.message for r in caplog.records] == [
        "the model answers only one row at a time; it is asked so, which is slower"
    ]


def test_a_model_that_failed_on_one_batch_by_chance_is_asked_batches_again() -> None:
    class Moody(Picky):
        def __call__(self, x: Array) -> Array:
            self.most = 1 if len(self.seen) == 1 else 99
            return super().__call__(x)

    model = Moody()
    door = Door(model, Meter())
    for _ in range(3):
        door(rows_of([1, 2, 3]))
    assert model.seen == [3, 3, 1, 1, 1, 3] and not door.alone


def test_answers_to_fewer_rows_are_none() -> None:
    with pytest.raises(RefusedError, match=r"expected answers to 1 rows, got an array of shape \(\)"):
        Door(lambda x: x[:1] if len(x) > 1 else np.array(1), Meter())(rows_of([1, 2]))


def test_single_answers_of_different_shapes_are_a_broken_model() -> None:
    def odd(x: Array) -> Array:
        return np.zeros((1, int(x[0, 0])), np.float32)

    with pytest.raises(ModelError, match="another shape"):
        Door(odd, Meter())(rows_of([1, 2]))


def test_other_errors_of_ours_pass_and_their_rows_are_counted() -> None:
    def gone(x: Array) -> Array:
        raise UsageError("no token")

    meter = Meter()
    with pytest.raises(UsageError, match="no token"):
        Door(gone, meter)(rows_of([1, 2]))
    assert meter.rows == Rows(setup=2)


def test_rows_are_written_down_before_they_are_shown() -> None:
    written: list[int] = []
    meter = Meter()
    meter.show(5)
    meter.write_to(lambda rows: written.append(rows.shown))
    seen: list[list[int]] = []

    def model(x: Array) -> Array:
        seen.append(list(written))
        return x

    Door(model, meter)(rows_of([1, 2]))
    assert seen == [[5, 7]]

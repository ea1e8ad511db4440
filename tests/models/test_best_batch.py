"""The batch size that a model is fastest at, by a clock that only the model moves."""

from collections.abc import Callable

import numpy as np
import pytest

from brittle.core.sample import Array, InputSpec
from brittle.models.batch import best_batch


class Timed:
    """A classifier that takes a stated time for each batch."""

    input = InputSpec((1, 4), ("channel", "time"))
    classes = ("a", "b")

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self.seconds, self.now, self.rows = seconds, 0.0, 0

    def __call__(self, x: Array) -> Array:
        self.now += self.seconds(len(x))
        self.rows += len(x)
        return np.full((len(x), 2), 0.5, np.float32)


@pytest.mark.parametrize(
    ("seconds", "batch"),
    [
        (lambda n: 0.007 * n, 1),  # all the same: the smallest
        (lambda n: 0.05 + 0.001 * n, 32),  # a dear start: the greatest
        (lambda n: 0.01 * n if n != 8 else 0.07, 8),
        (lambda n: 0.01 * n * (1 - 0.001 * n), 4),  # 32 is 3.2 % faster than 1 and 2.8 % faster than 4
    ],
)
def test_the_smallest_size_near_the_best(
    seconds: Callable[[int], float], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = Timed(seconds)
    monkeypatch.setattr("brittle.models.batch.perf_counter", lambda: classifier.now)
    choice = best_batch(classifier, np.zeros((1, 4), np.float32))
    assert choice.batch == batch
    assert choice.rates[8] == pytest.approx(8 / seconds(8))
    assert classifier.rows == 192

"""Families of functions: the same generator the same task, and optima that nothing undercuts."""

import numpy as np
import pytest

from brittle.core.errors import UsageError
from brittle.core.seeds import generator
from brittle.optimise.families import FAMILIES, family


@pytest.mark.parametrize("name", FAMILIES)
def test_tasks_are_functions_of_their_generator_with_a_known_optimum(name: str) -> None:
    of = family(name)
    for index in range(3):
        task, again = (of.task(generator(0, name, index)) for _ in range(2))
        points = np.random.default_rng(1).random((500, of.dimensions))
        values = task.f(points)
        assert values.shape == (500,) and np.array_equal(values, again.f(points))
        assert task.f(task.optimum[None])[0] == task.best < values.min()
        assert (task.optimum >= 0).all() and (task.optimum <= 1).all()
        assert np.median(task.regret(values)) == pytest.approx(1, abs=0.35)
        near = np.clip(task.optimum + 1e-3 * np.random.default_rng(2).normal(size=(200, of.dimensions)), 0, 1)
        assert task.regret(task.f(near)).min() > -1e-4


def test_hartmann_is_the_function_of_the_literature_where_nothing_is_moved() -> None:
    class Still(np.random.Generator):
        def uniform(self, low: float = 0.0, high: float = 1.0, size: object = None) -> object:  # type: ignore[override]
            return np.full(size, (low + high) / 2)  # type: ignore[call-overload]

    task = family("hartmann6").task(Still(np.random.PCG64(0)))
    assert task.best == pytest.approx(-3.32237, abs=1e-3)
    assert np.allclose(task.optimum, [0.2017, 0.15, 0.4769, 0.2753, 0.3117, 0.6573], atol=0.01)


def test_an_unknown_family_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'mix10'"):
        family("mix1")

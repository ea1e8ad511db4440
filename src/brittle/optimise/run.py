"""A whole run of an optimiser on a function."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from brittle.optimise.acquisition import Acquisition
from brittle.optimise.optimiser import Evaluation, Optimised, Optimiser
from brittle.optimise.prior import Prior
from brittle.optimise.space import Space


def optimise(
    f: Callable[[dict[str, Any]], float],
    space: Space,
    budget: int = 25,
    *,
    prior: str | Path | Prior = "hand",
    acquisition: str | Path | Acquisition = "ei",
    seed: int = 0,
    history: Iterable[Evaluation] = (),
    maximise: bool = False,
) -> Optimised:
    """The least value of f that Bayesian optimisation finds in `budget` evaluations.

    f takes a point by the names of its parameters. The rest as in Optimiser. Raises UsageError, and what f
    raises.
    """
    optimiser = Optimiser(
        space, budget, prior=prior, acquisition=acquisition, seed=seed, history=history, maximise=maximise
    )
    for _ in range(budget):
        point = optimiser.ask()
        optimiser.tell(point, f(dict(point)))
    return optimiser.result()

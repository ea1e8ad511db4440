"""Which points are considered: some anywhere, some near the best so far; then the best climb."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from brittle.optimise.space import Points, Space

Scores = Callable[[Points], NDArray[np.float64]]  # (n, columns) -> (n,), greater is better

CENTRES = 3  # best points that candidates are drawn near to
NARROWEST, WIDEST = 0.003, 0.5  # standard deviation of candidates near them, as a share of each range
MOVED_PARAMETERS = 20  # of a candidate near one, about as many at most (Eriksson et al., NeurIPS 2019)

CLIMBERS = 6  # candidates that are moved uphill
STEPS = 12  # tried around each in a round
ROUNDS = 16
FIRST_STEP = 0.1  # as a share of each range
GROWTH, SHRINK = 1.5, 0.6  # of a climber's step after a round that found better, or not


def candidates(space: Space, best: Points, count: int, rng: np.random.Generator) -> Points:
    """So many points, (count, columns): half of them uniform, half near the best.

    best: (m, columns), the best first. Scales are log-uniform; of every other candidate near one, few
    parameters move.
    """
    if not len(best):
        return space.random(count, rng)
    near = count // 2
    spread = np.exp(rng.uniform(np.log(NARROWEST), np.log(WIDEST), near))
    share = min(1.0, MOVED_PARAMETERS / len(space))
    moved = np.where(np.arange(near) % 2, share, np.minimum(share, rng.uniform(0, 1, near)))
    centres = best[:CENTRES][np.arange(near) // 2 % min(len(best), CENTRES)]
    return np.concatenate([space.random(count - near, rng), space.near(centres, rng, spread, moved)])


def climbed(space: Space, points: Points, scores: Scores, rng: np.random.Generator) -> Points:
    """The best of these points and of what they lead to uphill, (1, columns).

    An evolution strategy, as features of some kinds have no gradient: steps of every climber grow where they
    find better and shrink where they do not.
    """
    values = scores(points)
    kept = np.argsort(-values, kind="stable")[:CLIMBERS]
    at, values = points[kept], values[kept]
    step, rows = np.full(len(at), FIRST_STEP), np.arange(len(at))
    for _ in range(ROUNDS):
        moved = np.tile(np.where(np.arange(STEPS) % 2, 1.0, 1.5 / len(space)), len(at))
        tried = space.near(np.repeat(at, STEPS, axis=0), rng, np.repeat(step, STEPS), moved)
        found = scores(tried).reshape(len(at), STEPS)
        best = found.argmax(axis=1)
        better = found[rows, best] > values
        at[better] = tried.reshape(len(at), STEPS, -1)[rows, best][better]
        values = np.maximum(values, found[rows, best])
        step *= np.where(better, GROWTH, SHRINK)
    return np.asarray(at[values.argmax()][None])

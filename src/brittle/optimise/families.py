"""Families of generated functions that share structure: for training priors, and for comparing optimisers.

    task = family("hartmann6").task(rng)
    task.f(points)  # (n, dimensions) in the unit cube -> (n,), to be minimised

hartmann6: Hartmann's function of six axes, shifted by up to 0.12 along each, amplitudes off by up to 20 %.
mix10: Ackley, Rastrigin, Levy, or a sample of a Gaussian process, along ten axes; optimum, scale and units at
    random, half of the first three rotated.
ood10: Griewank or Rosenbrock, made the same way: what mix10 never shows.
d30: mix10 along thirty axes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError, did_you_mean

Points = NDArray[np.float64]  # (n, dimensions), in the unit cube
Values = NDArray[np.float64]  # (n,)
Function = Callable[[Points], Values]
Maker = Callable[[int, np.random.Generator], tuple[Function, Points]]  # and points near its optimum

MARGIN = 0.1  # optima that are drawn lie at least this far inside the cube
TYPICAL_POINTS = 512


@dataclass(frozen=True)
class Task:
    """One function to be minimised.

    f: (n, d) -> (n,). optimum: (d,), where it is least, exactly or as far as a local search sees.
    best: its value there. typical: the median of f over the cube.
    """

    f: Function
    optimum: NDArray[np.float64]
    best: float
    typical: float

    def regret(self, value: float | Values) -> Values:
        """Normalised simple regret: 0 at the optimum, 1 at the median of random points."""
        return np.asarray((np.asarray(value) - self.best) / (self.typical - self.best))


@dataclass(frozen=True)
class Family:
    """A distribution of tasks along `dimensions` axes."""

    name: str
    dimensions: int
    makers: tuple[Maker, ...]

    def task(self, rng: np.random.Generator) -> Task:
        """A task at random; the same generator, the same task."""
        make = self.makers[int(rng.integers(len(self.makers)))]
        f, near = make(self.dimensions, rng)
        optimum = _polished(f, near, rng)
        typical = float(np.median(f(rng.random((TYPICAL_POINTS, self.dimensions)))))
        return Task(f, optimum, float(f(optimum[None])[0]), typical)


def family(name: str) -> Family:
    """The family of this name. Raises UsageError."""
    if name not in FAMILIES:
        raise UsageError(f"there is no family '{name}'; {did_you_mean(name, FAMILIES)}")
    return FAMILIES[name]


_ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
_A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def _hartmann(dimensions: int, rng: np.random.Generator) -> tuple[Function, Points]:
    shift = rng.uniform(-0.12, 0.12, dimensions)
    alpha = _ALPHA * rng.uniform(0.8, 1.2, 4)
    centres = _P + shift

    def f(x: Points) -> Values:
        squares = (x[:, None, :] - centres) ** 2
        return np.asarray(-np.exp(-(squares * _A).sum(axis=2)) @ alpha)

    return f, np.clip(centres, 0, 1)


def _ackley(z: Points) -> Values:
    rms = np.sqrt(np.mean(z**2, axis=1))
    return np.asarray(20 + np.e - 20 * np.exp(-0.2 * rms) - np.exp(np.mean(np.cos(2 * np.pi * z), axis=1)))


def _rastrigin(z: Points) -> Values:
    return np.asarray(np.sum(z**2 + 10 - 10 * np.cos(2 * np.pi * z), axis=1))


def _levy(z: Points) -> Values:
    w = 1 + z / 4
    first = np.sin(np.pi * w[:, 0]) ** 2
    middle = (w[:, :-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:, :-1] + 1) ** 2)
    last = (w[:, -1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[:, -1]) ** 2)
    return np.asarray(first + middle.sum(axis=1) + last)


def _griewank(z: Points) -> Values:
    roots = np.sqrt(np.arange(1, z.shape[1] + 1))
    return np.asarray(1 + np.sum(z**2, axis=1) / 4000 - np.prod(np.cos(z / roots), axis=1))


def _rosenbrock(z: Points) -> Values:
    v = 1 + z
    return np.asarray(np.sum(100 * (v[:, 1:] - v[:, :-1] ** 2) ** 2 + (1 - v[:, :-1]) ** 2, axis=1))


def _moved(function: Function, narrowest: float, widest: float) -> Maker:
    """A function that is least at 0, with its optimum anywhere, in a cube this wide, in any units of y."""

    def make(dimensions: int, rng: np.random.Generator) -> tuple[Function, Points]:
        optimum = rng.uniform(MARGIN, 1 - MARGIN, dimensions)
        turn = np.exp(rng.uniform(np.log(narrowest), np.log(widest))) * np.eye(dimensions)
        if rng.random() < 0.5:
            turn = turn @ np.linalg.qr(rng.normal(size=(dimensions, dimensions)))[0]
        unit, offset = np.exp(rng.uniform(-2, 2)), rng.normal()
        return lambda x: unit * (function((x - optimum) @ turn) + offset), optimum[None]

    return make


def _sample(dimensions: int, rng: np.random.Generator) -> tuple[Function, Points]:
    """A sample of a Gaussian process with a squared exponential kernel (random Fourier features, Rahimi and
    Recht, NeurIPS 2007)."""
    length = np.sqrt(dimensions) * rng.uniform(0.15, 0.4)
    frequencies = rng.normal(size=(dimensions, 256)) / length
    phases = rng.uniform(0, 2 * np.pi, 256)
    weights = rng.normal(size=256) * np.sqrt(2 / 256) * np.exp(rng.uniform(-2, 2))

    def f(x: Points) -> Values:
        return np.asarray(np.cos(x @ frequencies + phases) @ weights)

    points = rng.random((32, dimensions))
    for step in np.geomspace(0.3, 0.003, 80):  # down the gradient
        slope = -(np.sin(points @ frequencies + phases) * weights) @ frequencies.T
        points = np.clip(points - step * slope / np.linalg.norm(slope, axis=1, keepdims=True), 0, 1)
    return f, points[np.argsort(f(points), kind="stable")[:4]]


def _polished(f: Function, starts: Points, rng: np.random.Generator) -> NDArray[np.float64]:
    """The best point that shrinking steps from these starts lead to; a start that is least stays."""
    points, values = starts.copy(), f(starts)
    n, d = starts.shape
    for scale in 0.2 * 0.9 ** np.arange(100):
        steps = scale * rng.normal(size=(n, 8, d)) * (rng.random((n, 8, d)) < max(0.2, 2 / d))
        tried = np.clip(points[:, None] + steps, 0, 1)
        found = f(tried.reshape(-1, d)).reshape(n, 8)
        best = found.argmin(axis=1)
        better = found[np.arange(n), best] < values
        points[better] = tried[np.arange(n), best][better]
        values[better] = found[np.arange(n), best][better]
    return np.asarray(points[int(values.argmin())])


_MIX: tuple[Maker, ...] = (_moved(_ackley, 8, 32), _moved(_rastrigin, 2, 8), _moved(_levy, 5, 20), _sample)
_OOD: tuple[Maker, ...] = (_moved(_griewank, 20, 200), _moved(_rosenbrock, 2, 6))
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "hartmann6": Family("hartmann6", 6, (_hartmann,)),
        "mix10": Family("mix10", 10, _MIX),
        "ood10": Family("ood10", 10, _OOD),
        "d30": Family("d30", 30, _MIX),
    }
)

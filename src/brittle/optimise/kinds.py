"""Kinds of parameters: how values are drawn, moved, compared and named.

A kind holds values as rows of `columns` numbers and shows them to models as rows of `size` features. Features
are the same for values that mean the same, and no two values are more than 1 apart in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError

Numbers = NDArray[np.float64]


class Kind(Protocol):
    """One kind of parameter."""

    @property
    def columns(self) -> int: ...
    @property
    def size(self) -> int: ...

    def random(self, n: int, rng: np.random.Generator) -> Numbers:
        """Values at random, (n, columns)."""
        ...

    def near(self, values: Numbers, rng: np.random.Generator, spread: Numbers) -> Numbers:
        """A value near each; spread: (n, 1), a standard deviation as a share of the whole range."""
        ...

    def features(self, values: Numbers) -> Numbers:
        """(n, columns) -> (n, size)."""
        ...

    def values(self, features: Numbers) -> Numbers:
        """The values nearest to these features, (n, columns)."""
        ...

    def said(self, row: Numbers) -> Any:
        """A value as a person has it, of its row (columns,)."""
        ...

    def row(self, said: Any) -> Numbers:
        """The row of a value that a person gave. Raises UsageError, without the parameter's name."""
        ...


@dataclass(frozen=True)
class Line:
    """A number between two ends."""

    low: float
    high: float
    columns = 1
    size = 1

    def __post_init__(self) -> None:
        if not -np.inf < self.low < self.high < np.inf:
            raise UsageError(f"expected finite ends, low < high, got {self.low} and {self.high}")

    def random(self, n: int, rng: np.random.Generator) -> Numbers:
        return self.values(rng.random((n, 1)))

    def near(self, values: Numbers, rng: np.random.Generator, spread: Numbers) -> Numbers:
        return self.values(self.features(values) + spread * rng.normal(size=values.shape))

    def features(self, values: Numbers) -> Numbers:
        return np.asarray((values - self.low) / (self.high - self.low))

    def values(self, features: Numbers) -> Numbers:
        return np.asarray(np.clip(self.low + (self.high - self.low) * features, self.low, self.high))

    def said(self, row: Numbers) -> float:
        return float(row[0])

    def row(self, said: Any) -> Numbers:
        return np.array([_number(said, self.low, self.high)])


@dataclass(frozen=True)
class Log(Line):
    """A positive number between two ends, of which the logarithm counts."""

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < np.inf:
            raise UsageError(f"expected 0 < low < high, finite, got {self.low} and {self.high}")

    def features(self, values: Numbers) -> Numbers:
        return np.asarray(np.log(values / self.low) / np.log(self.high / self.low))

    def values(self, features: Numbers) -> Numbers:
        found = self.low * np.exp(np.log(self.high / self.low) * np.clip(features, 0, 1))
        return np.asarray(np.clip(found, self.low, self.high))


@dataclass(frozen=True)
class Angle:
    """A number that begins anew after a period."""

    period: float = 2 * np.pi
    columns = 1
    size = 2

    def __post_init__(self) -> None:
        if not 0 < self.period < np.inf:
            raise UsageError(f"expected a period above 0, got {self.period}")

    def random(self, n: int, rng: np.random.Generator) -> Numbers:
        return self.period * rng.random((n, 1))

    def near(self, values: Numbers, rng: np.random.Generator, spread: Numbers) -> Numbers:
        return np.asarray((values + spread * self.period * rng.normal(size=values.shape)) % self.period)

    def features(self, values: Numbers) -> Numbers:
        turn = 2 * np.pi / self.period * values
        return np.concatenate([np.cos(turn), np.sin(turn)], axis=1) / 2

    def values(self, features: Numbers) -> Numbers:
        turn = np.arctan2(features[:, 1:], features[:, :1]) / (2 * np.pi)
        return np.asarray((self.period * turn) % self.period)

    def said(self, row: Numbers) -> float:
        return float(row[0])

    def row(self, said: Any) -> Numbers:
        return np.array([_number(said, -np.inf, np.inf) % self.period])


@dataclass(frozen=True)
class Direction:
    """A unit vector along so many axes; the opposite one is the same."""

    axes: int

    def __post_init__(self) -> None:
        if self.axes < 1:
            raise UsageError(f"expected one axis or more, got {self.axes}")

    @property
    def columns(self) -> int:
        return self.axes

    @property
    def size(self) -> int:
        return self.axes * (self.axes + 1) // 2

    def random(self, n: int, rng: np.random.Generator) -> Numbers:
        return _unit(rng.normal(size=(n, self.axes)))

    def near(self, values: Numbers, rng: np.random.Generator, spread: Numbers) -> Numbers:
        return _unit(values + spread * rng.normal(size=values.shape))

    def features(self, values: Numbers) -> Numbers:
        """The products of all pairs of components, which have no sign."""
        i, j = np.triu_indices(self.axes)
        return np.asarray(values[:, i] * values[:, j] * np.where(i == j, np.sqrt(0.5), 1))

    def values(self, features: Numbers) -> Numbers:
        i, j = np.triu_indices(self.axes)
        products = np.zeros((len(features), self.axes, self.axes))
        products[:, j, i] = features * np.where(i == j, np.sqrt(2), 1)  # eigh reads the lower triangle
        return np.asarray(np.linalg.eigh(products)[1][:, :, -1])

    def said(self, row: Numbers) -> tuple[float, ...]:
        return tuple(map(float, row))

    def row(self, said: Any) -> Numbers:
        try:
            row = np.asarray(said, np.float64)
        except (TypeError, ValueError):
            row = np.empty(0)
        if row.shape != (self.axes,) or not np.isfinite(row).all() or not row.any():
            raise UsageError(f"expected {self.axes} finite numbers that are not all 0, got {said!r}")
        return row if abs(np.linalg.norm(row) - 1) < 1e-12 else row / np.linalg.norm(row)


@dataclass(frozen=True)
class Colour(Direction):
    """A factor for each channel, of norm 1; the opposite one is the same, as for a wave of any phase."""


@dataclass(frozen=True)
class Choice:
    """One of several values, of any type, that have no order."""

    options: Sequence[Any]
    columns = 1

    def __post_init__(self) -> None:
        if not len(self.options):
            raise UsageError("expected one option or more to choose from, got none")

    @property
    def size(self) -> int:
        return len(self.options)

    def random(self, n: int, rng: np.random.Generator) -> Numbers:
        return rng.integers(len(self.options), size=(n, 1)).astype(np.float64)

    def near(self, values: Numbers, rng: np.random.Generator, spread: Numbers) -> Numbers:
        """Another one with a probability of `spread`."""
        other = rng.random(values.shape) < spread
        return np.where(other, self.random(len(values), rng), values)

    def features(self, values: Numbers) -> Numbers:
        return np.asarray(np.eye(len(self.options))[values[:, 0].astype(np.intp)] * np.sqrt(0.5))

    def values(self, features: Numbers) -> Numbers:
        return np.asarray(features.argmax(axis=1)[:, None], np.float64)

    def said(self, row: Numbers) -> Any:
        return self.options[int(row[0])]

    def row(self, said: Any) -> Numbers:
        if said not in self.options:
            raise UsageError(f"expected one of {list(self.options)}, got {said!r}")
        return np.array([float(list(self.options).index(said))])


def _number(said: Any, low: float, high: float) -> float:
    try:
        number = float(said)
    except (TypeError, ValueError):
        number = np.nan
    if not low <= number <= high or not np.isfinite(number):
        raise UsageError(f"expected a number from {low:g} to {high:g}, got {said!r}")
    return number


def _unit(rows: Numbers) -> Numbers:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))

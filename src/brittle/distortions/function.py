"""A user's own distortion, written as a plain function."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from math import isfinite
from typing import Any

import numpy as np

from brittle.core.errors import UsageError
from brittle.core.sample import Array, InputSpec

LEVELS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class FunctionDistortion:
    """A function (x, spec, level, rng) -> x' with the name that it was loaded by."""

    name: str
    function: Callable[[Array, InputSpec, float, np.random.Generator], Array]
    levels: tuple[float, ...] = LEVELS
    needs: tuple[str, ...] = ()
    unit: str = "strength"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """What the function returns."""
        return self.function(x, spec, level, rng)


def from_function(name: str, function: Any) -> FunctionDistortion:
    """Any callable (x, spec, level, rng) -> x' as a distortion.

    It may carry the attributes levels, needs, unit and varies. Raises UsageError if it cannot take four
    arguments or an attribute makes no sense.
    """
    expected = f"{name}: expected a function (x, spec, level, rng) -> x'"
    if not callable(function):
        raise UsageError(f"{expected}, got an object of type {type(function).__name__}")
    try:
        taken = signature(function)
    except ValueError as error:
        raise UsageError(f"{expected}, got one whose arguments cannot be read; wrap it in a def") from error
    try:
        taken.bind(None, None, None, None)
    except TypeError as error:
        raise UsageError(f"{expected}, got {taken}; let it take these four arguments") from error
    return FunctionDistortion(
        name,
        function,
        levels=_levels(name, getattr(function, "levels", LEVELS)),
        needs=_needs(name, getattr(function, "needs", ())),
        unit=str(getattr(function, "unit", "strength")),
        varies=bool(getattr(function, "varies", True)),
    )


def _levels(name: str, given: Any) -> tuple[float, ...]:
    try:
        levels = tuple(float(level) for level in given)
    except (TypeError, ValueError):
        levels = ()
    if not levels or not all(isfinite(level) for level in levels):
        raise UsageError(f"{name}: expected levels like (0.1, 0.2), from weak to strong, got {given!r}")
    return levels


def _needs(name: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, tuple | list) or not all(isinstance(axis, str) for axis in given):
        raise UsageError(f"{name}: expected needs as axis names like ('height', 'width'), got {given!r}")
    return tuple(given)

"""What an optimiser chooses from: named parameters, each of one kind.

space = Space(rate=Log(1e-4, 1), size=Line(0, 1), turn=Angle(), colour=Colour(3), kernel=Choice(["a", "b"]))
points = space.random(5, rng)  # rows of numbers
space.dict_of(points[0])       # {"rate": 0.013, "size": 0.4, ...}
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError, did_you_mean
from brittle.optimise.kinds import Kind

Points = NDArray[np.float64]  # (n, columns)
Features = NDArray[np.float64]  # (n, size)


class Space:
    """Named parameters. columns: numbers of a point. size: its features; groups: (size,), whose each is."""

    def __init__(self, parameters: Mapping[str, Kind] | None = None, /, **named: Kind) -> None:
        self.kinds: dict[str, Kind] = {**(parameters or {}), **named}
        if not self.kinds:
            raise UsageError(
                "expected a space of one parameter or more, such as Space(x=Line(0, 1)), got none"
            )
        for name, kind in self.kinds.items():
            if not hasattr(kind, "features"):
                raise UsageError(f"expected a kind such as Line(0, 1) for '{name}', got {kind!r}")
        self._columns = _slices([kind.columns for kind in self.kinds.values()])
        self._features = _slices([kind.size for kind in self.kinds.values()])
        self.columns, self.size = self._columns[-1].stop, self._features[-1].stop
        self.groups: NDArray[np.intp] = np.repeat(
            np.arange(len(self.kinds)), [kind.size for kind in self.kinds.values()]
        )

    def __len__(self) -> int:
        return len(self.kinds)

    def __repr__(self) -> str:
        return f"Space({', '.join(f'{name}={kind!r}' for name, kind in self.kinds.items())})"

    def random(self, n: int, rng: np.random.Generator) -> Points:
        """Points at random, uniform by the measure of each kind."""
        return np.concatenate([kind.random(n, rng) for kind in self.kinds.values()], axis=1)

    def near(
        self,
        points: Points,
        rng: np.random.Generator,
        spread: float | NDArray[np.float64],
        moved: float | NDArray[np.float64] = 1.0,
    ) -> Points:
        """A point near each. spread: standard deviation as a share of each range, one or (n,).

        moved: the probability of each parameter to move, one or (n,); one at least moves.
        """
        n = len(points)
        wide = np.broadcast_to(spread, n)[:, None]
        mask = rng.random((n, len(self))) < np.broadcast_to(moved, n)[:, None]
        mask[np.arange(n), rng.integers(len(self), size=n)] = True
        parts = [
            np.where(mask[:, i, None], kind.near(points[:, at], rng, wide), points[:, at])
            for i, (kind, at) in enumerate(zip(self.kinds.values(), self._columns, strict=True))
        ]
        return np.concatenate(parts, axis=1)

    def features(self, points: Points) -> Features:
        """What models see of points: the same for points that mean the same."""
        pairs = zip(self.kinds.values(), self._columns, strict=True)
        return np.concatenate([kind.features(points[:, at]) for kind, at in pairs], axis=1)

    def points(self, features: Features) -> Points:
        """The points nearest to these features, each parameter by itself."""
        pairs = zip(self.kinds.values(), self._features, strict=True)
        return np.concatenate([kind.values(features[:, at]) for kind, at in pairs], axis=1)

    def dict_of(self, point: NDArray[np.float64]) -> dict[str, Any]:
        """A point by the names of its parameters. point: (columns,)."""
        pairs = zip(self.kinds.items(), self._columns, strict=True)
        return {name: kind.said(point[at]) for (name, kind), at in pairs}

    def point_of(self, values: Mapping[str, Any]) -> NDArray[np.float64]:
        """The point of named values, (columns,). Raises UsageError if one is missing, unknown or wrong."""
        for name in values:
            if name not in self.kinds:
                raise UsageError(f"there is no parameter '{name}'; {did_you_mean(str(name), self.kinds)}")
        missing = [name for name in self.kinds if name not in values]
        if missing:
            raise UsageError(f"expected a value of every parameter, got none of '{missing[0]}'")
        parts = []
        for name, kind in self.kinds.items():
            try:
                parts.append(kind.row(values[name]))
            except UsageError as error:
                raise UsageError(f"'{name}': {error}") from error
        return np.concatenate(parts)


def _slices(lengths: list[int]) -> list[slice]:
    ends = np.cumsum(lengths).tolist()
    return [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]

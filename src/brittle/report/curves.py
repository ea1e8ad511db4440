"""How the share of flipped samples grows with queries and with distance."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.result import SearchResult, Status

PLAYED = (Status.FLIPPED, Status.SURVIVED)
MOST_STEPS = 200


@dataclass(frozen=True)
class Curve:
    """The share of played samples that had flipped at each value. at: sorted, one value for every flip."""

    at: NDArray[np.float64]
    played: int

    def share(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share flipped at or below x, of the shape of x; 0 where nothing was played."""
        flipped = np.searchsorted(self.at, x, side="right")
        return np.asarray(flipped / max(1, self.played), np.float64)

    @property
    def reach(self) -> float:
        """The greatest value of a flip; 0 where there is none."""
        return float(self.at[-1]) if self.at.size else 0.0

    def steps(self, end: float) -> tuple[list[float], list[float]]:
        """Where the share rises, from 0 to end and with both of them, and to what; thinned to MOST_STEPS."""
        known = self.at[self.at < end]
        if known.size > MOST_STEPS:
            known = known[np.linspace(0, known.size - 1, MOST_STEPS).astype(int)]
        x = np.unique(np.concatenate([[0.0], known, [end]]))
        return x.tolist(), self.share(x).tolist()


@dataclass(frozen=True)
class Curves:
    """ASR against queries to the first flip, and against the L2 distance of the closest one."""

    queries: Curve
    distance: Curve
    budget: int


def curves(results: Iterable[SearchResult], budget: int) -> Curves:
    """Both curves of the played samples (flipped and survived)."""
    played, queries, distances = 0, array("d"), array("d")
    for result in results:
        played += result.status in PLAYED
        if result.status is Status.FLIPPED and result.first and result.closest:
            queries.append(result.first.query)
            distances.append(result.closest.l2)
    return Curves(Curve(np.sort(queries), played), Curve(np.sort(distances), played), budget)

"""What is known about one sample when its search has ended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Status(StrEnum):
    """How it ended. MISCLASSIFIED: wrong before anything was changed. FAILED: not played; see message."""

    FLIPPED = "flipped"
    SURVIVED = "survived"
    MISCLASSIFIED = "misclassified"
    FAILED = "failed"


@dataclass(frozen=True)
class Flip:
    """A changed input that was read back from its file and flipped the decision when asked alone.

    query:     the number of its row among those shown for the sample, from 1.
    l2, linf, l0, mean_absolute: distance to the original in the input's own units; snr in dB and prd in
               percent for signals.
    frames, frames_in_row: of a clip, how many were changed, and the longest run of them.
    predicted: class index; top: the five greatest (class, probability).
    file:      inside the run folder; assignment: its recipe on the cells board.
    """

    query: int
    l2: float
    linf: float
    l0: int
    mean_absolute: float
    predicted: int
    top: tuple[tuple[int, float], ...]
    file: str
    assignment: tuple[int, ...] | None = None
    snr: float | None = None
    prd: float | None = None
    frames: int | None = None
    frames_in_row: int | None = None

    @property
    def cells(self) -> int | None:
        """How many cells are not as they were, where there are cells."""
        return None if self.assignment is None else sum(layer > 0 for layer in self.assignment)


class Point(NamedTuple):
    """One improvement: after `query` rows the best margin (nats), and the best L2 of a flip."""

    query: int
    margin: float
    l2: float | None


@dataclass(frozen=True)
class SearchResult:
    """One sample's line in results.jsonl. queries counts every row shown: clean, candidates, verification.

    map1_query: of clips, the first row that flipped at a mean absolute change of at most 1 of 255.
    """

    sample: str
    label: int | None
    status: Status
    search: str
    queries: int
    predicted: int | None = None
    top: tuple[tuple[int, float], ...] = ()
    first: Flip | None = None
    closest: Flip | None = None
    curve: tuple[Point, ...] = ()
    map1_query: int | None = None
    notes: Mapping[str, Any] | None = None
    seed: int = 0
    message: str = ""
    seconds: float = 0.0
    started: str = ""
    finished: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for one JSON line; a point of the curve is [query, margin, l2]."""
        return asdict(self)

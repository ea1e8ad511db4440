"""What is known about one sample when it has been explained."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How it ended.

    NOTHING_FOUND: nothing that was filled moved the answer. REFUSED: the fills keep the class, so that taking
    something away by them shows nothing. FAILED: not explained; see message.
    """

    EXPLAINED = "explained"
    NOTHING_FOUND = "nothing_found"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class Share:
    """A part of the input, by the map's order, shown from its file alone: kept, or taken away.

    share: of the elements, 0 to 1. query: the number of its row. probability: of the explained class.
    predicted: the class of the answer. file: inside the run folder.
    """

    share: float
    query: int
    probability: float
    predicted: int
    file: str


@dataclass(frozen=True)
class Areas:
    """Areas under the curves of a map: insertion (greater is better) and deletion (less is)."""

    insertion: float
    deletion: float

    @property
    def difference(self) -> float:
        """Insertion - deletion."""
        return self.insertion - self.deletion


@dataclass(frozen=True)
class Evaluation:
    """What a map is worth, measured with rows of its own.

    rows: shown for it. other_fill: one that the explainer did not use. areas: by map (map, centre, contrast,
    random) and fill, from longer curves. drop: share of the probability that is lost where the input is
    dimmed by the map (Average Drop); increase: whether it rose instead. stability: rank correlation with the
    map of another seed, None for a map that is flat.
    """

    rows: int
    other_fill: str
    areas: Mapping[str, Mapping[str, Areas]]
    drop: float
    increase: bool
    stability: float | None = None


@dataclass(frozen=True)
class Truth:
    """A map against a mask of what should matter.

    iou: of the map's greatest elements, as many as the mask has. pointing: whether the greatest lies inside.
    mass: share of the map above its median that lies inside.
    """

    iou: float
    pointing: bool
    mass: float


@dataclass(frozen=True)
class Explanation:
    """One sample's line in results.jsonl of an explanation.

    explained: the class; probability, filled: its probability for the untouched sample and for the fill.
    queries: every row shown: clean, fills, the explainer's, the curves of its map, verification.
    evaluation_rows: shown besides, to evaluate. insertion, deletion: areas under the curves of the map.
    suffices: the smallest share whose elements keep 90 % of the probability, the rest filled. flips: the
    smallest whose removal changes the decision. file: the map; original: the untouched sample.
    """

    sample: str
    label: int | None
    status: Outcome
    explainer: str
    queries: int
    evaluation_rows: int = 0
    predicted: int | None = None
    top: tuple[tuple[int, float], ...] = ()
    explained: int | None = None
    probability: float | None = None
    filled: float | None = None
    fill: str = ""
    insertion: float | None = None
    deletion: float | None = None
    suffices: Share | None = None
    flips: Share | None = None
    file: str = ""
    original: str = ""
    evaluation: Evaluation | None = None
    truth: Truth | None = None
    notes: Mapping[str, Any] | None = None
    seed: int = 0
    message: str = ""
    seconds: float = 0.0
    started: str = ""
    finished: str = ""

    @property
    def wrong(self) -> bool:
        """Whether the model was wrong about the untouched sample."""
        return self.label is not None and self.predicted is not None and self.label != self.predicted

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for one JSON line."""
        return asdict(self)

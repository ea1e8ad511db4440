"""What a run tells while it is watched, checked: the lines of live/ may be a stranger's.

What passes is bounded, and its parts fit each other, so that a browser can draw it.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from brittle.store.trails import Bars, Count, Parts, TrailStart, TrailStep, Untouched

MOST_POINTS = 20_000
Points = Annotated[list[tuple[Count, FiniteFloat, FiniteFloat | None]], Field(max_length=MOST_POINTS)]
Rows = Annotated[list[tuple[Count, FiniteFloat]], Field(max_length=MOST_POINTS)]
Levels = Annotated[str, Field(max_length=10_000)]


class _Event(BaseModel):
    """What all events say. time: when it was told, in seconds."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sample: str
    time: FiniteFloat = 0.0


class _Map(_Event):
    """What is told of an explanation. map, seen: the map, and how many rows it is from; points: of rows."""

    points: Rows = []
    map: Levels | None = None
    seen: Count | None = None


class Closest(BaseModel):
    """The closest flip so far."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    query: Count
    l2: FiniteFloat
    rms: str = ""
    picture: Parts


class Start(TrailStart, _Event):
    """A sample of an audit, as its search begins."""

    points: Points = []
    closest: Closest | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Start":
        sides = len(self.sizes)
        if not sides or len(self.counts) not in (0, sides) or len(self.counts) != len(self.cell):
            raise ValueError("expected as many sides of cells as of the input")
        return self


class Step(TrailStep, _Event):
    """What is tried on it."""

    points: Points = []
    closest: Closest | None = None


class MapStart(Untouched, _Map):
    """A sample of an explanation, as its explainer begins."""

    event: Literal["sample"]
    explained: str
    probability: FiniteFloat
    filled: FiniteFloat
    fill: str = ""
    budget: Count
    query: Count
    bars: Bars
    colours: list[str] = Field([], max_length=64)

    @model_validator(mode="after")
    def _fits(self) -> "MapStart":
        if not self.sizes or len(self.counts) != len(self.sizes):
            raise ValueError("expected as many sides of the map as of the input")
        return self


class MapStep(_Map):
    """What is shown of it."""

    event: Literal["step"]
    query: Count
    found: bool = False
    probability: FiniteFloat
    kept: FiniteFloat
    bars: Bars
    masked: Parts


class Flips(_Event):
    """Flips between two steps."""

    event: Literal["flip"]
    points: Points = []


class End(_Event):
    """How a sample ended."""

    event: Literal["end"]
    query: Count | None = None
    status: str | None = None
    l2: FiniteFloat | None = None
    points: Points = []
    closest: Closest | None = None


class MapEnd(_Map):
    """How a sample of an explanation ended; shares of the input."""

    event: Literal["end"]
    query: Count | None = None
    status: str | None = None
    suffices: FiniteFloat | None = None
    flips: FiniteFloat | None = None


AUDIT: dict[str, type[BaseModel]] = {"sample": Start, "step": Step, "flip": Flips, "end": End}
EXPLANATION: dict[str, type[BaseModel]] = {"sample": MapStart, "step": MapStep, "end": MapEnd}


def checked(event: Any) -> dict[str, Any] | None:
    """An event with what is known of its kind alone; None where it is none."""
    if not isinstance(event, dict):
        return None
    kinds = EXPLANATION if "seen" in event else AUDIT
    kind = kinds.get(str(event.get("event")))
    try:
        return kind.model_validate(event).model_dump(mode="json", exclude_unset=True) if kind else None
    except ValidationError:
        return None

"""The trail of a sample as it stands in trail/NAME.jsonl: its beginning, what improved, its end.

A line each, in order of the queries. It is told for people, with small pictures: results are elsewhere. A run
folder may be a stranger's, so what is read is bounded.
"""

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError, model_validator

from brittle.core.errors import RunError
from brittle.store.archive import file_name
from brittle.store.files import read_plain
from brittle.store.records import FORMAT

PLACE = "trail"
MOST_BYTES = 2_000_000  # of one sample
MOST_STEPS = 80
MOST_CELLS = 4096
"""Cells that are told one by one."""

Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Side = Annotated[int, Field(ge=1, le=100_000)]
Length = Annotated[int, Field(ge=1, le=100_000_000)]
Trace = Annotated[list[FiniteFloat], Field(max_length=2000)]
Parts = Annotated[list[str] | list[Trace], Field(max_length=64)]
"""An input as it is shown: a picture for each frame, as a data URI; or the numbers of each trace."""


class Bar(BaseModel):
    """A class, and its probability before anything was changed, and now. own: the label's."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    own: bool
    before: FiniteFloat
    now: FiniteFloat


Bars = Annotated[list[Bar], Field(max_length=64)]


class _Told(BaseModel):
    """What all lines say. sample: its id. query: how many rows the model was shown by then."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1] = FORMAT
    sample: str
    query: Count


class Untouched(BaseModel):
    """The untouched input, as it is drawn.

    sizes: elements of it along each axis that can be cut; counts: cells along each. frames: those of a clip
    that are shown, from 1. names, unit, rate: of the traces of a signal.
    """

    original: Parts
    kind: Literal["image", "clip", "signal"]
    sizes: list[Length] = Field([], max_length=3)
    counts: list[Side] = Field([], max_length=3)
    frames: list[Count] = Field([], max_length=64)
    names: list[str] = Field([], max_length=64)
    unit: str | None = None
    rate: FiniteFloat | None = None

    @model_validator(mode="after")
    def _is_of_its_kind(self) -> Self:
        traces = all(isinstance(part, list) for part in self.original)
        frames = len(self.original) if self.kind == "clip" else 0
        if not self.original or traces != (self.kind == "signal") or len(self.frames) != frames:
            raise ValueError(f"expected what a {self.kind} is drawn from")
        return self


class TrailStart(Untouched, _Told):
    """The sample as its search begins.

    margin: in nats. cell: elements of a cell along each axis, tints: the colour of each distortion; where
    there are cells.
    """

    event: Literal["sample"]
    label: str
    target: str | None = None
    budget: Count
    margin: FiniteFloat
    bars: Bars
    cell: list[Side] = Field([], max_length=3)
    tints: dict[str, str] = {}


class TrailStep(_Told):
    """A try that improved the margin, or that flips and is closer. points: [query, margin, L2 of a flip].

    cells: of each cell the place of its distortion among the tints from 1, 0 for none. touched, used: how
    many are not 0, and how many of each.
    """

    event: Literal["step"]
    margin: FiniteFloat
    l2: FiniteFloat
    rms: str = ""
    bars: Bars
    modified: Parts
    distortion: Parts
    points: list[tuple[Count, FiniteFloat, FiniteFloat | None]] = Field(max_length=1)
    cells: list[Annotated[int, Field(ge=0, le=10_000)]] | None = Field(None, max_length=MOST_CELLS)
    touched: Count = 0
    used: list[tuple[str, Count]] = Field([], max_length=1000)


class TrailEnd(_Told):
    """How it ended. l2: of the closest flip."""

    event: Literal["end"]
    status: Literal["flipped", "survived"]
    l2: FiniteFloat | None = None


TrailLine = Annotated[TrailStart | TrailStep | TrailEnd, Field(discriminator="event")]
LINE: TypeAdapter[TrailStart | TrailStep | TrailEnd] = TypeAdapter(TrailLine)


def trail_file(sample: str) -> str:
    """Where in a run the trail of a sample is."""
    return f"{PLACE}/{file_name(sample)}.jsonl"


def read_trail(run: Path, sample: str) -> list[dict[str, Any]]:
    """The lines of the trail of a sample, the beginning first; empty where there is none.

    Raises RunError where it is damaged, or too large.
    """
    file = trail_file(sample)
    try:
        data = read_plain(run, file, MOST_BYTES)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise RunError(f"{file} is not read: {error}") from error
    try:
        lines = [LINE.validate_json(line) for line in data.splitlines()]
    except (ValidationError, RecursionError) as error:
        raise RunError(f"{file} is damaged; the same command writes it anew with --keep-trail") from error
    if wrong := _what_is_wrong(lines, sample):
        raise RunError(f"{file} is damaged: {wrong}")
    return [line.model_dump(mode="json", exclude_unset=True) for line in lines]


def _what_is_wrong(lines: Sequence[TrailStart | TrailStep | TrailEnd], sample: str) -> str:
    """Why lines are no trail of this sample; empty where they are."""
    kinds = [line.event for line in lines]
    if kinds != ["sample", *["step"] * (len(kinds) - 2), "end"] or len(kinds) > MOST_STEPS + 2:
        return "expected one sample, its steps and its end"
    if any(line.sample != sample for line in lines):
        return "it is of another sample"
    cells = prod(next(line.counts for line in lines if isinstance(line, TrailStart)))
    told = (line.cells for line in lines if isinstance(line, TrailStep) and line.cells is not None)
    return "" if all(len(one) == cells for one in told) else "its cells are not those of the sample"

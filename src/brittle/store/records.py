"""The records of a run folder, as they stand in its files: checked when read, described by JSON schemas.

Every record has "format"; one of another format was written by another version of brittle. Keys that a record
does not know are left out.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, FiniteFloat, TypeAdapter, ValidationError

from brittle.core.errors import RunError
from brittle.core.result import SearchResult
from brittle.settings import one_line
from brittle.store.recipes import LONG, packed, unpacked

FORMAT: Literal[1] = 1
R = TypeVar("R", bound=BaseModel)
RENAMED = {"colours": "assignment"}
"""Keys of a flip as older runs have them."""
FLIPS = ("first", "closest")


@dataclass(frozen=True)
class ResultLine(SearchResult):
    """One line of results.jsonl: what is known about one sample.

    An assignment of more than 1000 cells is text there: 16 bits each, little-endian, zlib, base85.
    """

    format: Literal[1] = FORMAT


class SessionLine(BaseModel):
    """One line of sessions.jsonl; lines of one session number are read as one.

    session: from 1. started, finished: ISO times. batch: rows shown at once. seconds: that the command ran.
    output: what the model answers. setup_rows, warm_up_rows, rows, looked_up: as older runs have them; now
    they are in rows.jsonl.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1] = FORMAT
    session: int
    started: str | None = None
    versions: dict[str, str] = {}
    machine: str | None = None
    command: tuple[str, ...] = ()
    batch: int | None = None
    setup_rows: int | None = None
    warm_up_rows: int | None = None
    rows: int | None = None
    looked_up: int | None = None
    seconds: FiniteFloat | None = None
    finished: str | None = None
    output: str | None = None


class RowLine(BaseModel):
    """One line of rows.jsonl: what one process has shown to the model so far, in the session of this number.

    setup: to choose the batch size, to learn the number of classes and to know the model again. warm_up: to
    the agent that learns first. samples: clean inputs, candidates and verifications. retried: shown once
    more, as no answer had come. looked_up: of samples, answered from answers.sqlite instead.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1] = FORMAT
    session: int
    setup: int = 0
    warm_up: int = 0
    samples: int = 0
    retried: int = 0
    looked_up: int = 0


class Spread(BaseModel):
    """Mean and median of some values, null where there are none; 95 % intervals as [low, high]."""

    mean: float | None = None
    median: float | None = None
    interval: tuple[float, float] | None = None
    median_interval: tuple[float, float] | None = None


class Queries(Spread):
    """Rows to the first flip, over flips; mean_all, median_all: where a survivor counts the whole budget.

    total: rows of all samples: clean inputs, candidates and verifications.
    """

    total: int
    mean_all: float | None = None
    median_all: float | None = None


class RobustnessParts(BaseModel):
    """Both halves of the robustness, 0 to 1: means over so many samples."""

    samples: int
    under_distortion: float
    under_attack: float


class SummaryFile(BaseModel):
    """Contents of summary.json.

    accuracy: of the labelled samples, before anything was changed. asr: flipped / (flipped + survived).
    robustness: the one figure, of an audit with severity curves. All three with their intervals. l2 ... prd:
    of the closest flips, in the input's own units (psnr and snr in dB, prd in percent; these two of signals);
    of clips map (mean absolute change, of 255; map_all: a survivor counts 12.75), frames and frames_in_row
    (changed); on the cells board cells (touched); closest_queries: the query that found them. queries: to the
    first flips; first_l2: their L2; map1_queries: to the first flips of a MAP of at most 1. notes: what the
    search says of itself.
    rows_shown: what the model saw = queries.total + setup_rows (to know the model and its best batch) +
    warm_up_rows (to the agent that learns first) + retried_rows (once more, as no answer had come) +
    interrupted_rows (for samples that a stopped command left, and that were played anew) - looked_up_rows
    (answered from answers.sqlite).
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1] = FORMAT
    samples: int
    misclassified: int
    flipped: int
    survived: int
    failed: int
    accuracy: float | None = None
    accuracy_interval: tuple[float, float] | None = None
    asr: float | None
    asr_interval: tuple[float, float] | None
    robustness: float | None = None
    robustness_interval: tuple[float, float] | None = None
    robustness_parts: RobustnessParts | None = None
    queries: Queries
    rows_shown: int | None = None
    setup_rows: int | None = None
    warm_up_rows: int | None = None
    retried_rows: int | None = None
    interrupted_rows: int | None = None
    looked_up_rows: int | None = None
    l2: Spread
    linf: Spread
    l0: Spread
    mean_absolute: Spread
    rms: Spread | None = None
    psnr: Spread | None = None
    first_l2: Spread | None = None
    closest_queries: Spread | None = None
    snr: Spread | None = None
    prd: Spread | None = None
    map: Spread | None = None
    map_all: Spread | None = None
    map1: int | None = None
    map1_queries: Spread | None = None
    cells: Spread | None = None
    frames: Spread | None = None
    frames_in_row: Spread | None = None
    notes: dict[str, Spread] = {}
    seconds: FiniteFloat
    rows_per_second: FiniteFloat | None
    search: str
    budget: int
    seed: int


class FoundSpread(Spread):
    """Of a share that some samples have. found: how many."""

    found: int


class PortionFile(BaseModel):
    """How many of some samples, with Wilson's interval."""

    share: float | None
    interval: tuple[float, float] | None
    of: int


class AreaSpreads(BaseModel):
    """Areas under curves. difference: insertion - deletion; ahead: by how much the explainer's is greater."""

    insertion: Spread
    deletion: Spread
    difference: Spread
    ahead: Spread


class EvaluationFile(BaseModel):
    """What maps are worth. areas: by map (map, centre, contrast, random), then by fill: own, or other.

    fills: names of either. drop, increase: Average Drop and Increase. stability: rank correlation with the
    map of another seed.
    """

    samples: int
    fills: dict[str, list[str]]
    areas: dict[str, dict[str, AreaSpreads]]
    drop: Spread
    increase: PortionFile
    stability: Spread


class TruthFile(BaseModel):
    """Maps against masks of what should matter."""

    samples: int
    iou: Spread
    pointing: PortionFile
    mass: Spread


class TotalQueries(BaseModel):
    """Rows of all samples."""

    total: int


class ExplainSummaryFile(BaseModel):
    """Contents of summary.json of an explanation.

    wrong: samples that the model was wrong about, of those labelled. suffices, flips: shares of the input;
    insertion, deletion: areas under the curves of the maps. queries.total: of all samples. evaluation_rows:
    shown besides, to evaluate; further rows as in SummaryFile. fills: how often each was used.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1] = FORMAT
    samples: int
    explained: int
    nothing_found: int
    refused: int
    failed: int
    wrong: int
    labelled: int
    suffices: FoundSpread
    flips: FoundSpread
    insertion: Spread
    deletion: Spread
    difference: Spread
    evaluation: EvaluationFile | None = None
    truth: TruthFile | None = None
    queries: TotalQueries
    evaluation_rows: int
    rows_shown: int
    setup_rows: int
    retried_rows: int
    interrupted_rows: int
    looked_up_rows: int
    seconds: FiniteFloat
    rows_per_second: FiniteFloat | None
    fills: dict[str, int] = {}
    explainer: str
    budget: int
    seed: int


RESULT = TypeAdapter(ResultLine)


def result_schema() -> dict[str, Any]:
    """The JSON schema of a line of results.jsonl, where an assignment may be packed."""
    schema = RESULT.json_schema()
    schema["$defs"]["Flip"]["properties"]["assignment"]["anyOf"].append({"type": "string"})
    return schema


def result_text(result: SearchResult) -> str:
    """The line of results.jsonl for one result, without its end; long assignments are packed."""
    data = result.to_dict()
    for key in FLIPS:
        if data[key] and len(data[key]["assignment"] or ()) > LONG:
            data[key]["assignment"] = packed(data[key]["assignment"])
    return _json({"format": FORMAT, **data})


def read_result(text: str, where: str) -> SearchResult:
    """The result of a line of results.jsonl. Raises RunError, which names `where`."""
    data = loaded(text, where)
    try:
        for key in FLIPS:
            if isinstance(data.get(key), dict):
                data[key] = {RENAMED.get(name, name): value for name, value in data[key].items()}
                if isinstance(data[key].get("assignment"), str):
                    data[key]["assignment"] = unpacked(data[key]["assignment"])
        return RESULT.validate_python(data)
    except ValidationError as error:
        raise RunError(damaged(where, one_line(error))) from error
    except ValueError as error:
        raise RunError(damaged(where, str(error))) from error


def session_text(session: dict[str, Any]) -> str:
    """The line of sessions.jsonl for what is known of a session, without its end."""
    return _json(SessionLine.model_validate(session).model_dump(mode="json", include={"format", *session}))


def read_record(kind: type[R], text: str, where: str) -> R:
    """A record of this kind from its text. Raises RunError, which names `where`."""
    data = loaded(text, where)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise RunError(damaged(where, one_line(error))) from error


def loaded(text: str, where: str, **options: Any) -> dict[str, Any]:
    """A record as plain data. Raises RunError, which names `where`, for one of another format.

    options: as of json.loads.
    """
    try:
        data = json.loads(text, **options)
    except (ValueError, RecursionError) as error:
        raise RunError(damaged(where, str(error))) from error
    if not isinstance(data, dict):
        raise RunError(damaged(where, f"expected an object, got {type(data).__name__}"))
    if data.get("format", FORMAT) != FORMAT:
        raise RunError(
            f"{where}: expected format {FORMAT}, got {data['format']!r}; use the brittle that wrote it"
        )
    return data


def damaged(where: str, reason: str) -> str:
    """What is said of a record that makes no sense."""
    return f"{where} is damaged ({' '.join(reason.split())[:200]})"


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)

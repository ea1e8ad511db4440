"""One sample of severity curves: what the model answers to it under each distortion, over the whole input.

A sample run, as that of an audit: it yields requests for rows and is sent the answers.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from time import perf_counter
from typing import Any

from brittle.core.canvas import Distortion, distort
from brittle.core.errors import DataError, DiskError
from brittle.core.request import Request, SampleRun, asked
from brittle.core.sample import Array, Sample
from brittle.core.sample_run import now, why
from brittle.core.search import InputBoard


class CurveStatus(StrEnum):
    """How it ended. FAILED: it cannot be read, or answered; see message."""

    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class CurveResult:
    """One line of results.jsonl of severity curves.

    queries: rows that were shown. predicted: class of the untouched input. answers: class of the input under
    each layer of the run's palette, in its order.
    """

    sample: str
    label: int | None
    status: CurveStatus
    queries: int
    predicted: int | None = None
    answers: tuple[int, ...] = ()
    seed: int = 0
    message: str = ""
    seconds: float = 0.0
    started: str = ""
    finished: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for one JSON line."""
        return asdict(self)


def curve_sample(
    name: str, open_sample: Callable[[], Sample], distortions: Sequence[Distortion], seed: int
) -> SampleRun[CurveResult]:
    """The run of one sample: the untouched input, then every distortion at every level, one draw of each.

    Bad data or a failing distortion make it FAILED; nothing is raised.
    """
    start, began = perf_counter(), now()
    known: dict[str, Any] = {"label": None, "queries": 0}
    try:
        known.update((yield from _answers(open_sample, distortions, seed, known)), status=CurveStatus.DONE)
    except DiskError:
        raise
    except Exception as error:
        known.update(status=CurveStatus.FAILED, message=why(error))
    seconds = round(perf_counter() - start, 3)
    return CurveResult(sample=name, seed=seed, seconds=seconds, started=began, finished=now(), **known)


def _answers(
    open_sample: Callable[[], Sample], distortions: Sequence[Distortion], seed: int, known: dict[str, Any]
) -> Generator[Request, Array, dict[str, Any]]:
    sample = open_sample()
    known["label"] = sample.label
    board = InputBoard(sample)
    clean = (yield from asked(Request(board, sample.x[None]), known))[0]
    if sample.label is not None and not 0 <= sample.label < len(clean):
        raise DataError(f"expected a label of 0 to {len(clean) - 1}, got {sample.label}")
    found = []
    for distortion in distortions:
        for level in distortion.levels:
            x = distort(distortion, sample, level, 0, seed)
            answer = yield from asked(Request(board, x[None]), known)
            found.append(int(answer[0].argmax()))
    return {"predicted": int(clean.argmax()), "answers": tuple(found)}

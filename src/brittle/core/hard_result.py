"""What is known of one sample when a phase of a benchmark has ended for it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Ending(StrEnum):
    """How it ended. LEFT_OUT: it does not fit, see message. FAILED: it cannot be read, or answered."""

    DONE = "done"
    LEFT_OUT = "left_out"
    FAILED = "failed"


@dataclass(frozen=True)
class Distances:
    """How far a file is from the untouched one, in the input's own units.

    ssim: of images and clips. snr: of signals, dB.
    """

    l2: float
    rms: float
    linf: float
    ssim: float | None = None
    snr: float | None = None


@dataclass(frozen=True)
class Piece:
    """One file: a sample under one kind of change at one level.

    sha256: of the file. margins: each surrogate's to the file alone, nats. queries: candidates asked for its
    kind of change, once for all levels.
    """

    kind: str
    level: str
    file: str
    sha256: str
    distances: Distances
    recipe: Mapping[str, Any]
    margins: tuple[float, ...]
    queries: int


@dataclass(frozen=True)
class Answer:
    """What a hold-out answered to one file. margin: of the label, nats, below 0 it errs."""

    file: str
    predicted: int
    margin: float


@dataclass(frozen=True)
class HardResult:
    """One line of results.jsonl of a phase: to share, to build, or to hold out.

    rows: shown, by account (clean, share, build, check, held_out); one row goes to every surrogate.
    scores: by kind, what each shared pattern left of the joint margin, nats; None where it reached no level.
    clean, clean_sha256: file of the untouched sample, and its SHA-256. pieces: of a build. answers: of a
    hold-out.
    """

    sample: str
    label: int | None
    status: Ending
    rows: Mapping[str, int]
    scores: Mapping[str, tuple[float | None, ...]] | None = None
    clean: str = ""
    clean_sha256: str = ""
    pieces: tuple[Piece, ...] = ()
    answers: tuple[Answer, ...] = ()
    seed: int = 0
    message: str = ""
    seconds: float = 0.0
    started: str = ""
    finished: str = ""

    @property
    def queries(self) -> int:
        """All its rows."""
        return sum(self.rows.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for one JSON line."""
        return asdict(self)

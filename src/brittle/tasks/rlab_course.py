"""A training of the agent of rlab under way: its curve, its checkpoint."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from brittle.agent.dueling import DuelingSettings, Learner
from brittle.agent.replay import Replay
from brittle.core.errors import DiskError


@dataclass(frozen=True)
class RlabRound:
    """One round of `of`: share flipped, mean steps and reward a game, chance of a random choice, loss.

    rows: asked for so far; shown: those of them that the models saw, the others were looked up.
    """

    round: int
    of: int
    flipped: float
    steps: float
    reward: float
    chance: float
    loss: float
    rows: int
    shown: int


@dataclass
class Course:
    """A training under way: the network, what was lived through, the curve."""

    learner: Learner
    replay: Replay
    curve: list[RlabRound]


@dataclass(frozen=True)
class Checkpoint:
    """An unfinished training beside its file-to-be; one that was asked something else is not continued."""

    path: Path
    question: dict[str, Any]

    def write(self, course: Course) -> None:
        """Keep where it stands, whole or not at all. Raises DiskError."""
        part = self.path.with_name(f"{self.path.name}.new")
        arrays = course.learner.arrays() | {f"replay.{k}": v for k, v in course.replay.rows.items()}
        curve = np.array([astuple(entry) for entry in course.curve], np.float64)
        try:
            with part.open("wb") as file:
                np.savez(file, asked=json.dumps(self.question), curve=curve, **arrays)
            part.replace(self.path)
        except OSError as error:
            raise DiskError(f"cannot write '{self.path}': {error.strerror}") from error

    def read(self, settings: DuelingSettings) -> Course | None:
        """What was kept, if it is of the same question."""
        try:
            with np.load(self.path, allow_pickle=False) as kept:
                if json.loads(str(kept["asked"])) != json.loads(json.dumps(self.question)):
                    return None
                arrays = {key: kept[key] for key in kept.files}
        except (OSError, ValueError, KeyError, BadZipFile):
            return None
        learner = Learner(settings)
        learner.restore(arrays)
        lived = {k.removeprefix("replay."): v for k, v in arrays.items() if k.startswith("replay.")}
        whole = [f.type is int for f in fields(RlabRound)]
        rows = [
            [int(v) if w else v for v, w in zip(row, whole, strict=True)] for row in arrays["curve"].tolist()
        ]
        return Course(learner, Replay(lived), [RlabRound(*row) for row in rows])


def write_curve(path: Path, curve: Sequence[RlabRound]) -> None:
    """One line a round, as CSV. Raises DiskError."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([f.name for f in fields(RlabRound)])
    writer.writerows([f"{v:.4f}" if isinstance(v, float) else v for v in astuple(c)] for c in curve)
    try:
        path.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise DiskError(f"cannot write '{path}': {error.strerror}") from error

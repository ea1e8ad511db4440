"""An unfinished training on disk: safetensors, so that it can be read without running anything."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from brittle.store.files import write_whole

KEY = "brittle"


@dataclass(frozen=True)
class Update:
    """One update of an agent, over the games that ended since the last one.

    queries: rows shown to all models so far. games: how many ended. gain: their mean sum of rewards.
    flipped: share of them that flipped; first: mean queries to the first flip, l2: median of the closest
    flips, over those that did; NaN where there are none. drift: KL divergence of the update, nats.
    """

    update: int
    queries: int
    games: int
    gain: float
    flipped: float
    first: float
    l2: float
    drift: float


@dataclass(frozen=True)
class Kept:
    """Where a training stands after an update. arrays: weights and the optimiser's state, by name.

    started: games begun on each model.
    """

    arrays: Mapping[str, NDArray[Any]]
    curve: tuple[Update, ...]
    started: tuple[int, ...]
    queries: int


@dataclass(frozen=True)
class Checkpoint:
    """The file of a training; one that was asked something else is not continued."""

    path: Path
    question: Mapping[str, Any]

    def write(self, kept: Kept) -> None:
        """Keep a state, whole or not at all. Raises DiskError."""
        about = {
            "question": dict(self.question),
            "curve": [list(asdict(update).values()) for update in kept.curve],
            "started": list(kept.started),
            "queries": kept.queries,
        }
        arrays = {name: np.ascontiguousarray(a) for name, a in kept.arrays.items()}
        write_whole(self.path, save(arrays, {KEY: json.dumps(about)}))

    def read(self) -> Kept | None:
        """What was kept, if it is of the same question; None if it is not, or there is nothing to read."""
        try:
            data = self.path.read_bytes()
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            about = json.loads(header["__metadata__"][KEY])
            if about["question"] != json.loads(json.dumps(dict(self.question))):
                return None
            curve = tuple(Update(**dict(zip(NAMES, row, strict=True))) for row in about["curve"])
            return Kept(load(data), curve, tuple(about["started"]), about["queries"])
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            return None

    def delete(self) -> None:
        """It is not needed any more."""
        self.path.unlink(missing_ok=True)


NAMES = [f.name for f in fields(Update)]

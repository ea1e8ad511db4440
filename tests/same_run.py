"""A small model as a function and behind an address, a run of it, and what befalls its folder."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import brittle
from brittle.core.sample import Array

WEIGHTS = np.random.default_rng(0).normal(size=(48, 3))
DATA = (np.random.default_rng(1).integers(0, 256, (5, 3, 4, 4), np.uint8), None)
ROWS = 2  # identity rows


@dataclass
class Served:
    """A linear model behind an address, and how many rows it was shown."""

    address: str = ""
    weights: NDArray[Any] = field(default_factory=lambda: WEIGHTS)
    rows: int = 0


@dataclass
class Counted:
    """A function that counts its rows; by: what its answers are multiplied with."""

    by: float = 1.0
    classes_told: int = 3
    rows: int = 0
    input_shape = (3, 4, 4)

    def __call__(self, x: Array) -> Array:
        self.rows += len(x)
        return np.asarray(self.by * (x.reshape(len(x), -1) @ WEIGHTS)[:, : self.classes_told])


def audited(model: Any, out: Path, data: Any = DATA, **settings: Any) -> brittle.Run:
    return brittle.audit(model, data, **{"budget": 20, "search": "random", "out": str(out), **settings})


def asked(run: brittle.Run) -> int:
    """Every row that the run says it asked."""
    return sum((s.get("setup_rows") or 0) + (s.get("rows") or 0) for s in run.sessions())


def edit(run: Path, change: Any) -> None:
    """Change run.json."""
    manifest = json.loads((run / "run.json").read_text())
    change(manifest)
    (run / "run.json").write_text(json.dumps(manifest))


def unfinish(run: Path, lines: int = 2) -> int:
    """Leave only some results, as a kill does; how many queries are to be asked again."""
    kept = (run / "results.jsonl").read_text().splitlines(keepends=True)
    (run / "results.jsonl").write_text("".join(kept[:lines]))
    (run / "summary.json").unlink()
    return sum(json.loads(line)["queries"] for line in kept[lines:])


def photos(folder: Path, value: int = 60, names: tuple[str, ...] = ("0", "1", "2")) -> Path:
    for k, name in enumerate(names):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4, 3), value + k, np.uint8)).save(folder / name / "a.bmp")
    return folder

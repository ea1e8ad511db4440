"""Learn offline, on local models and images of one's own, what searches then use."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from brittle.agent.local_models import open_local
from brittle.agent.tile import Learning, TileSettings, TileStep, begin, learn
from brittle.core.errors import DataError, DiskError, UsageError, did_you_mean
from brittle.core.sample import Sample
from brittle.data import DataOptions, Dataset, open_data
from brittle.store.tiles import write_tiles

EVERY = 10  # steps between two checkpoints


@dataclass(frozen=True)
class Checkpoint:
    """An unfinished training beside its file-to-be; one that was asked something else is not continued."""

    path: Path
    question: dict[str, Any]

    def write(self, state: Learning) -> None:
        """Keep a state, whole or not at all. Raises DiskError."""
        part = self.path.with_name(f"{self.path.name}.new")
        curve = np.array([astuple(step) for step in state.curve])
        text = json.dumps(self.question)
        try:
            with part.open("wb") as file:
                np.savez(file, asked=text, tiles=state.tiles, speed=state.speed, wins=state.wins, curve=curve)
            part.replace(self.path)
        except OSError as error:
            raise DiskError(f"cannot write '{self.path}': {error.strerror}") from error

    def read(self, steps: int) -> Learning | None:
        """The state that was kept, if it is of the same question and of no more steps."""
        try:
            with np.load(self.path, allow_pickle=False) as kept:
                if json.loads(str(kept["asked"])) != json.loads(json.dumps(self.question)):
                    return None
                curve = tuple(
                    TileStep(int(a), int(b), c, d, int(e)) for a, b, c, d, e in kept["curve"].tolist()
                )
                if len(curve) > steps:
                    return None
                return Learning(kept["tiles"], kept["speed"], kept["wins"], curve)
        except (OSError, ValueError, KeyError, BadZipFile):
            return None

    def delete(self) -> None:
        """It is not needed any more."""
        self.path.unlink(missing_ok=True)


def train_tiles(
    models: Sequence[str],
    data: str,
    out: str | Path,
    *,
    first: int | None = None,
    size: tuple[int, int] = (224, 224),
    watch: Callable[[TileStep], None] = lambda _: None,
    **settings: Any,
) -> Path:
    """Learn tiles for the search ripple; returns their file, which has a card and a curve beside it.

    The same call again continues from the last checkpoint.


    models:   local ones, see agent.local_models.open_local.
    data:     labelled images; first: only so many from the start of their order; size: height and width.
    settings: fields of TileSettings. Raises BrittleError with one line.
    """
    out = Path(out)
    if out.suffix != ".safetensors":
        raise UsageError(f"expected --out to end in .safetensors, got '{out}'")
    chosen = _settings(settings)
    if not models:
        raise UsageError("expected at least one local model to learn on; name it with --model")
    local = [open_local(name) for name in models]
    dataset = open_data(data, (3, None, None), options=DataOptions(size=size))
    samples = list(_labelled(dataset, first))
    question = {
        "kind": "tile",
        "models": [{"name": m.name, "sha256": m.sha256} for m in local],
        "data": {"name": dataset.name, "first": len(samples), "size": size, "sha256": dataset.sha256},
        "settings": {k: v for k, v in asdict(chosen).items() if k != "steps"},
    }
    checkpoint = Checkpoint(out.with_suffix(".part.npz"), question)
    learned = checkpoint.read(chosen.steps) or begin(dataset.spec, chosen)
    while len(learned.curve) < chosen.steps:
        learned = learn(learned, local, samples, chosen)
        watch(learned.curve[-1])
        if learned.curve[-1].step % EVERY == 0:
            checkpoint.write(learned)
    card = {
        **question,
        "settings": asdict(chosen),
        "rows": learned.curve[-1].rows,
        "command": _command([m.name for m in local], dataset.name, out.name, first, chosen),
        "versions": dict(_versions()),
    }
    axes = tuple(dataset.spec.axes[i] for i in dataset.spec.spatial)
    write_tiles(out, learned.tiles, axes, card)
    _write_curve(out.with_suffix(".csv"), learned.curve)
    checkpoint.delete()
    return out


def _settings(values: dict[str, Any]) -> TileSettings:
    known = {f.name for f in fields(TileSettings)}
    for key, value in values.items():
        if key not in known:
            raise UsageError(f"there is no setting '{key}' of tiles; {did_you_mean(key, known)}")
        if key in ("tiles", "side", "steps", "batch") and value < 1:
            raise UsageError(f"expected {key} of 1 or more, got {value}")
    return TileSettings(**values)


def _labelled(dataset: Dataset, first: int | None) -> Iterator[Sample]:
    for name in dataset.ids[:first]:
        sample = dataset.open(name)
        if sample.label is None:
            raise DataError(f"{name}: expected a label to learn from, found none")
        yield sample


def _command(models: list[str], data: str, out: str, first: int | None, settings: TileSettings) -> str:
    """The command that makes this file again; only names, no places of this machine."""
    words = ["brittle train --kind tile", *(f"--model {name}" for name in models), f"--data {data}"]
    words += [f"--first {first}"] if first else []
    default = asdict(TileSettings())
    words += [f"--{k.replace('_', '-')} {v}" for k, v in asdict(settings).items() if v != default[k]]
    return " ".join([*words, f"--out {out}"])


def _versions() -> Iterator[tuple[str, str]]:
    for package in ("brittle", "numpy", "torch"):
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


def _write_curve(path: Path, curve: Sequence[TileStep]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([f.name for f in fields(TileStep)])
    writer.writerows([s.step, f"{s.margin:.4f}", f"{s.flipped:.4f}", s.rows] for s in curve)
    try:
        path.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise DiskError(f"cannot write '{path}': {error.strerror}") from error

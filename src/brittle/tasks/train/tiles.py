"""Learn tiles for the search ripple, on local models and images of one's own."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from brittle.core.errors import DataError, UsageError
from brittle.core.sample import Sample
from brittle.data import DataOptions, Dataset, open_data
from brittle.gradients.local import open_local
from brittle.learning.settings import TileSettings
from brittle.learning.tile import TileStep, TileTraining, begin, best_first, learn
from brittle.store.learned import Checkpoint, Kept, write_curve
from brittle.store.tiles import write_tiles
from brittle.store.versions import versions_of
from brittle.tasks.train.card import command_of, out_file

CHECKPOINT_STEPS = 10  # between two checkpoints
CHECKPOINT_FORM = 2  # of what a checkpoint holds: count up when names in it change


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

    models:   local ones: .onnx files, package.module:function that makes a torch module, efficientnet-lite1
              or efficientnet-lite2.
    data:     labelled images; first: only so many from the start of their order; size: height and width.
    settings: fields of TileSettings. Raises BrittleError with one line.
    """
    out = out_file(out)
    chosen = TileSettings.build(settings, "tiles")
    if not models:
        raise UsageError("expected at least one local model to learn on; name it with --model")
    local = [open_local(name) for name in models]
    dataset = open_data(data, (3, None, None), options=DataOptions(size=size))
    samples = list(_labelled(dataset, first))
    question = {
        "kind": "tile",
        "models": [{"name": m.name, "sha256": m.sha256} for m in local],
        "data": {"name": dataset.name, "first": len(samples), "size": size, "sha256": dataset.sha256},
        "settings": chosen.model_dump(),
    }
    asked = {**question, "form": CHECKPOINT_FORM}
    checkpoint = Checkpoint(out.with_suffix(".part.safetensors"), asked, TileStep)
    learned = _resumed(checkpoint.read()) or begin(dataset.spec, chosen)
    while len(learned.curve) < chosen.steps:
        learned = learn(learned, local, samples, chosen)
        watch(learned.curve[-1])
        if learned.curve[-1].step % CHECKPOINT_STEPS == 0:
            checkpoint.write(_kept(learned))
    tiles, rows = best_first(learned.tiles, local, samples, chosen)
    given = {"model": [m.name for m in local], "data": dataset.name, "first": first}
    card = {
        **question,
        "rows": learned.curve[-1].rows + rows,
        "command": command_of("brittle train --kind tile", given, chosen, out),
        "versions": versions_of("brittle", "numpy", "torch"),
    }
    axes = tuple(dataset.spec.axes[i] for i in dataset.spec.spatial)
    write_tiles(out, tiles, axes, card)
    write_curve(out.with_suffix(".csv"), learned.curve)
    checkpoint.delete()
    return out


def _labelled(dataset: Dataset, first: int | None) -> Iterator[Sample]:
    for name in dataset.ids[:first]:
        sample = dataset.open(name)
        if sample.label is None:
            raise DataError(f"{name}: expected a label to learn from, found none")
        yield sample


def _kept(state: TileTraining) -> Kept[TileStep]:
    return Kept({"tiles": state.tiles, "velocity": state.velocity, "wins": state.wins}, state.curve)


def _resumed(kept: Kept[TileStep] | None) -> TileTraining | None:
    if kept is None:
        return None
    return TileTraining(kept.arrays["tiles"], kept.arrays["velocity"], kept.arrays["wins"], kept.curve)

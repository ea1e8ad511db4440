"""A training of a prior from its checkpoint on: first the tables are filled, then the network learns."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

from brittle.learning.prior.empirical import counted
from brittle.learning.prior.source import Source
from brittle.learning.prior.training import PriorStep, PriorTraining, Schedule
from brittle.optimise.learned import stored_empirical, stored_network
from brittle.optimise.transformer import Shape, TransformerPrior
from brittle.store.learned import Checkpoint, Kept
from brittle.store.priors import StoredPrior
from brittle.tasks.train.wave_tables import Tables

CURVE_STEPS = 10  # that an entry of the curve is the mean of
CHECKPOINT_STEPS = 100  # between two checkpoints
FORM = 1  # of what a checkpoint holds: count up when names in it change
HEADS, BLOCKS = 4, 2  # of a transformer

Watch = Callable[[PriorStep], None]


@dataclass(frozen=True)
class PriorTask:
    """What is learned from.

    of: as of StoredPrior. question: models and data, or the family. source: made of tables, or of the
    family alone. fill: tables, group by group of samples, from those that a checkpoint has.
    """

    of: dict[str, Any]
    question: dict[str, Any]
    source: Callable[[Tables], Source]
    fill: Callable[[Tables], Iterator[Tables]]


@dataclass(frozen=True)
class Plan:
    """How it is learned. form: as of PriorSettings; width: of every layer of a network."""

    form: str
    width: int
    schedule: Schedule

    def shape(self, features: int) -> Shape:
        """Of a network for points of so many features."""
        return Shape(
            features, self.width, BLOCKS if self.form == "transformer" else 0, HEADS, self.width // HEADS
        )


def learned(
    task: PriorTask, plan: Plan, out: Path, watch: Watch
) -> tuple[StoredPrior, Tables, list[PriorStep]]:
    """The prior, the tables it was learned from, and the curve; out: the file to write in the end."""
    question = {**task.question, "plan": asdict(plan), "form": FORM}
    checkpoint = Checkpoint(out.with_suffix(".part.safetensors"), question, PriorStep)
    kept = checkpoint.read() or Kept({}, (), {"tried": (), "rows": 0})
    tables, curve = Tables.of(kept.arrays, kept.state["tried"], kept.state["rows"]), list(kept.curve)

    def keep(arrays: dict[str, Any]) -> None:
        state = {"tried": tables.tried, "rows": tables.rows}
        checkpoint.write(Kept({**tables.arrays, **arrays}, tuple(curve), state))

    steps = plan.schedule.steps
    for more in task.fill(tables):
        tables = more
        keep({})
        watch(PriorStep(0, steps, nan, tables.rows))
    source = task.source(tables)
    if plan.form == "empirical":
        counts, loss = counted(source, plan.schedule.seed)
        return stored_empirical(counts, task.of), tables, [PriorStep(1, 1, loss, tables.rows)]
    shape = plan.shape(source.features)
    training = PriorTraining.begin(shape, plan.schedule, kept.arrays if "losses" in kept.arrays else None)
    while (step := len(training.losses) + 1) <= steps:
        training.learn(source)
        if step % CURVE_STEPS == 0 or step == steps:
            last = training.losses[(step - 1) // CURVE_STEPS * CURVE_STEPS :]
            curve.append(PriorStep(step, steps, float(np.mean(last)), tables.rows))
            watch(curve[-1])
        if step % CHECKPOINT_STEPS == 0:
            keep(training.kept)
    weights = {name: values.astype(np.float64) for name, values in training.arrays().items()}
    return stored_network(TransformerPrior(shape, weights, source.usual), task.of), tables, curve

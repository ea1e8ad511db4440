"""What trainings of agents share, whatever these play: samples, the card, the curve."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from brittle.core.errors import DataError, UsageError
from brittle.core.sample import Sample
from brittle.learning.settings import LearningSettings
from brittle.report.learning import learning_curve
from brittle.store.files import write_whole
from brittle.store.learned import write_curve
from brittle.store.versions import versions_of
from brittle.tasks.playing.opened import Opened


class Learned(Protocol):
    """What a training of an agent ended with: its curve, and the rows that all models were shown."""

    @property
    def curve(self) -> tuple[Any, ...]: ...
    @property
    def queries(self) -> int: ...


def samples_of(opened: Opened, first: int | None) -> list[Sample]:
    """The first samples of the data, without those whose labels the model does not know. Raises DataError."""
    samples, problem = list[Sample](), f"none in {opened.dataset.name}"
    for name in opened.dataset.ids[:first]:
        try:
            samples.append(opened.dataset.open(name))
        except DataError as error:
            problem = str(error)
    if not samples:
        raise DataError(f"expected samples to learn on, found none: {problem}")
    return samples


def learned_on(opened: Sequence[Opened], samples: Sequence[int]) -> dict[str, Any]:
    """Models and data, by name and digest; samples: read for each model."""
    data = {o.dataset.sha256: (o.dataset.name, count) for o, count in zip(opened, samples, strict=True)}
    return {
        "models": [{"name": Path(o.settings.model).name, "sha256": o.backend.sha256} for o in opened],
        "data": {
            "name": ", ".join(name for name, _ in data.values()),
            "samples": sum(count for _, count in data.values()),
            "sha256": ", ".join(data),
        },
    }


def learning_card(learned: Learned, chosen: LearningSettings, command: str) -> dict[str, Any]:
    """What a card says of the training itself. Raises UsageError if there was none."""
    if not learned.curve:
        raise UsageError(
            f"expected more queries than {chosen.queries}: they do for no update; raise --queries"
        )
    return {
        "queries": learned.queries,
        "updates": len(learned.curve),
        "command": command,
        "versions": versions_of("brittle", "numpy", "torch", "stable-baselines3", "gymnasium", "onnxruntime"),
    }


def write_curves(out: Path, learned: Learned, panels: Mapping[str, str]) -> None:
    """The curve beside an agent, as CSV and as a picture. panels: their titles and columns."""
    write_curve(out.with_suffix(".csv"), learned.curve, ".6g")
    drawn = [(title, [getattr(u, name) for u in learned.curve]) for title, name in panels.items()]
    write_whole(out.with_suffix(".png"), learning_curve(drawn, [u.queries for u in learned.curve]))

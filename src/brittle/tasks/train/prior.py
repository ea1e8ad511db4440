"""Learn a prior for a Gaussian process: of waves, on models and data; or of a generated family."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brittle.core.errors import MissingExtraError, UsageError
from brittle.learning.settings import PriorSettings
from brittle.optimise.families import family as family_of
from brittle.store.learned import write_curve
from brittle.store.priors import write_prior
from brittle.store.versions import versions_of
from brittle.tasks.train.agents import learned_on
from brittle.tasks.train.card import command_of, out_file

if TYPE_CHECKING:
    from brittle.tasks.train.prior_training import Plan, PriorTask


@dataclass(frozen=True)
class Usually:
    """What is learned where the settings say nothing."""

    steps: int
    context: int
    width: int
    kernel_rate: float


WAVES, FAMILY = Usually(800, 25, 32, 1.0), Usually(600, 70, 64, 20.0)


def train_prior(
    models: Sequence[Any] = (),
    data: Any = None,
    out: str | Path = "prior.safetensors",
    *,
    family: str | None = None,
    first: int | None = None,
    watch: Callable[[Any], None] = lambda _: None,
    **settings: Any,
) -> Path:
    """Learn a prior; returns its file, which has a card and a curve beside it.

    The same call again continues from the last checkpoint.

    models:   what brittle audit takes; each is shown about a hundred waves of every sample.
    data:     labelled samples; first: only so many from the start of their order.
    family:   of brittle.optimise.families, instead of models and data.
    settings: fields of PriorSettings. Raises BrittleError with one line.
    """
    out = out_file(out)
    chosen = PriorSettings.build(settings, "priors")
    if (family is None) == (not models):
        raise UsageError(
            "expected models to learn on, with --model and --data, or a --family; and one of them"
        )
    if find_spec("torch") is None:
        raise MissingExtraError("learning a prior", "train")
    from brittle.tasks.train.prior_training import learned  # noqa: PLC0415

    task = _family(family, chosen) if family else _waves(models, data, first, chosen)
    prior, tables, curve = learned(task, _plan(chosen, FAMILY if family else WAVES), out, watch)
    given = {
        "model": [model["name"] for model in task.question.get("models", ())],
        "data": task.question["data"]["name"] if models else None,
        "first": first,
        "family": family,
    }
    card = {
        "kind": "prior",
        **task.question,
        "settings": chosen.model_dump(),
        "tables": len(tables.tables),
        "rows": tables.rows,
        "loss": round(float(np.mean([step.loss for step in curve[-10:]])), 4),
        "command": command_of("brittle train --kind prior", given, chosen, out),
        "versions": versions_of("brittle", "numpy", "torch", *(["onnxruntime"] if models else [])),
    }
    write_prior(out, prior, card)
    write_curve(out.with_suffix(".csv"), curve)
    out.with_suffix(".part.safetensors").unlink(missing_ok=True)
    return out


def _plan(settings: PriorSettings, usually: Usually) -> "Plan":
    from brittle.learning.prior.training import Schedule  # noqa: PLC0415
    from brittle.tasks.train.prior_training import Plan  # noqa: PLC0415

    schedule = Schedule(
        steps=settings.steps or usually.steps,
        batch=settings.batch,
        context=usually.context if settings.context is None else settings.context,
        targets=settings.targets,
        rate=settings.rate,
        seed=settings.seed,
        kernel_rate=usually.kernel_rate,
    )
    return Plan(settings.form, settings.width or usually.width, schedule)


def _family(name: str, settings: PriorSettings) -> "PriorTask":
    from brittle.learning.prior.source import FamilySource  # noqa: PLC0415
    from brittle.tasks.train.prior_training import PriorTask  # noqa: PLC0415

    found, about = family_of(name), {"family": name}
    return PriorTask(about, about, lambda _: FamilySource.of(found, settings.seed), lambda _: iter(()))


def _waves(models: Sequence[Any], data: Any, first: int | None, settings: PriorSettings) -> "PriorTask":
    from brittle.learning.prior.source import TableSource  # noqa: PLC0415
    from brittle.learning.prior.tables import ANCHORS, OWN  # noqa: PLC0415
    from brittle.tasks.train.prior_training import PriorTask  # noqa: PLC0415
    from brittle.tasks.train.wave_tables import filled, open_models, waves_of  # noqa: PLC0415

    if data is None:
        raise UsageError("expected labelled samples to learn on; name them with --data")
    opened = open_models(models, data, settings.seed)
    axes, channels = waves_of(opened[0])
    question = learned_on(opened, [len(one.dataset.ids[:first]) for one in opened])
    return PriorTask(
        of={"waves": {"axes": list(axes), "channels": channels}},
        question={**question, "waves": {"anchors": ANCHORS, "own": OWN}},
        source=lambda tables: TableSource.of(tables.tables, len(axes), channels),
        fill=lambda tables: filled(opened, first, settings.seed, tables),
    )

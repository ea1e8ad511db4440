"""What a model is asked besides samples: to know it again, and to choose a batch size."""

import logging
from dataclasses import replace
from math import isfinite
from typing import Any

from numpy.typing import NDArray

from brittle.core.classifier import rounded
from brittle.core.errors import DataError, RefusedError, RunError
from brittle.core.identity import Answers, changed_answer, identity_rows
from brittle.core.sample import Array, InputSpec
from brittle.models import Backend
from brittle.models.batch import BatchChoice, best_batch
from brittle.models.classifier import ModelClassifier
from brittle.store.manifest import stored_answers
from brittle.store.run import Run
from brittle.tasks.playing.memory import most_rows
from brittle.tasks.playing.opened import Opened

BATCH_UNMEASURED = 16
MOST = 4096  # rows of a batch, as settings have it
TRIED = 5  # samples, until one is read and answered
LOG = logging.getLogger("brittle")


def recognise(opened: Opened, run: Run) -> None:
    """See that code or an endpoint is the model that began a run, by the identity rows.

    The first time they are asked twice, and the answers kept in run.json. A model that answers otherwise from
    one asking to the next cannot be told from a changed one: that is said once, and it is not asked again.
    Raises RunError, which names the greatest difference.
    """
    if opened.backend.weights_hashed:
        return
    told = Run.open(run.path).manifest
    before = stored_answers(told)
    if before and told.model.get("repeats") is False:
        _keep(run, before, repeats=False)
        return
    begun = run if before else None
    now, classes = _answers(opened, begun), opened.model.classes
    if before:
        change = changed_answer(before, now, classes)
        if change:
            raise RunError(
                f"{run.path}: the model answers the identity rows otherwise: {change}; "
                "it was changed or redeployed; choose another --out"
            )
        _keep(run, before, repeats=True)
        return
    change = changed_answer(now, _answers(opened, begun), classes)
    if change:
        LOG.warning(
            f"the model answers the same row otherwise each time ({change}): results will not repeat, and a "
            "changed model will not be noticed"
        )
    _keep(run, now, repeats=not change)
    run.write("run.json", run.manifest.to_json())


def _keep(run: Run, answers: Answers, repeats: bool) -> None:
    model = {**run.manifest.model, "answers": answers, "repeats": repeats}
    run.manifest = run.manifest.model_copy(update={"model": model})


def _answers(opened: Opened, run: Run | None) -> Answers:
    """Of the model to the identity rows; run: that it began, whose number of classes it must have."""
    classes = opened.model.classes

    def ask(x: Array) -> NDArray[Any]:
        answers = opened.backend.ask(x)
        if run and answers.ndim == 2 and answers.shape[1] != len(classes):
            raise RunError(
                f"{run.path}: the model answers {answers.shape[1]} classes, the run is of {len(classes)}; "
                "it was changed or redeployed; choose another --out"
            )
        return answers

    return identity_answers(replace(opened.backend, ask=ask), opened.dataset.spec, classes)


def identity_answers(backend: Backend, spec: InputSpec, classes: tuple[str, ...]) -> Answers:
    """Probabilities for each identity row, asked alone; the rows count on the backend's meter.

    The classifier is one of its own: what it learns of answers to noise is no matter of the audit. Raises
    DataError and ModelError where the model takes other inputs or has other classes.
    """
    model = ModelClassifier(backend, spec, classes)
    answers: list[list[float | None] | None] = []
    for row in identity_rows(spec):
        try:
            told = rounded(model(row[None])[0]).tolist()
            answers.append([value if isfinite(value) else None for value in told])
        except RefusedError:  # code may raise anything on noise, and be right about samples
            answers.append(None)
    return answers


def choose_batch(opened: Opened, run: Run) -> int:
    """The batch size: stated, that of the run so far, or measured on a sample that the model answers."""
    if opened.settings.batch:
        return opened.settings.batch
    before = batch_of(run)
    choice = measured(opened) if before is None and opened.backend.local else None
    return min(before or (choice.batch if choice else BATCH_UNMEASURED), _most_rows(opened))


def _most_rows(opened: Opened) -> int:
    return most_rows(opened.dataset.spec, opened.most_lanes)


def batch_of(run: Run) -> int | None:
    """The batch size that a run had the last time; None where it had none that settings could have."""
    sizes = [size for session in run.sessions() if 0 < (size := session.get("batch") or 0) <= MOST]
    return sizes[-1] if sizes else None


def measured(opened: Opened) -> BatchChoice | None:
    """The speed of a model on the first sample that it answers; None if it answers none of the first few."""
    for name in opened.dataset.ids[:TRIED]:
        try:
            return best_batch(opened.model, opened.dataset.open(name).x, limit=_most_rows(opened))
        except (DataError, RefusedError):
            continue
    return None

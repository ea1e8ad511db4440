"""Whether a surrogate is the audited model in another file: it then tells what an attacker would not know."""

import logging

from brittle.core.errors import BrittleError
from brittle.core.identity import Answers, changed_answer
from brittle.gradients.surrogate import LocalSurrogate
from brittle.models.resize import IMAGE_AXES, resized
from brittle.store.manifest import stored_answers
from brittle.store.run import Run
from brittle.tasks.audit.opening import OpenedAudit
from brittle.tasks.playing.setup import identity_answers

LOG = logging.getLogger("brittle")


def warn_of_twins(opened: OpenedAudit, run: Run) -> None:
    """Say which surrogates answer the identity rows as the model does; an endpoint is not asked again."""
    if not opened.surrogates:
        return
    own = stored_answers(run.manifest)
    if own is None and opened.backend.local:
        own = identity_answers(opened.backend, opened.dataset.spec, opened.model.classes)
    if own is None:
        return
    for surrogate in opened.surrogates:
        if _is_twin(surrogate, opened, own):
            LOG.warning(
                f"the surrogate {surrogate.name} gives the audited model's own answers: what is found with "
                "it tells nothing of an attacker who has other models"
            )


def _is_twin(surrogate: LocalSurrogate, opened: OpenedAudit, own: Answers) -> bool:
    spec, classes, backend = opened.dataset.spec, opened.model.classes, surrogate.backend
    if surrogate.engine.classes != len(classes):
        return False
    if {"height", "width"} <= set(spec.axes) and len(spec.shape) == IMAGE_AXES:
        backend = resized(backend, (spec.shape[1], spec.shape[2]))
    try:
        theirs = identity_answers(backend, spec, classes)
    except BrittleError:  # it takes other inputs
        return False
    return not changed_answer(own, theirs, classes)

"""Several classifiers as one: a row goes to each, their answers stand side by side, and each is counted."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np

from brittle.core.errors import BrittleError, ModelError, RefusedError
from brittle.core.rows import Meter
from brittle.core.sample import Array
from brittle.models.backend import Ask, Backend
from brittle.models.classifier import ModelClassifier
from brittle.models.options import ModelOptions


class EnsembleMeter(Meter):
    """Counts a row once for each member; it begins with what they were shown before they were joined."""

    def __init__(self, members: Sequence[Backend]) -> None:
        super().__init__()
        self._members = len(members)
        for one in members:
            self.rows += one.meter.rows
            one.meter.join(self)

    def _add(self, name: str, rows: int) -> None:
        super()._add(name, rows * self._members)


def ensemble(members: Sequence[ModelClassifier]) -> Backend:
    """One backend of several classifiers of the same inputs and classes.

    It answers probabilities, (n, members x classes). A member that fails names itself.
    """
    backends = [one.backend for one in members]
    digest = sha256("\n".join(b.sha256 for b in backends).encode()).hexdigest()

    def close() -> None:
        for backend in backends:
            backend.close()

    return Backend(
        name=" + ".join(backend.name for backend in backends),
        ask=_ask(members),
        shape=None,
        classes=None,
        outputs=sum(len(one.classes) for one in members),
        sha256=digest if all(backend.sha256 for backend in backends) else "",
        local=all(backend.local for backend in backends),
        settings=ModelOptions(output="probabilities"),
        weights_hashed=all(backend.weights_hashed for backend in backends),
        meter=EnsembleMeter(backends),
        close=close,
        concurrent=_concurrent(members) if all(backend.concurrent for backend in backends) else None,
        lanes=min(backend.lanes for backend in backends),
    )


def _concurrent(members: Sequence[ModelClassifier]) -> Callable[[], Ask]:
    def asks() -> Ask:
        again = []
        for one in members:
            assert one.backend.concurrent is not None
            backend = replace(one.backend, ask=one.backend.concurrent(), concurrent=None)
            again.append(ModelClassifier(backend, one.input, one.classes))
        return _ask(again)

    return asks


def _ask(members: Sequence[ModelClassifier]) -> Ask:
    """All are asked, also where one does not answer, so that what they are shown is the same for each."""

    def ask(x: Array) -> Array:
        answers: list[Array] = []
        refused: RefusedError | None = None
        for one in members:
            try:
                answers.append(one(x))
            except RefusedError as error:
                refused = refused or RefusedError(f"the surrogate {one.backend.name}: {error}")
            except BrittleError as error:
                raise _named(one, error) from error
        if refused:
            raise refused
        return np.concatenate(answers, axis=1)

    return ask


def _named(one: ModelClassifier, error: BrittleError) -> BrittleError:
    """The error, with the name of the member that it is of."""
    text = str(error)
    return error if one.backend.name in text else ModelError(f"the surrogate {one.backend.name}: {text}")

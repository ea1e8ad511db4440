"""Open local models as surrogates: ONNX files, torch modules and the built-in ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from brittle.core.errors import ModelError, UsageError
from brittle.core.goal import Goal
from brittle.core.sample import Array, InputSpec, Sample
from brittle.gradients.engine import Engine, open_engine
from brittle.gradients.labels import shared_classes
from brittle.gradients.local import LITE
from brittle.gradients.losses import ALONG, AWAY, MARGIN
from brittle.models import Backend, open_model
from brittle.store.manifest import NamedSurrogate

SHIPPED = LITE
"""What the name `shipped` stands for."""


@dataclass
class LocalLead:
    """What a surrogate knows of one sample. asked: what its loss needs, (classes,). rows: asked so far.

    margin: its loss at the last row that gradient was asked. shared: as LocalSurrogate's classes.
    """

    name: str
    engine: Engine
    loss: str
    asked: Array
    shared: list[list[int]] | None = None
    rows: int = 0
    margin: float = 0.0

    @property
    def classes(self) -> int:
        """How many of its own it has."""
        return self.engine.classes

    def gradient(self, x: Array, rivals: Sequence[int] = ()) -> Array:
        """Of what a flip lowers, by each input, (n, *shape) -> (n, *shape); as of Lead."""
        asked = self._against(rivals)
        logits, gradient = self._gradient(self.loss, x, asked)
        self.margin = loss_of(self.loss, logits[-1], asked)
        return gradient

    def along(self, x: Array, weights: Array) -> Array:
        """Of the weighted sum of its logits, by each input; as of Lead."""
        return self._gradient(ALONG, x, weights)[1]

    def _gradient(self, loss: str, x: Array, asked: Array) -> tuple[Array, Array]:
        self.rows += len(x)
        return self.engine(loss, x, np.repeat(asked[None], len(x), axis=0))

    def _against(self, rivals: Sequence[int]) -> Array:
        """What is asked where only these classes of the audited model are others, or all if it has none."""
        others = [own for rival in rivals for own in self.shared[rival]] if self.shared else []
        others = [k for k in others if self.asked[k] < 0]
        if self.loss != MARGIN or not others:
            return self.asked
        asked = np.maximum(self.asked, 0)
        asked[others] = -1
        return asked


def loss_of(loss: str, logits: Array, asked: Array) -> float:
    """A loss of engine.py at one row, from its logits and what is asked, both (classes,)."""
    if loss == MARGIN:
        return float(logits[asked > 0].max() - logits[asked < 0].max())
    return float(-0.5 * np.square(logits - asked).sum())


@dataclass(frozen=True)
class LocalSurrogate:
    """A local model of another make. classes: of the audited model, as those of this one that mean each.

    Where the two have no classes in common it leads away from its own clean answer, and needs no label.
    """

    backend: Backend = field(repr=False)
    engine: Engine = field(repr=False)
    classes: list[list[int]] | None = field(repr=False)

    @property
    def name(self) -> str:
        """As users wrote it."""
        return self.backend.name

    @property
    def sha256(self) -> str:
        """Of its file or weights."""
        return self.backend.sha256

    @property
    def about(self) -> NamedSurrogate:
        """What a run says of it."""
        labels: Literal["shared", "none"] = "none" if self.classes is None else "shared"
        return NamedSurrogate(name=self.name, sha256=self.sha256, labels=labels)

    def on(self, sample: Sample, goal: Goal) -> LocalLead:
        """Its lead on one sample."""
        asked = self._margin(goal)
        if asked is not None:
            return LocalLead(self.name, self.engine, MARGIN, asked, self.classes)
        clean, _ = self.engine(AWAY, sample.x[None], np.zeros((1, self.engine.classes), np.float32))
        return LocalLead(self.name, self.engine, AWAY, clean[0], rows=1)

    def _margin(self, goal: Goal) -> Array | None:
        """Its own classes as 1, the others as -1; of a target the other way round. None without a label."""
        named = goal.label if goal.target is None else goal.target
        own = self.classes[named] if self.classes else []
        if not own or len(own) == self.engine.classes:
            return None
        asked = np.full(self.engine.classes, -1, np.float32)
        asked[own] = 1
        return asked if goal.target is None else -asked


def open_surrogates(
    names: Sequence[str], spec: InputSpec, classes: Sequence[str], victim: str
) -> tuple[LocalSurrogate, ...]:
    """Surrogates by name, for inputs of this kind; `shipped` stands for those that come with the extra train.

    classes, victim: names of the audited model's classes, and its SHA-256. Raises UsageError for the audited
    model itself and for one that is named twice, ModelError for one that gives no gradients or takes other
    inputs, MissingExtraError.
    """
    found: list[LocalSurrogate] = []
    for name in [part for n in names for part in (SHIPPED if n == "shipped" else (n,))]:
        backend = _backend(name)
        if backend.sha256 == victim:
            raise UsageError(
                f"the surrogate {name} is the audited model itself (the same SHA-256); give another model"
            )
        if any(backend.sha256 == one.sha256 for one in found):
            raise UsageError(f"the surrogate {name} is there twice; name each once")
        engine = open_engine(backend, spec.shape)
        shared = shared_classes(classes, backend.classes, engine.classes)
        found.append(LocalSurrogate(backend, engine, shared))
    return tuple(found)


def _backend(name: str) -> Backend:
    """A model that gives gradients; an address is not asked what it is. Raises ModelError, UsageError."""
    backend = None if name.lower().startswith(("http://", "https://")) else open_model(name)
    if backend is None or not backend.local or (backend.module is None and not backend.weights_hashed):
        raise ModelError(
            f"expected the surrogate {name} to be an .onnx file, a torch.nn.Module or a built-in model: only "
            "these give gradients"
        )
    return backend

"""Open a model and data, and check that they fit: what every verb begins with."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from brittle.core.errors import ModelError, UsageError, did_you_mean
from brittle.core.identity import DIGEST
from brittle.core.paths import is_file
from brittle.core.request import SampleRun
from brittle.core.sample import InputSpec
from brittle.core.sample_run import now
from brittle.data import Dataset, Wanted, open_data
from brittle.data.files import times
from brittle.domains import DOMAINS, Domain, domain_of
from brittle.models import Backend, open_model
from brittle.models.classifier import ModelClassifier
from brittle.models.probe import count_classes
from brittle.store.kept import Kept
from brittle.store.manifest import Manifest, same, stored_outputs
from brittle.store.run import Run
from brittle.tasks.playing.settings import RunSettings
from brittle.tasks.watching.telling import Follower

FITTING = ("model", "data", "model_options", "data_options")
"""The settings on which the number of classes depends."""


@dataclass(frozen=True, kw_only=True)
class Opened(ABC):
    """A model and data that fit each other, and what is asked about them; a verb adds what it needs.

    lanes: batches that the model may be asked at the same time. answers: whether it is known to answer rows.
    """

    settings: RunSettings
    backend: Backend
    model: ModelClassifier
    dataset: Dataset
    domain: Domain
    lanes: int = 1
    answers: bool = False

    @property
    def names(self) -> Sequence[str]:
        """The samples that are played."""
        return self.settings.played(self.dataset.ids)

    @property
    def layers(self) -> int:
        """Whole inputs, as codes, that a sample in play holds beside a few copies of its own."""
        return 0

    def files_root(self, folder: Path) -> Path:
        """The folder that what samples leave is kept in. folder: of the run."""
        return folder

    @abstractmethod
    def manifest(self) -> Manifest:
        """What is asked, for the run folder."""

    @abstractmethod
    def sample_runs(self, names: Iterable[str], files: Kept) -> Iterator[SampleRun[Any]]:
        """The run of each of these samples; what they leave goes into files."""

    @abstractmethod
    def failed(self, **known: Any) -> Any:
        """A FAILED result without rows. known: the fields that results of all verbs have."""

    def given_up(self, name: str, message: str) -> Any:
        """The result of a sample that ended every worker; its rows are those of interrupted samples."""
        ended = now()
        return self.failed(
            sample=name, label=None, seed=self.settings.seed, message=message, started=ended, finished=ended
        )

    def follower(self, folder: Path) -> Follower | None:
        """What tells who watches a run in this folder; None of verbs of which nothing is told."""
        return None

    def shown_to(self, onlooker: Any) -> Self:
        """The same, which tells this onlooker, of its follower, what is shown."""
        return self

    @property
    def most_lanes(self) -> int:
        """Batches that the model may be asked at the same time, once it is asked concurrently."""
        return 1 if self.backend.concurrent is None else min(self.backend.lanes, len(self.names))

    def concurrent(self) -> Self:
        """The same with a model that answers several batches at the same time, where that is faster."""
        backend, lanes = self.backend, self.most_lanes
        if backend.concurrent is None or lanes < 2 or self.model.door.alone:
            return self
        backend = replace(backend, ask=backend.concurrent(), concurrent=None)
        return replace(
            self,
            backend=backend,
            model=ModelClassifier(backend, self.model.input, self.model.classes),
            lanes=lanes,
        )

    @property
    def named_model(self) -> dict[str, Any]:
        """The model as a manifest has it."""
        return {
            "name": self.backend.name,
            "sha256": self.backend.sha256,
            "digest": DIGEST,
            "classes": list(self.model.classes),
        }

    @property
    def named_data(self) -> dict[str, Any]:
        """The data as a manifest has them."""
        return {
            "name": self.dataset.name,
            "samples": len(self.dataset.ids),
            "sha256": self.dataset.sha256,
            "digest": DIGEST,
        }


@dataclass(frozen=True)
class Fit:
    """What `fit` opens: the parts of an Opened that every verb has."""

    backend: Backend
    model: ModelClassifier
    dataset: Dataset
    domain: Domain


def fit(
    settings: RunSettings,
    model: Any = None,
    data: Any = None,
    outputs: int | None = None,
    dataset: Dataset | None = None,
) -> Fit:
    """Open what the settings name; model (or its backend) and data may be given as Python objects instead.

    outputs: how many classes the model answers, where that is known already; else it may be asked one row.
    dataset: samples that are open already, in place of data.
    Raises ModelError, DataError or UsageError, each with one line.
    """
    backend = model
    if not isinstance(model, Backend):
        backend = open_model(settings.model if model is None else model, settings.model_options)
    source = settings.data if data is None else data

    def read(outputs: int | None) -> Dataset:
        return dataset or open_data(source, backend.shape, backend.classes, outputs, settings.data_options)

    found = _fitted(backend, read, outputs)
    if not settings.played(found.dataset.ids):
        raise UsageError(
            f"there are {len(found.dataset.ids)} samples, so none in this shard; use fewer shards"
        )
    backend, dataset, spec = found.backend, found.dataset, found.dataset.spec
    classifier = ModelClassifier(backend, spec, _class_names(backend, dataset, found.outputs))
    return Fit(backend, classifier, dataset, _domain(spec, settings.domain))


def refuse_shape(backend: Backend, spec: InputSpec) -> None:
    """Raise ModelError where a model does not take inputs of this shape."""
    wanted = Wanted(backend.shape)
    if not wanted.takes(spec.shape):
        raise ModelError(
            f"{backend.name} takes {wanted}, but the inputs are {times(spec.shape)}; leave it out, or give "
            "one that takes these"
        )


def known_outputs(folder: Path, settings: RunSettings) -> int | None:
    """How many classes the model answers, as a run in this folder on the same model and data has it."""
    if not is_file(folder / "run.json"):
        return None
    manifest, asked = Run.open(folder).manifest, settings.question()
    fits = all(same(manifest.settings.get(name), asked[name]) for name in FITTING)
    return stored_outputs(manifest) if fits else None


@dataclass(frozen=True)
class _Fitted:
    """A model and data that fit, and how many classes it answers."""

    backend: Backend
    dataset: Dataset
    outputs: int


def _fitted(backend: Backend, read: Callable[[int | None], Dataset], known: int | None) -> _Fitted:
    """Read the data for the model; again, once it is known how many classes its labels are of."""
    told = backend.outputs or len(backend.classes or ()) or known
    dataset = read(told)
    backend = backend.fitted(dataset.spec.shape)
    outputs = backend.outputs or told or count_classes(backend, dataset.spec)
    if outputs != told:
        del dataset  # arrays are not held twice
        dataset = read(outputs)
    return _Fitted(backend, dataset, outputs)


def _domain(spec: InputSpec, expected: str | None) -> Domain:
    """The domain of inputs of this kind. Raises UsageError if the user expects another."""
    domain = domain_of(spec)
    if expected not in (None, domain.name):
        hint = "" if expected in DOMAINS.names() else f"; {did_you_mean(str(expected), DOMAINS.names())}"
        raise UsageError(
            f"expected inputs of the domain '{expected}', but the model and data are of '{domain.name}' "
            f"({', '.join(spec.axes)}){hint}"
        )
    return domain


def _class_names(backend: Backend, dataset: Dataset, outputs: int) -> tuple[str, ...]:
    """The model's class names, the data's if they are as many, else numbers."""
    for names in (backend.classes, dataset.classes):
        if names and len(names) == outputs:
            return names
    return tuple(map(str, range(outputs)))


def class_index(name: str, classes: tuple[str, ...]) -> int:
    """A class by its index or its name. Raises UsageError."""
    if name.isdecimal() and int(name) < len(classes):
        return int(name)
    if name.isdecimal():
        raise UsageError(f"expected a class of 0 to {len(classes) - 1}, got {name}")
    lowered = [c.lower() for c in classes]
    if name.lower() in lowered:
        return lowered.index(name.lower())
    raise UsageError(f"the model has no class '{name}'; {did_you_mean(name, classes[:2000])}")

"""Open what a run names, as far as that is data; code and addresses only if the user gives them again."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.canvas import Palette
from brittle.core.errors import (
    DataError,
    MissingExtraError,
    ModelError,
    RefusedError,
    RunError,
    UsageError,
    did_you_mean,
)
from brittle.core.sample import Array, Sample
from brittle.data import DATA, Dataset, open_data
from brittle.distortions import DISTORTIONS, open_distortion
from brittle.models import KINDS, MODELS, WITH_OUTPUTS, Backend, ModelOptions, kind_of, open_model
from brittle.models.classifier import ModelClassifier
from brittle.models.mlflow_folder import is_mlflow_address
from brittle.store.manifest import EARLIER as OF_OLD
from brittle.tasks.explain.flips import Flips
from brittle.tasks.verify.question import Asked, CurveQuestion, Question

EARLIER = "an earlier brittle identified"
UNCOMPARED = "originals not compared with the data"


@dataclass(frozen=True)
class Given:
    """What the user gives besides the run. trust: open what the run names, whatever that is."""

    model: Any = None
    data: Any = None
    distortions: Sequence[str] = ()
    options: Mapping[str, Any] | None = None
    trust: bool = False


@dataclass(frozen=True)
class Reopened:
    """The model and, where they are here, the data of a run. notes: what is not as it was."""

    model: ModelClassifier
    dataset: Dataset | None
    notes: tuple[str, ...]

    @cached_property
    def ids(self) -> frozenset[str]:
        """Of the data, where they are here."""
        return frozenset(self.dataset.ids if self.dataset else ())

    def answers(self, rows: Array) -> Array:
        """The model's answers to inputs (n, ...), (n, classes). Raises ModelError."""
        try:
            return np.asarray(self.model(rows))
        except RefusedError as error:
            raise ModelError(f"{self.model.backend.name}: {error}; check the model") from error

    def sample(self, name: str, label: int | None, *, failed: bool) -> Generator[str, None, Sample | None]:
        """How a line contradicts the data, and the sample as they have it; None where they have none.

        failed: whether the line says that it could not be played, perhaps as it could not be read.
        """
        if self.dataset is None:
            return None
        if name not in self.ids:
            yield "the data have no such sample"
            return None
        try:
            sample = self.dataset.open(name)
        except DataError as error:
            if not failed:
                yield f"the data cannot be read: {error}"
            return None
        if label != sample.label:
            yield f"label is {label} in results.jsonl, {sample.label} in the data"
        return sample

    def original_faults(self, name: str, x: Array) -> Iterator[str]:
        """How a stored original is not the sample of the data."""
        if self.dataset and name in self.ids:
            differ = np.count_nonzero(self.dataset.open(name).x != x)
            if differ:
                yield f"it is not the sample of the data: {differ} of {x.size} values differ"


def reopen(asked: Asked, given: Given) -> Reopened:
    """Open what the run asked about.

    Raises UsageError where that must be given again, ModelError, DataError.
    """
    backend = _backend(asked, given)
    dataset, note = _originals(asked, given.data, backend)
    model = ModelClassifier(backend, asked.spec, asked.model.classes)
    return Reopened(model, dataset, (note,) if note else ())


def reopen_palette(question: Question, given: Given) -> Palette:
    """The palette of an audit. Raises UsageError where its code must be given, RunError for another one."""
    names = tuple(dict.fromkeys(layer.distortion for layer in question.palette))
    refuse_code(names, given)
    palette = Palette(tuple(open_distortion(name) for name in names), question.settings.draws)
    if palette.layers != question.palette:
        raise RunError("the distortions of the run have other levels now; use the brittle that wrote it")
    return palette


def reopen_curves(asked: CurveQuestion, given: Given) -> Palette:
    """The layers of severity curves. Raises UsageError where code must be given, RunError for other ones."""
    from brittle.searches.peers.corruption_layers import corruptions  # noqa: PLC0415 (SciPy takes its time)

    names = dict.fromkeys(layer.distortion for layer in asked.palette)
    beside = {one.name: one for one in corruptions(asked.spec)}
    refuse_code([name for name in names if name not in beside], given)
    palette = Palette(tuple(beside.get(name) or open_distortion(name) for name in names))
    if palette.layers != asked.palette:
        raise RunError("the distortions of the run have other levels now; use the brittle that wrote it")
    return palette


def refuse_code(names: Sequence[str], given: Given) -> None:
    """Raise UsageError for distortions of a run that are code, unless they are given again or trusted."""
    for name in given.distortions:
        if name not in names:
            raise UsageError(f"the run has no distortion '{name}'; {did_you_mean(name, names)}")
    for name in names:
        if name not in DISTORTIONS.builtin and name not in given.distortions and not given.trust:
            raise UsageError(
                f"the run names the distortion '{name}', which is code that is not brittle's: "
                f"give --distortion {name}, or --trust the run"
            )


def _backend(question: Asked, given: Given) -> Backend:
    named, options = question.model.name, dict(given.options or {})
    if given.model is None and not given.trust and not _is_data(named):
        raise UsageError(
            f"the run names the model '{named}', which is an address, or code that is not brittle's: "
            f"give it again after the run, or --trust the run"
        )
    model = named if given.model is None else given.model
    stored = question.settings.model_options.model_dump(exclude_unset=True)
    if kind_of(model) not in WITH_OUTPUTS:
        stored.pop("output_name", None)  # the same model in another form has no outputs to name
    backend = open_model(model, ModelOptions.build({**stored, **options}))
    if question.own_classes and "classes" not in options:
        return replace(backend, classes=question.model.classes)
    return backend


def _is_data(model: str) -> bool:
    """Whether a model is built in or a file of numbers, so that opening it runs no foreign code."""
    try:
        kind = kind_of(model)
    except UsageError:
        return False
    if kind == "mlflow":
        return not is_mlflow_address(model)
    return kind == "onnx" or (kind in MODELS.builtin and kind not in KINDS)


def _originals(question: Asked, data: Any, backend: Backend) -> tuple[Dataset | None, str]:
    """The data, and a note if they are not here or not those that were audited.

    They are compared whatever they are, but for a file or folder that the run names and that is another one
    now.
    """
    source = question.settings.data if data is None else data
    if data is None and source not in DATA.builtin and not is_here(source):
        return None, f"{UNCOMPARED}: '{source}' is not here; give DATA after the model"
    wanted = (backend.shape, backend.classes, len(question.model.classes))
    try:
        dataset: Dataset
        if isinstance(source, Flips):
            dataset = source
        else:
            dataset = open_data(source, *wanted, question.settings.data_options)
        if dataset.spec != question.spec:
            raise DataError(f"the run's inputs are {question.spec}, those of '{source}' {dataset.spec}")
        same = dataset.sha256 == question.data.sha256
    except (DataError, MissingExtraError) as error:
        if data is not None:
            raise
        return None, f"{UNCOMPARED}: {error}"
    if same:
        return dataset, ""
    if question.data.digest is None:
        return dataset, f"whether the data are the audited ones is not known: {EARLIER} {OF_OLD['data']}"
    if data is None and source not in DATA.builtin:
        return None, f"{UNCOMPARED}: '{source}' is another one now (SHA-256); give DATA to compare them"
    return dataset, "the data are not those that were audited (another SHA-256)"


def is_here(source: str) -> bool:
    """Whether there is something by this name."""
    try:
        return Path(source).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False

"""Open a hard set and a model, and see that they fit each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from brittle.core.errors import ModelError, RunError, UsageError, did_you_mean
from brittle.data.dataset import evenly
from brittle.domains import domain_of
from brittle.models import Backend, open_model
from brittle.models.classifier import ModelClassifier
from brittle.models.resize import resized
from brittle.store.hard_records import NamedNet
from brittle.store.hard_set import HardSet
from brittle.store.scores import LONGEST, ScoreEntry, is_among, last_part, read_scores
from brittle.store.set_files import SetFiles, Source, sources_of
from brittle.tasks.playing.opened import refuse_shape
from brittle.tasks.score.settings import ScoreSettings

IMAGE = ("channel", "height", "width")


@dataclass(frozen=True)
class OpenedScore:
    """What is scored. sources: those that are shown; name: of the entry; lanes: batches at the same time."""

    settings: ScoreSettings
    hard: HardSet
    files: SetFiles
    sources: Sequence[Source]
    backend: Backend
    model: ModelClassifier
    name: str
    reference: ScoreEntry | None
    lanes: int = 1

    def is_among(self, nets: Sequence[NamedNet]) -> bool:
        """Whether the model is one of these."""
        return is_among(nets, self.backend.name, self.backend.sha256)


def open_score(settings: ScoreSettings, model: Any = None) -> OpenedScore:
    """Open what the settings name; the model may be given as a Python object instead.

    Raises BrittleError with one line, before the model is asked anything.
    """
    hard = HardSet.open(Path(settings.folder))
    files = SetFiles(hard, domain_of(hard.about.spec))
    sources = evenly(sources_of(hard), settings.limit)
    entries, _ = read_scores(hard, files.sha256)
    reference = None
    if settings.reference is not None:
        reference = find_entry(entries, settings.reference)
        _refuse_as_reference(reference, len(sources))
    elif any(gate.name == "mce" for gate in settings.gates):
        raise UsageError("expected --reference beside a limit of mce; name an entry of the board")
    backend = open_model(settings.model if model is None else model, settings.model_options)
    name = settings.name or last_part(backend.name).removesuffix(".onnx")[:LONGEST]
    _refuse_taken(entries, name, backend, len(sources))
    classifier, lanes = _classifier(backend, hard)
    return OpenedScore(settings, hard, files, sources, classifier.backend, classifier, name, reference, lanes)


def find_entry(entries: Sequence[ScoreEntry], name: str) -> ScoreEntry:
    """The entry of this name. Raises UsageError."""
    for entry in entries:
        if entry.name == name:
            return entry
    hint = did_you_mean(name, (entry.name for entry in entries)) if entries else "it has none yet"
    raise UsageError(f"there is no '{name}' on the board; {hint}")


def _refuse_as_reference(entry: ScoreEntry, samples: int) -> None:
    if entry.samples != samples:
        raise UsageError(
            f"'{entry.name}' was scored on {entry.samples} sources, not on {samples}; "
            "score both with the same --limit"
        )
    if entry.mce(entry) is None:
        raise UsageError(
            f"'{entry.name}' makes no error under some kind of change, and nothing is a share of none; "
            "choose another --reference"
        )


def _refuse_taken(entries: Sequence[ScoreEntry], name: str, backend: Backend, samples: int) -> None:
    """No entry is lost to another model of its name, nor to a quick look at fewer sources."""
    for entry in entries:
        if entry.name != name:
            continue
        same = entry.model.sha256 == backend.sha256 and (
            backend.sha256 or entry.model.name == last_part(backend.name)
        )
        if not same:
            raise RunError(f"the board has another model called '{name}'; pass --name")
        if entry.samples > samples:
            raise RunError(
                f"'{name}' was scored on {entry.samples} sources, and {samples} would take their "
                "place; pass another --name"
            )


def _classifier(backend: Backend, hard: HardSet) -> tuple[ModelClassifier, int]:
    """The model for inputs of the set, and its lanes; images of another size are resized on their way."""
    spec, names = hard.about.spec, tuple(one.name for one in hard.classes)
    if spec.axes == IMAGE:
        backend = resized(backend, (spec.shape[1], spec.shape[2]))
    refuse_shape(backend, spec)
    backend, lanes = backend.fitted(spec.shape), 1
    if backend.concurrent is not None:
        backend, lanes = replace(backend, ask=backend.concurrent(), concurrent=None), backend.lanes
    outputs = backend.outputs or len(backend.classes or names)
    if outputs != len(names):
        raise ModelError(f"{backend.name} answers {outputs} classes, the hard set has {len(names)}")
    own = backend.classes or names
    if own != names and sorted(own) == sorted(names):
        raise ModelError(
            f"{backend.name} has the classes of the hard set in another order; its answers would be taken "
            "for others"
        )
    return ModelClassifier(backend, spec, names), lanes

"""Open a model and data, check that they fit, and agree on the rules of the game."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from brittle.agent.player import is_at_home
from brittle.core.canvas import Canvas, Palette
from brittle.core.errors import UsageError, did_you_mean
from brittle.core.grid import Grid
from brittle.core.identity import DIGEST
from brittle.core.paths import is_file
from brittle.core.sample import InputSpec, Sample
from brittle.core.sample_run import Archive, Rules
from brittle.core.search import Board, InputBoard, SearchFactory, Terms
from brittle.data import DataOptions, Dataset, open_data
from brittle.distortions import open_distortion, suited
from brittle.domains import DOMAINS, Domain, domain_of
from brittle.models import Backend, open_model
from brittle.models.backend import LANES
from brittle.models.classifier import ModelClassifier
from brittle.models.probe import count_classes
from brittle.searches import open_search
from brittle.store.manifest import Manifest, same, stored_outputs
from brittle.store.run import Run
from brittle.tasks.audit.settings import AuditSettings

FITTING = ("model", "data", "model_options", "data_options")
"""The settings on which the number of classes depends."""


@dataclass(frozen=True)
class Opened:
    """A model and data that fit each other.

    lanes: batches that it may be asked at the same time.
    """

    settings: AuditSettings
    backend: Backend
    model: ModelClassifier
    dataset: Dataset
    domain: Domain
    grid: Grid
    palette: Palette
    search: SearchFactory[Any]
    target: int | None
    lanes: int = 1

    @property
    def terms(self) -> Terms:
        """What ends a search."""
        closest = self.settings.goal == "closest"
        return Terms(self.settings.budget, self.settings.max_l2, closest)

    def rules(self, archive: Archive) -> Rules:
        """What all sample runs of this audit share."""
        board = partial(make_board, self.search.board, self.grid, self.palette, self.settings.seed)
        return Rules(
            self.search, board, self.terms, archive, self.target, self.settings.top_k, self.settings.seed
        )

    def concurrent(self) -> "Opened":
        """The same with a model that answers LANES batches at the same time, where that is faster."""
        backend = self.backend
        few = len(self.dataset.ids) < LANES or self.model.door.alone
        if backend.concurrent is None or few or self.settings.keep_answers:
            return self
        backend = replace(backend, ask=backend.concurrent(), concurrent=None)
        return replace(
            self,
            backend=backend,
            model=ModelClassifier(backend, self.model.input, self.model.classes),
            lanes=LANES,
        )

    def manifest(self) -> Manifest:
        """What is asked, for the run folder."""
        return Manifest(
            settings=self.settings.question(),
            model={
                "name": self.backend.name,
                "sha256": self.backend.sha256,
                "digest": DIGEST,
                "classes": list(self.model.classes),
            },
            data={
                "name": self.dataset.name,
                "samples": len(self.dataset.ids),
                "sha256": self.dataset.sha256,
                "digest": DIGEST,
            },
            spec=self.dataset.spec,
            cell=self.grid.cell,
            palette=self.palette.layers,
            agent=getattr(self.search, "about", None),
        )


def open_audit(
    settings: AuditSettings, model: Any = None, data: Any = None, *, outputs: int | None = None
) -> Opened:
    """Open what the settings name; model (or its backend) and data may be given as Python objects instead.

    outputs: how many classes the model answers, where that is known already; else it may be asked one row.
    Raises ModelError, DataError or UsageError, each with one line.
    """
    backend = model
    if not isinstance(model, Backend):
        backend = open_model(settings.model if model is None else model, settings.model_options)
    fit = _fitted(backend, settings.data if data is None else data, settings.data_options, outputs)
    backend, dataset, spec = fit.backend, fit.dataset, fit.dataset.spec
    classifier = ModelClassifier(backend, spec, _class_names(backend, dataset, fit.outputs))
    domain = _domain(spec, settings.domain)
    search = settings.search or _usual_search(settings, spec)
    cell = domain.parse_cell(settings.cell, spec) if settings.cell else domain.cell(spec)
    if settings.top_k >= len(classifier.classes):
        count = len(classifier.classes)
        raise UsageError(f"expected top-k below the model's {count} classes, got {settings.top_k}")
    return Opened(
        settings=settings.model_copy(update={"search": search}),
        backend=backend,
        model=classifier,
        dataset=dataset,
        domain=domain,
        grid=Grid(spec, cell),
        palette=open_palette(settings.distortions, settings.draws, spec),
        search=open_search(search, **settings.search_settings),
        target=None if settings.target is None else class_index(settings.target, classifier.classes),
    )


def known_outputs(folder: Path, settings: AuditSettings) -> int | None:
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


def _fitted(backend: Backend, source: Any, options: DataOptions, known: int | None) -> _Fitted:
    """Read the data for the model; again, once it is known how many classes its labels are of."""
    told = backend.outputs or len(backend.classes or ()) or known
    read = partial(open_data, source, backend.shape, backend.classes, options=options)
    dataset = read(outputs=told)
    backend = backend.fitted(dataset.spec.shape)
    outputs = backend.outputs or told or count_classes(backend, dataset.spec)
    if outputs != told:
        del dataset  # arrays are not held twice
        dataset = read(outputs=outputs)
    return _Fitted(backend, dataset, outputs)


def _usual_search(settings: AuditSettings, spec: InputSpec) -> str:
    """The search where the user names none: the agent where it learned, or is to learn; else patchwork."""
    return "agent" if settings.warm_up or is_at_home(spec) else "patchwork"


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


def open_palette(names: Sequence[str], draws: int, spec: InputSpec) -> Palette:
    """The palette of these distortions, or of all that suit the input. Raises UsageError."""
    palette = Palette(tuple(open_distortion(name) for name in names or suited(spec)), draws)
    palette.check(spec)
    if not palette.layers:
        raise UsageError(
            f"no distortion suits an input of {', '.join(spec.axes)}; name one with --distortion"
        )
    return palette


def make_board(kind: str, grid: Grid, palette: Palette, seed: int, sample: Sample) -> Board:
    """The board a search plays on: "cells" or "input"."""
    return Canvas(sample, grid, palette, seed) if kind == "cells" else InputBoard(sample)


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

"""Replay every flip of a run and ask the model again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.canvas import Canvas, Palette, replay
from brittle.core.errors import BrittleError, RunError
from brittle.core.goal import Goal
from brittle.core.grid import Grid
from brittle.core.result import Flip, SearchResult
from brittle.core.sample import Sample
from brittle.distortions import open_distortion
from brittle.domains import Domain, domain_of
from brittle.models import open_model
from brittle.models.classifier import ModelClassifier
from brittle.models.options import ModelOptions
from brittle.store.run import Run
from brittle.tasks.audit.opening import class_index


@dataclass(frozen=True)
class Check:
    """One flip asked again. message: empty if it holds, else what is wrong with it."""

    sample: str
    file: str
    message: str = ""

    @property
    def holds(self) -> bool:
        """Whether the flip still is one, and is what its recipe says."""
        return not self.message


@dataclass(frozen=True)
class Verification:
    """Every flip of a run, checked. same_model: whether the model's SHA-256 is the run's."""

    checks: tuple[Check, ...]
    rows: int
    same_model: bool

    @property
    def broken(self) -> tuple[Check, ...]:
        """The flips that do not hold."""
        return tuple(check for check in self.checks if not check.holds)


def verify(folder: str | Path, model: Any = None) -> Verification:
    """Read every flip of a run back from its file, replay it from its recipe, and ask the model for it alone.

    model: as for audit; default the run's own. The untouched originals are asked too. Raises BrittleError.
    """
    run = Run.open(folder)
    manifest = run.manifest
    options = ModelOptions.model_validate(manifest.settings["model_options"])
    backend = open_model(manifest.model["name"] if model is None else model, options)
    backend = backend.fit(manifest.spec.shape) if backend.fit else backend
    classifier = ModelClassifier(backend, manifest.spec, tuple(manifest.model["classes"]))
    judge = _Judge(run, classifier, domain_of(manifest.spec))
    checks = tuple(check for result in run.results() for check in judge.checks(result))
    return Verification(checks, classifier.rows, backend.sha256 == manifest.model["sha256"])


class _Judge:
    def __init__(self, run: Run, model: ModelClassifier, domain: Domain) -> None:
        self.run, self.model, self.domain = run, model, domain
        manifest = run.manifest
        self.settings, self.spec = manifest.settings, manifest.spec
        names = dict.fromkeys(layer.distortion for layer in manifest.palette)
        self.palette = Palette(tuple(open_distortion(name) for name in names), self.settings["draws"])
        if self.palette.layers != manifest.palette:
            raise RunError(
                f"the distortions of {run.path} have other levels now; use the brittle that wrote it"
            )
        self.grid = Grid(self.spec, manifest.cell)
        target = self.settings["target"]
        self.target = None if target is None else class_index(target, model.classes)

    def checks(self, result: SearchResult) -> Iterator[Check]:
        """A check for the first and for the closest flip of one sample."""
        flips = {flip.file: flip for flip in (result.first, result.closest) if flip is not None}
        for file, flip in flips.items():
            try:
                yield Check(result.sample, file, self._fault(result, flip))
            except BrittleError as error:
                yield Check(result.sample, file, str(error))

    def _fault(self, result: SearchResult, flip: Flip) -> str:
        """What is wrong with a flip; empty if nothing is."""
        label = result.predicted if result.label is None else result.label
        if label is None:
            return "its line in results.jsonl has no label"
        original = self.domain.from_bytes(self.run.read(self.run.original(result)), self.spec)
        changed = self.domain.from_bytes(self.run.read(flip.file), self.spec)
        if flip.assignment is not None:
            sample = Sample(result.sample, original, label, self.spec)
            canvas = Canvas(sample, self.grid, self.palette, self.settings["seed"])
            if not np.array_equal(replay(canvas, flip.assignment), changed):
                return "its recipe renders another input than its file holds"
        goal = Goal(label, self.target, self.settings["top_k"])
        if goal.flipped(self.model(original[None]))[0]:
            return "the untouched original is not classified as its label"
        answer = self.model(changed[None])
        if not goal.flipped(answer)[0]:
            named = self.model.classes[int(answer[0].argmax())]
            return f"the model answers {named}: the decision is not flipped"
        return ""

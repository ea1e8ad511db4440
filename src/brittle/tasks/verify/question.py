"""What run.json says was asked. It may be a stranger's: values are checked, no name is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from brittle.core.canvas import Layer
from brittle.core.errors import DataError, RunError, UsageError
from brittle.core.goal import Goal
from brittle.core.grid import Grid
from brittle.core.result import SearchResult
from brittle.core.sample import InputSpec
from brittle.data.options import DataOptions
from brittle.domains import Domain, domain_of
from brittle.models.options import ModelOptions
from brittle.searches import SEARCHES
from brittle.settings import Settings, one_line
from brittle.store.manifest import Manifest, NamedData, NamedModel
from brittle.store.run import Run
from brittle.tasks.audit.curves import CurveSettings
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.explain.settings import ExplainSettings
from brittle.tasks.playing.opened import class_index
from brittle.tasks.playing.settings import FREE_OF_MODEL, RunSettings

A = TypeVar("A", bound="Asked")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What any run asked. own_classes: whether the class names came from a file of the user."""

    settings: RunSettings
    model: NamedModel
    data: NamedData
    spec: InputSpec
    domain: Domain
    own_classes: bool


@dataclass(frozen=True, kw_only=True)
class ExplanationQuestion(Asked):
    """What an explanation asked."""

    settings: ExplainSettings


@dataclass(frozen=True, kw_only=True)
class CurveQuestion(Asked):
    """What severity curves asked."""

    settings: CurveSettings
    palette: tuple[Layer, ...]


@dataclass(frozen=True, kw_only=True)
class Question(Asked):
    """What an audit asked. recipes: whether every flip must have an assignment, its recipe on the board."""

    settings: AuditSettings
    grid: Grid
    palette: tuple[Layer, ...]
    target: int | None
    recipes: bool

    def goal(self, label: int) -> Goal:
        """What a flip of a sample with this label is."""
        return Goal(label, self.target, self.settings.top_k)

    def label(self, result: SearchResult) -> int | None:
        """The class whose decision was to flip: the label, or the model's own answer."""
        return result.predicted if result.label is None else result.label


def question_of(run: Run) -> Question:
    """What run.json of an audit says, as settings. Raises RunError where it makes no sense."""
    return _sensible(run, _question)


def explanation_of(run: Run) -> ExplanationQuestion:
    """What run.json of an explanation says. Raises RunError where it makes no sense."""
    return _sensible(run, lambda manifest: ExplanationQuestion(**_asked(manifest, ExplainSettings)))


def curves_of(run: Run) -> CurveQuestion:
    """What run.json of severity curves says. Raises RunError where it makes no sense."""
    return _sensible(
        run,
        lambda manifest: CurveQuestion(**_asked(manifest, CurveSettings), palette=manifest.palette),
    )


def _sensible(run: Run, of: Callable[[Manifest], A]) -> A:
    where = run.path / "run.json"
    try:
        return of(run.manifest)
    except ValidationError as error:
        raise RunError(f"{where} is damaged ({one_line(error)})") from error
    except (UsageError, DataError) as error:
        raise RunError(f"{where} makes no sense: {error}") from error


def _asked(manifest: Manifest, kind: type[RunSettings]) -> dict[str, Any]:
    """The fields of Asked."""
    return {
        "settings": kind.model_validate(_known(kind, manifest.settings)),
        "model": NamedModel.model_validate(manifest.model),
        "data": NamedData.model_validate(manifest.data),
        "spec": manifest.spec,
        "domain": domain_of(manifest.spec),
        "own_classes": bool((manifest.settings.get("model_options") or {}).get("classes")),
    }


def _question(manifest: Manifest) -> Question:
    asked = _asked(manifest, AuditSettings)
    settings, classes = asked["settings"], asked["model"].classes
    target = settings.target
    return Question(
        **asked,
        grid=Grid(manifest.spec, manifest.cell),
        palette=manifest.palette,
        target=None if target is None else class_index(target, classes),
        recipes=_plays_cells(str((manifest.agent or {}).get("player") or settings.search)),
    )


def _known(kind: type[RunSettings], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that this brittle has, without those that may not come from a run.

    Neither how an endpoint is reached, least of all a header with its secret, nor a file of class names: the
    names themselves stand in run.json.
    """
    refused = {*FREE_OF_MODEL, "classes"}
    known = _fields(kind, settings)
    inner: dict[str, tuple[type[Settings], set[str]]] = {
        "model_options": (ModelOptions, refused),
        "data_options": (DataOptions, set()),
    }
    for name, (part, without) in inner.items():
        if isinstance(known.get(name), Mapping):
            found = _fields(part, known[name])
            known[name] = {key: value for key, value in found.items() if key not in without}
    return known


def _fields(kind: type[Settings], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in kind.model_fields if name in values}


def _plays_cells(search: str) -> bool:
    """Whether a built-in search plays on the cells board; of others it is not known without opening them."""
    return search in SEARCHES.builtin and getattr(SEARCHES.load(search), "board", "") == "cells"

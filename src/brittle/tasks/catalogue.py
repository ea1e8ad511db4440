"""What brittle can be told to use, with one line each."""

from collections.abc import Iterator
from dataclasses import dataclass
from inspect import getdoc

from brittle.core.errors import BrittleError
from brittle.core.registry import Registry
from brittle.data import DATA
from brittle.distortions import DISTORTIONS
from brittle.domains import DOMAINS
from brittle.explainers import EXPLAINERS
from brittle.exports import EXPORTS
from brittle.models import MODELS
from brittle.searches import SEARCHES
from brittle.tasks.audit.presets import PRESETS


@dataclass(frozen=True)
class Entry:
    """One member of a registry: its kind, its name, and the first line of its docstring."""

    kind: str
    name: str
    line: str


def catalogue() -> tuple[Entry, ...]:
    """All members of every registry, installed ones too, and presets."""
    registries = (DISTORTIONS, SEARCHES, EXPLAINERS, MODELS, DATA, DOMAINS, EXPORTS)
    members = tuple(entry for registry in registries for entry in _entries(registry))
    return members + tuple(Entry("preset", name, found.line) for name, found in PRESETS.items())


def _entries(registry: Registry) -> Iterator[Entry]:
    for name in registry.names():
        try:
            line = (getdoc(registry.load(name)) or "").partition("\n")[0]
        except BrittleError as error:
            line = str(error)
        yield Entry(registry.kind, name, line)

"""A model and data as a Python call has them: by name, or as objects."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brittle.core.errors import UsageError


@dataclass(frozen=True)
class Named:
    """A model and data as settings have them (texts), and those of them that are Python objects."""

    texts: dict[str, str]
    objects: dict[str, Any]


def name_objects(model: Any, data: Any) -> Named:
    """What brittle.audit was called with, as names and objects; what was not given is in neither."""
    given = {k: v for k, v in {"model": model, "data": data}.items() if v is not None}
    texts = {k: _name(v, k) for k, v in given.items()}
    return Named(texts, {k: v for k, v in given.items() if texts[k] != str(v)})


def _name(thing: Any, kind: str) -> str:
    """How settings call a model or data: its text, or a name for a Python object."""
    if isinstance(thing, str | os.PathLike):
        return os.fspath(thing) if isinstance(thing, os.PathLike) else thing
    if kind == "data":
        return "arrays"
    return str(getattr(thing, "__qualname__", type(thing).__qualname__))


def refuse_workers(objects: Mapping[str, Any], elsewhere: bool) -> None:
    """Raise UsageError where Python objects would have to go to other processes."""
    if objects and elsewhere:
        raise UsageError(f"expected a {' and a '.join(objects)} by name for workers, got Python objects")

"""One way in for members of every kind: built in, installed through an entry point, or `my.module:thing`."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from brittle.core.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Registry:
    """Members of one kind by name, imported only when loaded.

    kind:    as messages call it ("distortion"). group: the entry-point group for outsiders.
    builtin: name -> "module:attribute".
    """

    kind: str
    group: str
    builtin: Mapping[str, str]

    def names(self) -> tuple[str, ...]:
        """Every built-in and installed member."""
        return tuple(self.builtin) + tuple(e.name for e in self._installed() if e.name not in self.builtin)

    def load(self, name: str) -> Any:
        """The member of this name, or the attribute that `my.module:thing` names. Raises UsageError."""
        if name in self.builtin:
            return _attribute(self.builtin[name], self.kind)
        for entry in self._installed():
            if entry.name == name:
                return _attribute(entry.value, self.kind)
        if ":" in name:
            return load_object(name, self.kind)
        raise UsageError(f"no {self.kind} is called '{name}'; {did_you_mean(name, self.names())}")

    def _installed(self) -> tuple[EntryPoint, ...]:
        return tuple(entry_points(group=self.group))


def load_object(path: str, kind: str) -> Any:
    """Import the user's `package.module:attribute`, looking in the working folder too. Raises UsageError."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    return _attribute(path, kind)


def _attribute(path: str, kind: str) -> Any:
    module_name, _, attribute = path.partition(":")
    if not module_name or not attribute:
        raise UsageError(f"expected a {kind} as package.module:name, got '{path}'")
    try:
        found: Any = import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        raise UsageError(f"cannot import {kind} '{path}': no module named '{error.name}'") from error
    except AttributeError as error:
        names = [n for n in vars(sys.modules[module_name]) if not n.startswith("_")]
        raise UsageError(
            f"module '{module_name}' has no '{attribute}'; {did_you_mean(attribute, names)}"
        ) from error
    except Exception as error:
        raise UsageError(f"cannot import {kind} '{path}': {type(error).__name__}: {error}") from error
    return found

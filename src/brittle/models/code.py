"""What tells one function from another: its source, what it closes over, and the file of its module.

What a function reads elsewhere (a global, an object, a file) is not seen here; its answers tell of that.
"""

import inspect
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from brittle.core.identity import hash_contents

PLAIN = (type(None), bool, int, float, complex, str, bytes)
MOST_ENTRIES = 100_000  # of a container; a greater one counts as an object
DEEPEST = 50


def code_digest(call: Callable[..., Any], source: Any) -> str:
    """SHA-256 of what answers and of the thing that made it (often the same); same code, same digest."""
    found = _Digest()
    for thing in [call] if call is source else [call, source]:
        found.add("file", hash_contents(_file_of(thing)))
        found.value(thing, 0)
    return found.digest.hexdigest()


class _Digest:
    """A SHA-256 that is told values one by one, each with its kind and length."""

    def __init__(self) -> None:
        self.digest = sha256()
        self.seen: dict[int, int] = {}
        self.kept: list[Any] = []  # what an id stands for must stay

    def add(self, kind: str, text: str | bytes = b"") -> None:
        data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
        self.digest.update(f"{kind} {len(data)}\n".encode())
        self.digest.update(data)

    def value(self, x: Any, depth: int) -> None:
        """A number, text, array, function or container of those; of anything else only its type."""
        if type(x) in PLAIN:
            self.add(type(x).__name__, x if isinstance(x, bytes) else hex(x) if type(x) is int else repr(x))
            return
        if id(x) in self.seen:
            self.add("seen", str(self.seen[id(x)]))
            return
        self.seen[id(x)] = len(self.seen)
        self.kept.append(x)
        if depth > DEEPEST:
            self.add("deep")
        elif isinstance(x, np.ndarray | np.generic) and not x.dtype.hasobject:
            self._array(np.asarray(x))
        elif isinstance(x, list | tuple | dict | set | frozenset) and len(x) <= MOST_ENTRIES:
            self._container(x, depth + 1)
        elif isinstance(x, FunctionType):
            self._function(x, depth + 1)
        elif isinstance(x, MethodType):
            self._several("method", (x.__func__, type(x.__self__)), depth)
        elif isinstance(x, partial):
            self._several("partial", (x.func, x.args, x.keywords), depth)
        else:
            self._object(x)

    def _several(self, kind: str, values: Any, depth: int) -> None:
        self.add(kind, str(len(values)))
        for value in values:
            self.value(value, depth + 1)

    def _container(self, x: Any, depth: int) -> None:
        kind = type(x).__name__
        if isinstance(x, dict):
            self._several(kind, [part for pair in x.items() for part in pair], depth)
        elif isinstance(x, list | tuple):
            self._several(kind, x, depth)
        else:  # a set has no order of its own
            self._several(kind, sorted(map(_alone, x)), depth)

    def _array(self, x: np.ndarray[Any, Any]) -> None:
        self.add("array", f"{x.dtype.str} {x.shape}")
        self.digest.update(np.ascontiguousarray(x).reshape(-1).view(np.uint8).data)

    def _function(self, function: FunctionType, depth: int) -> None:
        self.add("function", function.__name__)
        self._code(function.__code__, depth)
        self.value(function.__defaults__, depth)
        self.value(function.__kwdefaults__, depth)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self.add("cell", name)
            try:
                self.value(cell.cell_contents, depth)
            except ValueError:  # not filled yet
                self.add("empty")

    def _code(self, code: CodeType, depth: int) -> None:
        """The source; where there is none (a function made from text), what Python compiled it to."""
        source = _source(code)
        self.add("source", source)
        if not source:
            self.add("code", code.co_code)
            self.value(code.co_names, depth)
            for value in code.co_consts:
                self._code(value, depth) if isinstance(value, CodeType) else self.value(value, depth)

    def _object(self, x: Any) -> None:
        """Of a class its source, of an object that of its class."""
        kind = x if isinstance(x, type) else type(x)
        self.add("class" if x is kind else "object", f"{kind.__module__}.{kind.__qualname__}")
        self.add("source", _source(kind))


def _alone(x: Any) -> str:
    found = _Digest()
    found.value(x, 0)
    return found.digest.hexdigest()


def _source(thing: Any) -> str:
    """The text that defines a class or code, empty where there is none."""
    try:
        return inspect.getsource(thing)
    except Exception:  # it parses the file, and raises nearly anything on an odd one
        return ""


def _file_of(thing: Any) -> Path:
    """The file that defines a function, or the class of an object; a folder where there is none."""
    owner = thing.func if isinstance(thing, partial) else thing
    owner = owner if inspect.isroutine(owner) or inspect.isclass(owner) else type(owner)
    try:
        return Path(inspect.getsourcefile(inspect.unwrap(owner)) or "")
    except (TypeError, ValueError, OSError):
        return Path()

"""Docstrings as they are written here, for Sphinx: parameters, errors and types of the public API.

A docstring is a sentence, then `name: what it is.` for what needs a word, several in a line where they are
short, and "Raises X ..." at the end. Sphinx shows such as fields.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from inspect import Parameter, signature
from typing import Any

from sphinx.application import Sphinx

import brittle
from brittle.settings import Settings

PLACES = {f"{module}.{name}": f"brittle.{name}" for name, module in brittle._PUBLIC.items()}
"""Where a public name lives, and what users call it."""
NAMED = re.compile(r"(?:^|(?<=[.;]\s)|(?<=\n))(\w+(?:, \w+)*):\s+")
RAISES = re.compile(r"(?:^|(?<=[.;]\s))Raises\s+((?:\w+(?:, | or )?)+?)(?=[\s.;]|$)(.*)", re.DOTALL)

MARKUP = re.compile(r"([*|]|(?<=\w)_(?!\w))")
"""What means something to reStructuredText, and nothing here."""


def paragraphs_as_fields(lines: list[str], parameters: set[str]) -> Iterator[str]:
    """The lines of a docstring, what it says of parameters and errors as fields behind the rest."""
    prose, fields = [], []
    for paragraph in MARKUP.sub(r"\\\1", "\n".join(lines)).strip().split("\n\n"):
        text, raised = _split_errors(paragraph)
        starts = [m for m in NAMED.finditer(text) if parameters.issuperset(m[1].split(", "))]
        said = text[: starts[0].start()].rstrip() if starts else text
        prose.append(f"{said[:-1]}." if said.endswith(";") else said)
        ends = [start.start() for start in starts[1:]] + [len(text)] * bool(starts)
        for start, end in zip(starts, ends, strict=True):
            told = _joined(text[start.end() : end]).rstrip(";")
            fields += [f":param {name}: {told}" for name in start[1].split(", ")]
        fields += raised
    yield from "\n\n".join(text for text in prose if text.strip()).split("\n")
    yield ""
    yield from fields
    yield ""


def _split_errors(paragraph: str) -> tuple[str, list[str]]:
    """A paragraph without its sentence on errors, and that sentence as fields."""
    found = RAISES.search(paragraph)
    if not found:
        return paragraph, []
    clauses = re.split(r", (?=[A-Z]\w+Error\b)|; (?=[A-Z]\w+Error\b)", _joined(found[1] + found[2]))
    fields = []
    for clause in clauses:
        names = re.match(r"(\w+Error(?:(?:, | or )\w+Error)*)", clause)
        if not names:
            return paragraph, []
        told = clause[names.end() :].strip(" .:,") or "its text says why"
        fields += [f":raises {name}: {told}" for name in re.split(", | or ", names[1])]
    return paragraph[: found.start()].rstrip(), fields


def _joined(text: str) -> str:
    return " ".join(text.split())


def _meant(name: str, thing: Any) -> Any:
    """What is documented: `brittle.optimise` is a room that can be called, and its run is what is meant."""
    return import_module("brittle.optimise.run").optimise if name == "brittle.optimise" else thing


def _names_in(thing: Any) -> set[str]:
    """Parameters of a function, fields of a class: what a docstring may say a word of."""
    try:
        parameters = set(signature(thing).parameters)
    except (TypeError, ValueError):  # a property, an error
        parameters = set()
    return parameters | set(getattr(thing, "__annotations__", ()))


def on_docstring(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Show parameters and errors as fields."""
    thing = _meant(name, thing)
    if name == "brittle.optimise":
        lines[:] = thing.__doc__.splitlines()
    lines[:] = paragraphs_as_fields(lines, _names_in(thing))


def on_signature(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, arguments: str, returns: str
) -> tuple[str, str] | None:
    """Call public names as users do; the fields of settings have a page of their own."""
    thing = _meant(name, thing)
    if isinstance(thing, type) and issubclass(thing, Settings):
        return "", ""
    if name == "brittle.optimise":
        whole = signature(thing)
        arguments = str(whole.replace(return_annotation=Parameter.empty))
        returns = whole.return_annotation.__name__
    for place, called in PLACES.items():
        arguments = arguments and arguments.replace(place, called)
        returns = returns and returns.replace(place, called)
    return arguments, returns


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("autodoc-process-docstring", on_docstring)
    app.connect("autodoc-process-signature", on_signature)
    return {"parallel_read_safe": True}

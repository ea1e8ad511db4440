"""The modules of the page as classic scripts, which browsers also run from a file."""

import re
from collections.abc import Iterator, Mapping

IMPORT = re.compile(r'^import (?:(\{[^}]*\}) from )?"\./([\w.]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:const|function) (\w+))", re.MULTILINE)


def classic(name: str, modules: Mapping[str, bytes]) -> str:
    """One script that does what a module does with all that it imports. modules: their texts, by name.

    Modules import names of others with { }, on top, and export constants and functions.
    """
    parts = [_as_function(part, modules[part].decode()) for part in dict.fromkeys(_needed(name, modules))]
    return "".join(['"use strict";\n(() => {\nconst modules = {};\n', *parts, "})();\n"])


def _needed(name: str, modules: Mapping[str, bytes]) -> Iterator[str]:
    """The modules that one imports, those first that others need, and itself."""
    for found in IMPORT.finditer(modules[name].decode()):
        yield from _needed(found[2], modules)
    yield name


def _as_function(name: str, text: str) -> str:
    """A module as a function that returns what it exports."""
    body = IMPORT.sub(lambda found: f'const {found[1]} = modules["{found[2]}"];\n' if found[1] else "", text)
    names = [found[2] for found in EXPORT.finditer(body)]
    body = EXPORT.sub(r"\1", body)
    return f'modules["{name}"] = (() => {{\n{body}return {{ {", ".join(names)} }};\n}})();\n'

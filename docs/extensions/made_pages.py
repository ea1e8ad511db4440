"""Pages that are made from the code: commands with their options, and settings.

A page has a comment where they go, such as `<!-- commands -->`, which git hosts do not show.
"""

import re
from collections.abc import Callable, Iterator
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from sphinx.application import Sphinx

import brittle
from brittle.cli import cli
from brittle.cli.options import GROUPS, default_of
from brittle.settings import Settings


def commands() -> Iterator[str]:
    """Every command: how it is called, what it does, its options by group."""
    top = click.Context(cli, info_name="brittle")
    for name in cli.list_commands(top):
        command = cli.get_command(top, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=top)
        yield f"## brittle {name}\n"
        yield f"```text\n{context.get_usage().removeprefix('Usage: ')}\n```\n"
        yield from _told(command.help or "")
        yield from _options(command, context)


def _told(text: str) -> Iterator[str]:
    """The paragraphs of a help text; what click must not wrap is shown as it is."""
    for paragraph in text.strip().split("\n\n"):
        if paragraph.lstrip(" ").startswith("\b"):
            yield f"```text\n{cleandoc(paragraph.replace(chr(8), '', 1))}\n```\n"
        else:
            yield f"{_escaped(' '.join(paragraph.split()))}\n"


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    options = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    for group in (*GROUPS, ""):
        records = [one.get_help_record(context) for one in options if getattr(one, "group", "") == group]
        shown = [record for record in records if record]
        if shown:
            yield f"**{group.capitalize() or 'Other options'}**\n"
            for names, told in shown:
                yield f"`{names}`\n: {_escaped(told)}\n"


def settings() -> Iterator[str]:
    """The fields of every public kind of settings, and of the settings within them."""
    kinds = [getattr(brittle, name) for name in brittle.__all__ if name.endswith("Settings")]
    for kind in list(kinds):
        kinds += [inner for inner in map(_inner, kind.model_fields.values()) if inner and inner not in kinds]
    for kind in kinds:
        yield f"## {kind.__name__}\n"
        yield f"{_escaped(' '.join(kind.__doc__.split()))}\n"
        for name, field in kind.model_fields.items():
            default = _default(field) and f" [{_default(field)}]"
            yield f"`{name}` {_takes(field)}\n: {_escaped(field.description or '')}{default}\n"


def _takes(field: Any) -> str:
    """The kind of value: linked where that is settings, the choices where there are few."""
    inner = _inner(field)
    return f"[{inner.__name__}](#{inner.__name__.lower()})" if inner else f"`{_kind(field.annotation)}`"


def _kind(annotation: Any) -> str:
    """A type without its limits, and without None, which stands for the default."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(inner[0])
    if origin in (Union, UnionType):
        return " | ".join(_kind(one) for one in inner if one is not NoneType)
    if origin is Literal:
        return " | ".join(map(repr, inner))
    if origin:
        return f"{origin.__name__}[{', '.join('...' if one is ... else _kind(one) for one in inner)}]"
    return str(annotation.__name__)


def _default(field: Any) -> str:
    if _inner(field) or field.default == {}:
        return ""
    if field.is_required():
        return "must be given"
    if field.annotation is bool:
        return "yes" if field.default else "no"
    return _escaped(default_of(field))


def _inner(field: Any) -> type[Settings] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Settings) else None


def _escaped(text: str) -> str:
    """Plain text as Markdown that shows it."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", text)


MADE: dict[str, Callable[[], Iterator[str]]] = {"commands": commands, "settings": settings}


def on_source(app: Sphinx, page: str, source: list[str]) -> None:
    """Put what is made in place of the comments that name it."""
    for name, made in MADE.items():
        comment = f"<!-- {name} -->"
        if comment in source[0]:
            source[0] = source[0].replace(comment, "\n".join(made()))


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("source-read", on_source)
    return {"parallel_read_safe": True}

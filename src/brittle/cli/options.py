"""Options of a command, derived from its settings: name, help, default and group are those of the fields."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import click

from brittle.core.errors import UsageError
from brittle.settings import Settings

C = TypeVar("C", bound=Callable[..., Any])
GROUPS = ("model", "data", "search", "training", "running", "gates")
OF_ENDPOINTS = frozenset({"header", "query", "body", "timeout", "retries", "rate"})
"""Of the options of models those that say how an endpoint is asked."""


class GroupedCommand(click.Command):
    """A command whose help shows its options by group, in the order of GROUPS."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each group; options without one come last."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        shown = [(option, option.get_help_record(ctx)) for option in options]
        for group in (*GROUPS, ""):
            records = [r for option, r in shown if r and getattr(option, "group", "") == group]
            if records:
                with formatter.section(group.capitalize() or "Other options"):
                    formatter.write_dl(records)


class GroupedOption(click.Option):
    """An option that stands under a heading of the help."""

    def __init__(self, *names: str, group: str, **attributes: Any) -> None:
        super().__init__(list(names), **attributes)
        self.group = group


def option(names: str, group: str, metavar: str, text: str, **attributes: Any) -> Callable[[C], C]:
    """An option of a command that is no setting, under the heading of its group; text: its help.

    names: one, or several with commas between them.
    """

    def decorate(command: C) -> C:
        return _added(
            command, GroupedOption(*names.split(","), group=group, metavar=metavar, help=text, **attributes)
        )

    return decorate


def settings_options(
    *kinds: type[Settings], without: Collection[str] = (), **named: type[Settings]
) -> Callable[[C], C]:
    """An option for every field of these settings, and of the settings within them, that has a group.

    without: fields of the settings within that the command has no use for. named: further settings, which the
    help tells apart by these names. A field that several of them have is one option, told once where all of
    them say the same of it.
    """
    by_prefix = [*(("", kind) for kind in kinds), *((f"{name}: ", kind) for name, kind in named.items())]
    told: dict[str, dict[str, str]] = {}
    fields: dict[str, Any] = {}
    for prefix, kind in by_prefix:
        for name, field in option_fields(kind, without).items():
            fields.setdefault(name, field)
            default = f" [{default_of(field)}]" if default_of(field) else ""
            told.setdefault(name, {})[prefix] = f"{field.description}{default}"

    def text_of(name: str) -> str:
        texts = told[name]
        if len(set(texts.values())) == 1 and len(texts) == len(by_prefix):
            return next(iter(texts.values()))
        return "; ".join(prefix + text for prefix, text in texts.items())

    def decorate(command: C) -> C:
        for name in reversed(fields):
            _added(command, _option_of(name, fields[name], _sentence(text_of(name))))
        return command

    return decorate


def option_fields(kind: type[Settings], without: Collection[str] = ()) -> dict[str, Any]:
    """The fields that are options, by name: a class's own first, those of settings within it too.

    without: names of fields of the settings within that are left out.
    """
    found: dict[str, Any] = {}
    own = (name for name in kind.__annotations__ if name in kind.model_fields)
    for name in dict.fromkeys((*own, *kind.model_fields)):
        field = kind.model_fields[name]
        if isinstance(field.annotation, type) and issubclass(field.annotation, Settings):
            within = option_fields(field.annotation)
            found |= {inner: within[inner] for inner in within if inner not in without}
        elif shown_of(field).get("group"):
            found[name] = field
    return found


def default_of(field: Any) -> str:
    """The default as help shows it; empty for a flag, and where nothing is to be said."""
    if field.annotation is bool:
        return ""
    if field.default is None or field.default == ():
        return str(shown_of(field).get("unset", ""))
    return f"{field.default:g}" if isinstance(field.default, float) else str(field.default)


def shown_of(field: Any) -> dict[str, Any]:
    """What `setting` says of how a field is shown."""
    return field.json_schema_extra or {}


def settings_of(
    kind: type[Settings], values: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Values of a file, overruled by the options that were given; those of settings within go into them.

    A name that both have is that of the settings themselves.
    """
    given = given_of(options)
    merged = dict(values)
    pairs = given.pop("set", ())
    if pairs:
        own = "search_settings" if "search_settings" in kind.model_fields else "explainer_settings"
        merged[own] = {**_inner(merged, own), **dict(map(_pair, pairs))}
    for name, field in kind.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Settings):
            names = (key for key in field.annotation.model_fields if key not in kind.model_fields)
            inner = {key: given.pop(key) for key in names if key in given}
            if inner:
                merged[name] = {**_inner(merged, name), **inner}
    return {**merged, **given}


def taken(kind: type[Settings], values: dict[str, Any]) -> dict[str, Any]:
    """The values of these settings, which are taken out of others."""
    return {name: values.pop(name) for name in kind.model_fields if name in values}


def _inner(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The settings that stand under a name in a file. Raises UsageError."""
    found = values.get(name) or {}
    if not isinstance(found, Mapping):
        raise UsageError(f"{name}: expected settings by name, got {found!r}")
    return found


def given_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {key: value for key, value in options.items() if value not in (None, ())}


def _option_of(name: str, field: Any, text: str) -> GroupedOption:
    """Values are handed on as text: settings check them, for options and files alike."""
    shown = shown_of(field)
    looks: dict[str, Any] = {"group": shown["group"], "help": text}
    if field.annotation is bool:
        looks |= {"is_flag": True, "default": None}
    else:
        looks |= {"metavar": shown.get("metavar", "TEXT"), "multiple": bool(shown.get("repeat"))}
    return GroupedOption(shown.get("option", f"--{name.replace('_', '-')}"), name, **looks)


def _added(command: C, one: click.Option) -> C:
    """As click's own decorators do it: kept on the function until it becomes a command."""
    params: list[click.Parameter] = command.__dict__.setdefault("__click_params__", [])
    params.append(one)
    return command


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _pair(text: str) -> tuple[str, Any]:
    """NAME=VALUE; the value as JSON where it is, else as text. Raises UsageError."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"expected --set NAME=VALUE, got '{text}'")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


set_option = option(
    "--set",
    "search",
    "NAME=VALUE",
    "A setting of the search or explainer; repeatable.",
    multiple=True,
    type=str,
)
config_option = option("--config", "running", "FILE", "Settings in YAML or TOML; options given here win.")

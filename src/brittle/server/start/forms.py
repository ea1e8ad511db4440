"""What may be asked from a page: forms made from the settings of a verb, and what comes back from them.

Nothing that a browser sends becomes a path, an address or code: the model and the data are of a list that was
written on the command line, members of registries are named by their own names, and all else are numbers,
classes and sizes.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from brittle.core.errors import UsageError
from brittle.data.options import DataOptions
from brittle.distortions import DISTORTIONS
from brittle.explainers import EXPLAINERS, USUAL_FILLS
from brittle.searches import SEARCHES
from brittle.settings import Settings
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.explain.settings import ExplainSettings
from brittle.tasks.playing.settings import OWN_DATA, ShardSettings

BUILT_IN = ("efficientnet-lite0",), ("photos",)
"""What may be asked where the command line says nothing."""
YES = "yes"
"""What a box that is ticked says."""
LISTED: Mapping[str, Callable[[], Sequence[str]]] = {
    "search": SEARCHES.names,
    "distortions": DISTORTIONS.names,
    "explainer": EXPLAINERS.names,
    "fill": lambda: (*USUAL_FILLS, *DISTORTIONS.names()),
}
"""The values of settings that name something of ours."""
CELL = re.compile(r"[0-9A-Za-z./ x×]{1,40}")
LONGEST, DIGITS = 200, 18
"""Letters of a text, and digits of a number."""


@dataclass(frozen=True)
class Kind:
    """What may be started. names: settings of the form, in its order; limit, of the data, is there too.

    ticked: those that a page asks for unless it is told otherwise.
    """

    settings: type[ShardSettings]
    names: tuple[str, ...]
    ticked: tuple[str, ...] = ()


KINDS = {
    "audit": Kind(
        AuditSettings,
        (
            *("search", "budget", "goal", "max_l2", "distance", "target", "top_k", "cell", "draws"),
            *("distortions", "seed", "keep_trail"),
        ),
        ticked=("keep_trail",),
    ),
    "explain": Kind(ExplainSettings, ("explainer", "budget", "which", "fill", "evaluate", "seed")),
}
"""Verbs that may be started."""


@dataclass(frozen=True)
class Allowed:
    """What may be started from the page. most: runs that go on at the same time."""

    models: tuple[str, ...]
    data: tuple[str, ...]
    most: int = 1

    def taken(self, settings: ShardSettings) -> ShardSettings | None:
        """The same settings, as a page says them; None where a page cannot, or may not.

        How the run is carried out is not taken over: its folder may be a stranger's.
        """
        said = {"model": settings.model, "data": settings.data, **_said(settings)}
        options = said.pop("data_options", {})
        form = {name: _as_form(value) for name, value in {**said, **options}.items()}
        try:
            found = asked(self, form, verb_of(settings))
        except UsageError:
            return None
        return found if found.question() == settings.question() else None


@dataclass(frozen=True)
class Field:
    """One field of the form. choices: its values, where they are listed; usual: what holds if empty.

    kind: choice, number, text, or box; ticked: a box that is, until it is told otherwise.
    """

    name: str
    option: str
    text: str
    kind: str
    usual: str
    choices: tuple[str, ...] = ()
    several: bool = False
    ticked: bool = False


def verb_of(settings: ShardSettings) -> str:
    """The verb whose settings these are."""
    return next(verb for verb, kind in KINDS.items() if kind.settings is type(settings))


def fields(allowed: Allowed, verb: str = "audit") -> list[Field]:
    """The form, model and data first."""
    kind = KINDS[verb]
    found = [
        Field("model", "", "what is asked", "choice", allowed.models[0], allowed.models),
        Field("data", "", "the samples", "choice", allowed.data[0], allowed.data),
        _field(DataOptions, "limit"),
    ]
    return found + [_field(kind.settings, name, name in kind.ticked) for name in kind.names]


def usual(allowed: Allowed, verb: str) -> ShardSettings:
    """The settings that an untouched form says."""
    return asked(allowed, {name: [YES] for name in KINDS[verb].ticked}, verb)


def asked(allowed: Allowed, form: Mapping[str, Sequence[str]], verb: str = "audit") -> ShardSettings:
    """The settings that a form says. Raises UsageError with one line for the first thing that is wrong."""
    values: dict[str, Any] = {}
    known = fields(allowed, verb)
    for field in known:
        given = [value.strip() for value in form.get(field.name, ()) if value.strip()]
        if any(len(value) > LONGEST for value in given):
            raise UsageError(f"{field.name}: expected at most {LONGEST} letters")
        if not given:
            continue
        if field.kind == "number" and len(given[0]) > DIGITS:
            raise UsageError(f"{field.name}: expected a number of at most {DIGITS} digits")
        for value in given:
            if field.choices and value not in field.choices:
                raise UsageError(f"{field.name}: expected one of the list, got '{value}'")
        if field.name == "cell" and not CELL.fullmatch(given[0]):
            raise UsageError(f"cell: expected a size such as 8x8 or 10ms, got '{given[0]}'")
        if field.name == "limit":
            values["data_options"] = {"limit": given[0]}
        else:
            values[field.name] = given if field.several else given[0]
    unknown = set(form) - {field.name for field in known}
    if unknown:
        raise UsageError(f"a page cannot say {', '.join(sorted(unknown))[:LONGEST]}; use the command line")
    values.setdefault("model", allowed.models[0])
    values.setdefault("data", allowed.data[0])
    return KINDS[verb].settings.build(values)


def command_of(settings: ShardSettings, out: Path) -> str:
    """The equal command line."""
    words = ["brittle", verb_of(settings), settings.model, settings.data]
    for name, value in _said(settings).items():
        if name == "data_options":
            words += ["--limit", str(value["limit"])]
            continue
        option = _field(type(settings), name).option
        if value is True:
            words.append(option)
            continue
        for one in value if isinstance(value, list | tuple) else [value]:
            words += [option, str(one)]
    return shlex.join([*words, "--out", str(out)])


def _said(settings: ShardSettings) -> dict[str, Any]:
    """What of the settings is not usual, of that which a page can say."""
    unsaid = type(settings)(model=settings.model, data=settings.data)
    found = {name: getattr(settings, name) for name in KINDS[verb_of(settings)].names}
    said = {name: value for name, value in found.items() if value != getattr(unsaid, name)}
    limit = settings.data_options.limit
    return {**said, "data_options": {"limit": limit}} if limit else said


def _field(kind: type[Settings], name: str, ticked: bool = False) -> Field:
    """The field of the form for one setting."""
    about = kind.model_fields[name]
    extra: Any = about.json_schema_extra or {}
    choices = tuple(_choices(name, about.annotation))
    empty = about.default in (None, ())
    return Field(
        name=name,
        option=str(extra.get("option") or f"--{name.replace('_', '-')}"),
        text=str(about.description),
        kind=_kind(about.annotation, choices),
        usual=str(extra.get("unset", "")) if empty else str(about.default),
        choices=choices,
        several=bool(extra.get("repeat")),
        ticked=ticked,
    )


def _choices(name: str, annotation: Any) -> Iterator[str]:
    """The values that a setting may have, where they are on a list."""
    yield from LISTED[name]() if name in LISTED else ()
    for part in (annotation, *get_args(annotation)):
        if get_origin(part) is Literal:
            yield from map(str, get_args(part))


def _kind(annotation: Any, choices: Sequence[str]) -> str:
    if annotation is bool:
        return "box"
    return "choice" if choices else "number" if _is_number(annotation) else "text"


def _as_form(value: Any) -> list[str]:
    """A setting as a form says it."""
    if value is True:
        return [YES]
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _is_number(annotation: Any) -> bool:
    kinds = str(annotation)
    return "int" in kinds.lower() or "float" in kinds.lower()


def allow(models: Sequence[str], data: Sequence[str], most: int) -> Allowed:
    """The list of what may be started, as the command line has it; models without data of theirs bring it."""
    if not models and not data:
        return Allowed(*BUILT_IN, most)
    chosen = tuple(models) or BUILT_IN[0]
    own = tuple(dict.fromkeys(OWN_DATA[name] for name in chosen if name in OWN_DATA))
    return Allowed(chosen, tuple(data) or own or BUILT_IN[1], most)

"""How settings are said: one kind of model, from which options, YAML, checks and schemas are derived."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from brittle.core.errors import UsageError, did_you_mean


class Settings(BaseModel):
    """Named values with their defaults, limits and descriptions; frozen, and an unknown name is an error.

    Fields are made by `setting`. The settings of audits, models, data, trainings and searches derive from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @classmethod
    def build(cls, values: Mapping[str, Any], what: str = "setting") -> Self:
        """Settings from plain values; what: how messages call one of them ("setting of the search ripple").

        Raises UsageError with one line for the first name or value that is wrong.
        """
        for key in values:
            if key not in cls.model_fields:
                raise UsageError(f"there is no {what} '{key}'; {did_you_mean(str(key), cls.model_fields)}")
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise UsageError(one_line(error)) from error


def setting(
    default: Any,
    description: str,
    *,
    group: str = "",
    option: str = "",
    metavar: str = "",
    unset: str = "",
    **limits: Any,
) -> Any:
    """A field of Settings.

    description: what it is, one phrase. group: the heading of its option (model, data, search, running); a
    field without one is no option of a command. option: its name there, where that is not the field's own.
    metavar: how the value is shown. unset: what holds where the default is None. limits: as of pydantic's
    Field (ge, gt, le, lt, pattern, min_length).
    """
    shown = {"group": group, "option": option, "metavar": metavar, "unset": unset}
    extra = {name: text for name, text in shown.items() if text}
    return Field(default, description=description, json_schema_extra=extra or None, **limits)


def one_line(error: ValidationError) -> str:
    """The first thing that is wrong, with the value that came unless it may be a secret."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    text = first["msg"].removeprefix("Value error, ")
    if not name:
        return text
    secret = name.endswith("header")  # who confuses a variable's name with its value must not leak it
    return f"{name}: {text}" + ("" if secret else f", got {first['input']!r}")

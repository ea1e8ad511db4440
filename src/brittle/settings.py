"""How settings are said: one kind of model, from which options, YAML, checks and schemas are derived."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from brittle.core.errors import UsageError, did_you_mean


class Settings(BaseModel):
    """Named values with their defaults, limits and descriptions; frozen, and an unknown name is an error.

    Fields are made by `setting`. The settings of audits, models, data, trainings and searches derive from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @classmethod
    def build(cls, values: Mapping[str, Any], of: str = "") -> Self:
        """Settings from plain values; of: whose they are, for messages ("the search ripple").

        Raises UsageError with one line for the first name or value that is wrong.
        """
        for key in values:
            if key not in cls.model_fields:
                whose = f" of {of}" if of else ""
                hint = did_you_mean(str(key), cls.model_fields)
                raise UsageError(f"there is no setting '{key}'{whose}; {hint}")
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise UsageError(one_line(error)) from error

    @classmethod
    def read(cls, path: str | Path) -> dict[str, Any]:
        """The values of a .yaml, .yml or .toml file, for build. Raises UsageError."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
            values = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
        except OSError as error:
            raise UsageError(f"cannot read the settings {path}: {error.strerror}") from error
        except (yaml.YAMLError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} is neither YAML nor TOML: {' '.join(str(error).split())}") from error
        if values is not None and not isinstance(values, dict):
            raise UsageError(f"expected `name: value` lines in {path}, got a {type(values).__name__}")
        for key in values or ():
            if not isinstance(key, str):
                raise UsageError(f"expected names of settings in {path}, got {key!r}; write it in quotes")
        return values or {}


def setting(
    default: Any,
    description: str,
    *,
    group: str = "",
    option: str = "",
    metavar: str = "",
    unset: str = "",
    repeat: bool = False,
    **limits: Any,
) -> Any:
    """A field of Settings.

    description: what it is, one phrase. group: the heading of its option (model, data, search, running); a
    field without one is no option of a command. option: its name there, where that is not the field's own.
    metavar: how the value is shown. unset: what holds where the default is None or empty. repeat: the option
    may be given several times. limits: as of pydantic's Field (ge, gt, le, lt, pattern, min_length).
    """
    shown = {"group": group, "option": option, "metavar": metavar, "unset": unset, "repeat": repeat}
    extra: Any = {name: value for name, value in shown.items() if value}
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

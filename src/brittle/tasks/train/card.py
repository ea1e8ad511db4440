"""What all trainings share: the file to write, their settings, and the command and versions on its card."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from brittle.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Settings = TypeVar("Settings", bound="DataclassInstance")


def out_file(out: str | Path) -> Path:
    """The file to write. Raises UsageError unless it ends in .safetensors."""
    if Path(out).suffix != ".safetensors":
        raise UsageError(f"expected --out to end in .safetensors, got '{out}'")
    return Path(out)


def settings_of(
    kind: type[Settings],
    values: Mapping[str, Any],
    of: str,
    *,
    counts: Collection[str] = (),
    positive: Collection[str] = (),
    others: Collection[str] = (),
) -> Settings:
    """How something learns. Raises UsageError for an unknown setting or a senseless value.

    of: what it is called in messages. counts: settings of 1 or more; positive: those above 0. others: names
    that the caller has taken out of values, but a misspelt name may mean.
    """
    known = {f.name for f in fields(kind)}
    for key, value in values.items():
        if key not in known:
            raise UsageError(f"there is no setting '{key}' of {of}; {did_you_mean(key, {*known, *others})}")
        if key in counts and value < 1:
            raise UsageError(f"expected {key} of 1 or more, got {value}")
        if key in positive and value <= 0:
            raise UsageError(f"expected {key} above 0, got {value}")
    return kind(**values)


def command_of(begin: str, given: Mapping[str, Any], settings: "DataclassInstance", out: Path) -> str:
    """The command that makes a file again; its callers give only names, no places of this machine.

    begin: "brittle train --kind tile". given: options by name; a list is one repeated, None one not given.
    settings: those that differ from the defaults are options too.
    """
    default = asdict(type(settings)())
    changed = {name: value for name, value in asdict(settings).items() if value != default[name]}
    words = [begin]
    for name, value in {**given, **changed, "out": out.name}.items():
        several = value if isinstance(value, list) else [value]
        words += [f"--{name.replace('_', '-')} {one}" for one in several if one is not None]
    return " ".join(words)


def versions_of(*packages: str) -> dict[str, str]:
    """The versions of those that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

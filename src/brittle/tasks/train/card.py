"""What all trainings share: the file to write, and the command on its card."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brittle.core.errors import UsageError
from brittle.settings import Settings


def out_file(out: str | Path) -> Path:
    """The file to write. Raises UsageError unless it ends in .safetensors."""
    if Path(out).suffix != ".safetensors":
        raise UsageError(f"expected --out to end in .safetensors, got '{out}'")
    return Path(out)


def command_of(begin: str, given: Mapping[str, Any], settings: Settings, out: Path) -> str:
    """The command that makes a file again; its callers give only names, no places of this machine.

    begin: "brittle train --kind tile". given: options by name; a list is one repeated, None one not given.
    settings: those that differ from the defaults are options too.
    """
    default = type(settings)().model_dump()
    changed = {name: value for name, value in settings.model_dump().items() if value != default[name]}
    words = [begin]
    for name, value in {**given, **changed, "out": out.name}.items():
        several = value if isinstance(value, list) else [value]
        words += [f"--{name.replace('_', '-')} {one}" for one in several if one is not None]
    return " ".join(words)

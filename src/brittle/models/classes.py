"""Class names: from a file, or by index."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brittle.core.errors import UsageError


def read_classes(file: str) -> tuple[str, ...]:
    """Names in class order, from one name a line, a JSON list or a JSON object {index: name}.

    Raises UsageError if the file is absent or is none of these.
    """
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text file"
        raise UsageError(f"cannot read class names from '{file}': {reason}") from error
    names = _from_json(text, file) if text.lstrip()[:1] in ("[", "{") else text.strip().splitlines()
    if len(names) < 2 or not all(name.strip() for name in names):
        raise UsageError(f"expected at least 2 class names without gaps in '{file}', got {len(names)}")
    return tuple(name.strip() for name in names)


def _from_json(text: str, file: str) -> list[str]:
    try:
        data: Any = json.loads(text)
        if isinstance(data, dict):
            data = _in_order(data)
    except (ValueError, KeyError) as error:
        raise UsageError(
            f"expected a JSON list of class names or an object {{index: name}} in '{file}'; got other JSON"
        ) from error
    # Keras' ImageNet index names a class by a pair: ["n01440764", "tench"].
    return [str(entry[-1]) if isinstance(entry, list) and entry else str(entry) for entry in data]


def named_by_index(labels: Any) -> tuple[str, ...] | None:
    """Class names from {index: name}, with every index from 0 on; None of anything else."""
    if not isinstance(labels, Mapping):
        return None
    try:
        return tuple(map(str, _in_order(labels)))
    except (KeyError, TypeError, ValueError):
        return None


def _in_order(labels: Mapping[Any, Any]) -> list[Any]:
    """The values of {index: value}. Raises KeyError, TypeError, ValueError where that is not from 0 on."""
    by_index = {int(index): value for index, value in labels.items()}
    return [by_index[index] for index in range(len(by_index))]

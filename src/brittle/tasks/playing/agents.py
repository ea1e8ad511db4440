"""A trained agent as users name it: by its file alone."""

import os
from collections.abc import Mapping
from typing import Any

from brittle.core.errors import UsageError


def with_agent(values: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Settings where `agent: FILE` stands for the search or explainer (kind) agent with that file.

    Raises UsageError where another one is named beside it.
    """
    rest = {key: value for key, value in values.items() if key != "agent"}
    if values.get("agent") is None:
        return rest
    if rest.get(kind) not in (None, "agent"):
        raise UsageError(f"expected no other {kind} beside an agent, got {rest[kind]}")
    file, others = values["agent"], rest.get(f"{kind}_settings") or {}
    if not isinstance(file, str | os.PathLike):
        raise UsageError(f"agent: expected a file, got {file!r}")
    if not isinstance(others, Mapping):
        raise UsageError(f"{kind}_settings: expected settings by name, got {others!r}")
    return {**rest, kind: "agent", f"{kind}_settings": {**others, "file": os.fspath(file)}}

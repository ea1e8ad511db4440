"""What a run is: enough to refuse a different command and to replay every flip."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from brittle.core.canvas import Layer
from brittle.core.sample import InputSpec
from brittle.store.records import FORMAT, read_record


class Manifest(BaseModel):
    """Contents of run.json.

    settings: everything that changes results, as plain data (budget, goal, seed, search ...).
    model:    name, sha256, classes (names).
    data:     name, samples (how many), sha256.
    spec, cell, palette: what the layer index of a cell means.
    agent:    name, player, models, data, queries: the trained agent that plays, and what training it cost.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    settings: dict[str, Any]
    model: dict[str, Any]
    data: dict[str, Any]
    spec: InputSpec
    cell: tuple[int, ...]
    palette: tuple[Layer, ...]
    agent: dict[str, Any] | None = None
    format: Literal[1] = FORMAT

    def to_json(self) -> str:
        """Text of run.json."""
        return json.dumps(self.model_dump(mode="json"), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """The inverse of to_json. Raises RunError if text is not a manifest of this format."""
        return read_record(cls, text, "run.json")


def differences(old: Manifest, new: Manifest) -> list[str]:
    """What makes two runs different commands, one phrase each, at most four."""
    before, after = json.loads(old.to_json()), json.loads(new.to_json())
    found: list[str] = []
    _compare("", before, after, found)
    return found[:4]


def _compare(name: str, before: Any, after: Any, found: list[str]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(k for k in after if k not in before)]:
            _compare(f"{name}.{key}" if name else key, before.get(key), after.get(key), found)
    elif before != after:
        found.append(f"{name} was {_short(before)}, now {_short(after)}")


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."

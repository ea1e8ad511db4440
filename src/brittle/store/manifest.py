"""What a run is: enough to refuse a different command and to replay every flip."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from brittle.core.canvas import Layer
from brittle.core.errors import RunError
from brittle.core.sample import InputSpec

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """Contents of run.json.

    settings: everything that changes results, as plain data (budget, goal, seed, search ...).
    model:    name, sha256, classes (names), output ("logits" or "probabilities").
    data:     name, samples (how many), sha256.
    spec, cell, palette: what the layer index of a cell means.
    agent:    name, player, models, data, queries: the trained agent that plays, and what training it cost.
    """

    settings: dict[str, Any]
    model: dict[str, Any]
    data: dict[str, Any]
    spec: InputSpec
    cell: tuple[int, ...]
    palette: tuple[Layer, ...]
    agent: dict[str, Any] | None = None
    format: int = FORMAT

    def to_json(self) -> str:
        """Text of run.json."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """The inverse of to_json. Raises RunError if text is not a manifest of this format."""
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise RunError(
                    f"expected a run of format {FORMAT}, got {data['format']}; use the brittle that wrote it"
                )
            spec: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in data["spec"].items()
            }
            return cls(
                settings=data["settings"],
                model=data["model"],
                data=data["data"],
                spec=InputSpec(**spec),
                cell=tuple(data["cell"]),
                palette=tuple(Layer(**layer) for layer in data["palette"]),
                agent=data.get("agent"),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunError(
                f"run.json is damaged or not brittle's ({type(error).__name__}: {error})"
            ) from error


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

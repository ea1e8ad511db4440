"""Agents as files: the weights, what they need to play, and where they come from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from brittle.agent.network import Network, Shape
from brittle.core.errors import UsageError
from brittle.store.learned import read_learned, write_learned

FORMATS = {"search": "brittle-agent-1", "explainer": "brittle-agent-explainer-1"}
# names of operators in agents that were trained before
RENAMED_KINDS = {"mend": "thompson", "mirror": "reverse", "recall": "momentum"}
RENAMED_SETTINGS = {"mend": "thompson"}  # names of settings of their players
AGAIN = {
    "search": "make one with brittle train --board cells or --board ripple",
    "explainer": "make one with brittle train --kind explainer",
}
VERB = {"search": "audit", "explainer": "explain"}


@dataclass(frozen=True)
class TrainedAgent:
    """What an agent file holds.

    player, settings: the hand-made player that it corrects. card: where it comes from (models, data, queries
    spent, seed, versions, command), plain data. name: file name and the first digits of its SHA-256. kind:
    of the player, search or explainer.
    """

    network: Network
    player: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    kind: str = "search"

    @property
    def about(self) -> dict[str, Any]:
        """What a run says of the agent: its name, its player, and what training it took."""
        return {
            "name": self.name,
            "player": self.player,
            "models": [str(model.get("name")) for model in self.card.get("models", [])],
            "data": dict(self.card.get("data", {})),
            "queries": self.card.get("queries"),
        }


def write_agent(path: str | Path, agent: TrainedAgent) -> None:
    """Write an agent file, its card beside it (.json). Same agent, same bytes. Raises DiskError."""
    about = {
        "format": FORMATS[agent.kind],
        "player": agent.player,
        "settings": dict(agent.settings),
        "shape": asdict(agent.network.shape),
        "card": dict(agent.card),
    }
    weights = {name: w.astype(np.float32) for name, w in agent.network.weights.items()}
    write_learned(Path(path), weights, about, agent.card)


def read_agent(path: str | Path, kind: str = "search") -> TrainedAgent:
    """The agent of a file, for players of this kind, search or explainer.

    Raises UsageError with one line if it is missing, damaged or something else.
    """
    path, again = Path(path), AGAIN[kind]
    learned = read_learned(path, "agent", again)
    about = learned.about
    found = about.get("format", "none")
    if found != FORMATS[kind]:
        other = next((name for name, format_ in FORMATS.items() if format_ == found), None)
        if other:
            raise UsageError(
                f"expected an agent of brittle {VERB[kind]}, but that in '{path}' is one of brittle "
                f"{VERB[other]}; {again}"
            )
        raise UsageError(
            f"'{path}' holds no agent of this brittle: expected {FORMATS[kind]}, got {found}; {again}"
        )
    try:
        kinds = tuple(RENAMED_KINDS.get(kind, kind) for kind in about["shape"]["kinds"])
        shape = Shape(**{**about["shape"], "kinds": kinds})
        _check(path, shape, learned.arrays, again)
        network = Network(shape, {name: w.astype(np.float32) for name, w in learned.arrays.items()})
        settings = {RENAMED_SETTINGS.get(name, name): value for name, value in about["settings"].items()}
        card = dict(about["card"])
        return TrainedAgent(network, str(about["player"]), settings, card, learned.name, kind)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"the agent in '{path}' is incomplete ({error}); {again}") from error


def _check(path: Path, shape: Shape, weights: Mapping[str, Any], again: str) -> None:
    """Raise UsageError unless all weights are there, of their shapes, and finite."""
    for name, sides in shape.weights().items():
        if name not in weights or weights[name].shape != sides:
            got = weights[name].shape if name in weights else "none"
            raise UsageError(
                f"the agent in '{path}' is damaged: expected {name} of {sides}, got {got}; {again}"
            )
        if not np.isfinite(weights[name]).all():
            raise UsageError(f"the agent in '{path}' is damaged: {name} is NaN or infinite; {again}")

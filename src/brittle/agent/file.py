"""Agents as files: the weights, what they need to play, and where they come from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from brittle.agent.network import Network, Shape
from brittle.core.errors import UsageError
from brittle.store.learned import read_learned, write_learned

FORMAT = "brittle-agent-1"
# names of operators in agents that were trained before
RENAMED_KINDS = {"mend": "thompson", "mirror": "reverse", "recall": "momentum"}
RENAMED_SETTINGS = {"mend": "thompson"}  # names of settings of their players
AGAIN = "make one with brittle train --board cells or --board ripple"


@dataclass(frozen=True)
class TrainedAgent:
    """What an agent file holds.

    player, settings: the hand-made player that it corrects. card: where it comes from (models, data, queries
    spent, seed, versions, command), plain data. name: file name and the first digits of its SHA-256.
    """

    network: Network
    player: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


def write_agent(path: str | Path, agent: TrainedAgent) -> None:
    """Write an agent file, its card beside it (.json). Same agent, same bytes. Raises DiskError."""
    about = {
        "format": FORMAT,
        "player": agent.player,
        "settings": dict(agent.settings),
        "shape": asdict(agent.network.shape),
        "card": dict(agent.card),
    }
    weights = {name: w.astype(np.float32) for name, w in agent.network.weights.items()}
    write_learned(Path(path), weights, about, agent.card)


def read_agent(path: str | Path) -> TrainedAgent:
    """The agent of a file. Raises UsageError with one line if it is missing, damaged or something else."""
    path = Path(path)
    learned = read_learned(path, "agent", AGAIN)
    about = learned.about
    found = about.get("format", "none")
    if found != FORMAT:
        raise UsageError(f"'{path}' holds no agent of this brittle: expected {FORMAT}, got {found}; {AGAIN}")
    try:
        kinds = tuple(RENAMED_KINDS.get(kind, kind) for kind in about["shape"]["kinds"])
        shape = Shape(**{**about["shape"], "kinds": kinds})
        _check(path, shape, learned.arrays)
        network = Network(shape, {name: w.astype(np.float32) for name, w in learned.arrays.items()})
        settings = {RENAMED_SETTINGS.get(name, name): value for name, value in about["settings"].items()}
        card = dict(about["card"])
        return TrainedAgent(network, str(about["player"]), settings, card, learned.name)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"the agent in '{path}' is incomplete ({error}); {AGAIN}") from error


def _check(path: Path, shape: Shape, weights: Mapping[str, Any]) -> None:
    """Raise UsageError unless all weights are there, of their shapes, and finite."""
    for name, sides in shape.weights().items():
        if name not in weights or weights[name].shape != sides:
            got = weights[name].shape if name in weights else "none"
            raise UsageError(
                f"the agent in '{path}' is damaged: expected {name} of {sides}, got {got}; {AGAIN}"
            )
        if not np.isfinite(weights[name]).all():
            raise UsageError(f"the agent in '{path}' is damaged: {name} is NaN or infinite; {AGAIN}")

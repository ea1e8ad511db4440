"""Agents as files: safetensors with the weights and what they need to play, and a JSON card beside them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from brittle.agent.network import Network, Shape
from brittle.core.errors import UsageError
from brittle.store.files import write_whole

ABOUT, FORMAT = "brittle", "brittle-agent-1"
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
    path = Path(path)
    card = dict(agent.card)
    about = {
        "format": FORMAT,
        "player": agent.player,
        "settings": dict(agent.settings),
        "shape": asdict(agent.network.shape),
        "card": card,
    }
    weights = {name: np.ascontiguousarray(w, np.float32) for name, w in agent.network.weights.items()}
    data = save(weights, {ABOUT: json.dumps(about)})
    write_whole(path, data)
    beside = {**card, "sha256": sha256(data).hexdigest()}
    write_whole(path.with_suffix(".json"), json.dumps(beside, indent=1, ensure_ascii=False) + "\n")


def read_agent(path: str | Path) -> TrainedAgent:
    """The agent of a file. Raises UsageError with one line if it is missing, damaged or something else."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the agent file '{path}': {error.strerror}") from error
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        weights = load(data)
        text = header.get("__metadata__", {}).get(ABOUT) or "{}"
        about: dict[str, Any] = json.loads(text) if text.startswith("{") else {"format": text}
    except (SafetensorError, ValueError, AttributeError, MemoryError, RecursionError) as error:
        raise UsageError(f"'{path}' is damaged or no safetensors file; {AGAIN}") from error
    found = about.get("format", "none")
    if found != FORMAT:
        raise UsageError(f"'{path}' holds no agent of this brittle: expected {FORMAT}, got {found}; {AGAIN}")
    try:
        shape = Shape(**{**about["shape"], "kinds": tuple(about["shape"]["kinds"])})
        _check(path, shape, weights)
        name = f"{path.stem} {sha256(data).hexdigest()[:8]}"
        network = Network(shape, {key: w.astype(np.float32) for key, w in weights.items()})
        return TrainedAgent(network, str(about["player"]), dict(about["settings"]), dict(about["card"]), name)
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

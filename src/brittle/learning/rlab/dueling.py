"""Learn the agent of rlab: a Dueling DQN in torch, with a replay, a target network and double estimates.

Wang et al., "Dueling Network Architectures for Deep Reinforcement Learning", ICML 2016; van Hasselt et al.,
"Deep Reinforcement Learning with Double Q-learning", AAAI 2016; one branch for each part of a choice as
Tavakoli et al., "Action Branching Architectures for Deep Reinforcement Learning", AAAI 2018.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from brittle.core.errors import MissingExtraError
from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.learning.rlab.replay import Replay
from brittle.searches.rlab.view import AMOUNT, COLOUR, WORLD
from brittle.store.dueling import LAYERS

Layers = dict[str, tuple[Array, Array]]
STEEP = 1.0  # reward beyond which an error counts by its size, not its square


@dataclass(frozen=True)
class DuelingSettings:
    """How the agent learns.

    rounds: of playing, then learning; games: samples played a round, by turns on each model.
    budget: rows of one game. price: what a step costs, in reward; 0 is the paper's reward alone.
    gamma: discount of a step. explore: share of rounds in which random choices fade from `most` to `least`.
    updates: of the network a round; batch: transitions each. rate: of Adam. hidden: width of every layer.
    target: share by which the target network follows at every update.
    seed: the same gives the same agent on the same machine.
    """

    rounds: int = 6
    games: int = 36
    budget: int = 600
    price: float = 0.8
    gamma: float = 0.9
    explore: float = 0.7
    most: float = 1.0
    least: float = 0.05
    updates: int = 300
    batch: int = 64
    rate: float = 1e-3
    hidden: int = 64
    target: float = 0.02
    seed: int = 0

    def chance(self, round_: int) -> float:
        """Of a random choice in this round, counted from 1."""
        fade = 1 - (round_ - 1) / max(1.0, self.explore * self.rounds)
        return max(self.least, self.most * fade)


class Learner:
    """The network that learns, the one that its targets come from, and the optimiser between them.

    start: weights to go on from; random ones where there are none.
    """

    def __init__(self, settings: DuelingSettings, start: Layers | None = None) -> None:
        try:
            import torch  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise MissingExtraError("learning", "train") from error
        self.settings = settings
        start = start or first_layers(settings.hidden, generator(settings.seed, "rlab", "weights"))
        flat = {f"{n}.{i}": part for n, pair in start.items() for i, part in enumerate(pair)}
        self.own = {k: torch.tensor(v, requires_grad=True) for k, v in flat.items()}
        self.target = {k: torch.tensor(v) for k, v in flat.items()}
        self.adam = torch.optim.AdamW(self.own.values(), lr=settings.rate)

    def learn(self, replay: Replay, round_: int) -> float:
        """The updates of one round; the mean loss."""
        import torch  # noqa: PLC0415

        rng = generator(self.settings.seed, "rlab", "learn", round_)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums in one order; and a small network is slower on more
        try:
            losses = [
                self._update(replay.draw(self.settings.batch, rng)) for _ in range(self.settings.updates)
            ]
        finally:
            torch.set_num_threads(threads)
        return float(np.mean(losses))

    def _update(self, rows: dict[str, Any]) -> float:
        import torch  # noqa: PLC0415

        seen = {k: torch.from_numpy(v) for k, v in rows.items()}
        now = _Values(self.own, seen, "")
        value = now.of(seen["amount"], seen["colour"])
        with torch.no_grad():
            best = _Values(self.own, seen, "then_").best()
            then = _Values(self.target, seen, "then_").of(*best)
            goal = seen["reward"] + self.settings.gamma * (1 - seen["over"]) * then
        loss = torch.nn.functional.huber_loss(value, goal, delta=STEEP)
        self.adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.own.values(), 5.0)
        self.adam.step()
        with torch.no_grad():
            for key, kept in self.target.items():
                kept.lerp_(self.own[key], self.settings.target)
        return float(loss.detach())

    def layers(self) -> Layers:
        """The network's weights."""
        return {n: (_array(self.own[f"{n}.0"]), _array(self.own[f"{n}.1"])) for n in LAYERS}

    def arrays(self) -> dict[str, Any]:
        """All that is needed to go on."""
        out = {f"own.{k}": _array(v) for k, v in self.own.items()}
        out |= {f"target.{k}": _array(v) for k, v in self.target.items()}
        for key, parameter in self.own.items():
            for name, value in self.adam.state.get(parameter, {}).items():
                out[f"adam.{key}.{name}"] = _array(value)
        return out

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Go on from arrays()."""
        import torch  # noqa: PLC0415

        with torch.no_grad():
            for key, parameter in self.own.items():
                parameter.copy_(torch.from_numpy(kept[f"own.{key}"]))
                self.target[key].copy_(torch.from_numpy(kept[f"target.{key}"]))
                for name in ("step", "exp_avg", "exp_avg_sq"):
                    if f"adam.{key}.{name}" in kept:
                        value = torch.from_numpy(kept[f"adam.{key}.{name}"])
                        self.adam.state[parameter][name] = value


class _Values:
    """Values of the choices in a batch of views under one network; minus infinity where there is none."""

    def __init__(self, layers: dict[str, Any], seen: dict[str, Any], when: str) -> None:
        import torch  # noqa: PLC0415

        self._layers = layers
        world, amounts, colours = (seen[f"{when}{name}"] for name in ("world", "amounts", "colours"))
        hidden = self._relu("trunk.1", self._relu("trunk.0", world))
        self.value = self._line("value", hidden)[:, 0]
        every = torch.ones(colours.shape[:2], dtype=torch.bool)
        self.amounts = self._branch("amount", hidden, amounts, seen[f"{when}offered"])
        self.colours = self._branch("colour", hidden, colours, every)

    def of(self, amount: Any, colour: Any) -> Any:
        """Of these choices, (n,)."""
        chosen = self.amounts.gather(1, amount[:, None]) + self.colours.gather(1, colour[:, None])
        return self.value + chosen[:, 0]

    def best(self) -> tuple[Any, Any]:
        """The amount and the colour of the greatest value, (n,) each."""
        return self.amounts.argmax(dim=1), self.colours.argmax(dim=1)

    def _branch(self, name: str, hidden: Any, rows: Any, offered: Any) -> Any:
        import torch  # noqa: PLC0415

        wide = hidden[:, None].expand(-1, rows.shape[1], -1)
        advantage = self._line(f"{name}.1", self._relu(f"{name}.0", torch.cat([wide, rows], dim=2)))[..., 0]
        mean = (advantage * offered).sum(dim=1, keepdim=True) / offered.sum(dim=1, keepdim=True)
        return (advantage - mean).masked_fill(~offered, -torch.inf)

    def _relu(self, name: str, x: Any) -> Any:
        return self._line(name, x).relu()

    def _line(self, name: str, x: Any) -> Any:
        return x @ self._layers[f"{name}.0"].T + self._layers[f"{name}.1"]


def first_layers(hidden: int, rng: np.random.Generator) -> Layers:
    """Random weights (He et al., 2015), small at the end of a branch, so that no choice is preferred."""
    sizes = {
        "trunk.0": (hidden, WORLD),
        "trunk.1": (hidden, hidden),
        "value": (1, hidden),
        "amount.0": (hidden, hidden + AMOUNT),
        "amount.1": (1, hidden),
        "colour.0": (hidden, hidden + COLOUR),
        "colour.1": (1, hidden),
    }
    layers = {}
    for name, (rows, columns) in sizes.items():
        scale = np.sqrt(2 / columns) * (0.1 if rows == 1 else 1.0)
        weight = rng.normal(size=(rows, columns)) * scale
        layers[name] = (weight.astype(np.float32), np.zeros(rows, np.float32))
    return layers


def _array(value: Any) -> Array:
    return np.array(value.detach().numpy())

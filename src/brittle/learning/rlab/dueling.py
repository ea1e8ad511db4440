"""Learn the agent of rlab in torch: double Q-learning with a dueling network, replay and a target network.

Wang et al., "Dueling Network Architectures for Deep Reinforcement Learning", ICML 2016; van Hasselt et al.,
"Deep Reinforcement Learning with Double Q-learning", AAAI 2016; one branch for each part of a choice as
Tavakoli et al., "Action Branching Architectures for Deep Reinforcement Learning", AAAI 2018. The target
network follows softly (Lillicrap et al., ICLR 2016).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from brittle.core.errors import MissingExtraError
from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.learning.rlab.replay import Replay
from brittle.learning.settings import DuelingSettings
from brittle.learning.tuning import DUELING_TUNING
from brittle.searches.rlab.view import AMOUNT, LAYER, WORLD
from brittle.store.dueling import DENSE, Dense


class Learner:
    """The online network, the target network, and the optimiser (AdamW) of the former.

    start: weights to go on from; random ones where there are none.
    """

    def __init__(self, settings: DuelingSettings, start: Dense | None = None) -> None:
        try:
            import torch  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise MissingExtraError("learning", "train") from error
        self.settings = settings
        start = start or initial_weights(settings.hidden, generator(settings.seed, "rlab", "weights"))
        flat = {f"{n}.{i}": part for n, pair in start.items() for i, part in enumerate(pair)}
        self.online = {k: torch.tensor(v, requires_grad=True) for k, v in flat.items()}
        self.target = {k: torch.tensor(v) for k, v in flat.items()}
        self.optimiser = torch.optim.AdamW(self.online.values(), lr=settings.rate)

    def learn(self, replay: Replay, round_: int) -> float:
        """The gradient steps of one round; the mean loss."""
        import torch  # noqa: PLC0415

        rng = generator(self.settings.seed, "rlab", "learn", round_)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums in one order; and a small network is slower on more
        try:
            losses = [self._step(replay.draw(self.settings.batch, rng)) for _ in range(self.settings.updates)]
        finally:
            torch.set_num_threads(threads)
        return float(np.mean(losses))

    def _step(self, rows: dict[str, Any]) -> float:
        """One gradient step on a minibatch; the loss, Huber's of the temporal-difference errors."""
        import torch  # noqa: PLC0415

        batch = {k: torch.from_numpy(v) for k, v in rows.items()}
        value = QValues(self.online, batch, "").of(batch["amount"], batch["layer"])
        with torch.no_grad():
            best = QValues(self.online, batch, "next_").best()
            next_value = QValues(self.target, batch, "next_").of(*best)
            target = batch["reward"] + self.settings.gamma * (1 - batch["terminal"]) * next_value
        loss = torch.nn.functional.huber_loss(value, target, delta=DUELING_TUNING.huber_delta)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.online.values(), DUELING_TUNING.largest_gradient_norm)
        self.optimiser.step()
        with torch.no_grad():
            for key, follower in self.target.items():
                follower.lerp_(self.online[key], self.settings.target)
        return float(loss.detach())

    def weights(self) -> Dense:
        """The online network's weights."""
        return {n: (_array(self.online[f"{n}.0"]), _array(self.online[f"{n}.1"])) for n in DENSE}

    def arrays(self) -> dict[str, Any]:
        """All that is needed to go on, by name."""
        out = {f"online.{k}": _array(v) for k, v in self.online.items()}
        out |= {f"target.{k}": _array(v) for k, v in self.target.items()}
        for key, parameter in self.online.items():
            for name, value in self.optimiser.state.get(parameter, {}).items():
                out[f"optimiser.{key}.{name}"] = _array(value)
        return out

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Go on from arrays()."""
        import torch  # noqa: PLC0415

        with torch.no_grad():
            for key, parameter in self.online.items():
                parameter.copy_(torch.from_numpy(kept[f"online.{key}"]))
                self.target[key].copy_(torch.from_numpy(kept[f"target.{key}"]))
                for name in ("step", "exp_avg", "exp_avg_sq"):
                    if f"optimiser.{key}.{name}" in kept:
                        value = torch.from_numpy(kept[f"optimiser.{key}.{name}"])
                        self.optimiser.state[parameter][name] = value


class QValues:
    """Values of the choices in n views under one network; advantages are -inf where nothing is offered.

    network: weights and biases by name. batch: rows of a replay; prefix: "" or "next_", which views of them.
    """

    def __init__(self, network: dict[str, Any], batch: dict[str, Any], prefix: str) -> None:
        import torch  # noqa: PLC0415

        self._network = network
        world, amounts, layers = (batch[f"{prefix}{name}"] for name in ("world", "amounts", "layers"))
        hidden = self._relu("trunk.1", self._relu("trunk.0", world))
        self.state = self._linear("value", hidden)[:, 0]
        every = torch.ones(layers.shape[:2], dtype=torch.bool)
        self.amounts = self._branch("amount", hidden, amounts, batch[f"{prefix}offered"])
        self.layers = self._branch("layer", hidden, layers, every)

    def of(self, amount: Any, layer: Any) -> Any:
        """Of these choices, (n,)."""
        chosen = self.amounts.gather(1, amount[:, None]) + self.layers.gather(1, layer[:, None])
        return self.state + chosen[:, 0]

    def best(self) -> tuple[Any, Any]:
        """The amount and the layer of the greatest value, (n,) each."""
        return self.amounts.argmax(dim=1), self.layers.argmax(dim=1)

    def _branch(self, name: str, hidden: Any, rows: Any, offered: Any) -> Any:
        """Advantages, (n, rows), less their mean over those that are offered."""
        import torch  # noqa: PLC0415

        wide = hidden[:, None].expand(-1, rows.shape[1], -1)
        joined = torch.cat([wide, rows], dim=2)
        advantage = self._linear(f"{name}.1", self._relu(f"{name}.0", joined))[..., 0]
        mean = (advantage * offered).sum(dim=1, keepdim=True) / offered.sum(dim=1, keepdim=True)
        return (advantage - mean).masked_fill(~offered, -torch.inf)

    def _relu(self, name: str, x: Any) -> Any:
        return self._linear(name, x).relu()

    def _linear(self, name: str, x: Any) -> Any:
        return x @ self._network[f"{name}.0"].T + self._network[f"{name}.1"]


def initial_weights(hidden: int, rng: np.random.Generator) -> Dense:
    """Random weights (He et al., 2015), small at the end of a branch, so that no choice is preferred."""
    sizes = {
        "trunk.0": (hidden, WORLD),
        "trunk.1": (hidden, hidden),
        "value": (1, hidden),
        "amount.0": (hidden, hidden + AMOUNT),
        "amount.1": (1, hidden),
        "layer.0": (hidden, hidden + LAYER),
        "layer.1": (1, hidden),
    }
    dense = {}
    for name, (rows, columns) in sizes.items():
        scale = np.sqrt(2 / columns) * (DUELING_TUNING.output_scale if rows == 1 else 1.0)
        weight = rng.normal(size=(rows, columns)) * scale
        dense[name] = (weight.astype(np.float32), np.zeros(rows, np.float32))
    return dense


def _array(value: Any) -> Array:
    return np.array(value.detach().numpy())

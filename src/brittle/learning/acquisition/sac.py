"""Soft Actor-Critic as an acquisition (Haarnoja et al., ICML 2018), as RTDK-BO has it (Shmakov et al., 2023).

The policy names a point of the unit cube, twin critics say what it is worth. What they are shown and the
reward, the fall of log10 regret, are a reconstruction (docs/optimise.md). The prior is frozen. A minibatch
is of one step of many runs, so no history is padded.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brittle.core.seeds import generator
from brittle.learning.acquisition.layers import arrays_of, fresh_layers, kept_of, restore, tensor, through
from brittle.learning.acquisition.runs import STARTS, begun
from brittle.learning.acquisition.seen import Seen
from brittle.optimise.families import Family
from brittle.optimise.gp import posterior
from brittle.optimise.learned_acquisition import LOG_DEVIATIONS, policy_samples, state_features
from brittle.optimise.transformer import TransformerPrior
from brittle.store.learned import Arrays

HIDDEN, UPDATES, BATCH = 64, 60, 32
RATE, GAMMA, FOLLOW = 1e-3, 0.95, 0.02  # FOLLOW: share by which the target critics follow at every update
CRITICS = ("critic_a", "critic_b")
REPLAY = ("x", "y", "states", "rewards")


class SACTraining:
    """A training under way. kept: weights, moments and replay to go on from.

    replay: x (runs, STARTS + steps, d), y (runs, STARTS + steps), states (runs, steps + 1, s), rewards
    (runs, steps).
    """

    kind = "sac"

    def __init__(
        self, family: Family, prior: TransformerPrior, seed: int, kept: Arrays | None = None
    ) -> None:
        self.family, self.prior, self.seed = family, prior, seed
        d = family.dimensions
        wide = (prior.shape.width if prior.shape.blocks else 0) + d + 3
        self.weights = fresh_layers("policy", (wide, HIDDEN, HIDDEN, 2 * d), seed, last=0.1)
        for name in CRITICS:
            self.weights |= fresh_layers(name, (wide + d + 3, HIDDEN, HIDDEN, 1), seed)
        self.targets = {n: w.detach().clone() for n, w in self.weights.items() if n.startswith("critic")}
        self.temperature = {"log_temperature": tensor([np.log(0.1)])}
        self.seen = Seen(prior)
        self.optimiser = torch.optim.Adam([*self.weights.values(), *self.temperature.values()], lr=RATE)
        self.replay: dict[str, NDArray[np.float32]] = {}
        if kept is not None:
            restore({**self.weights, **self.temperature}, self.optimiser, kept)
            self.targets = {n: torch.from_numpy(kept[f"target.{n}"]) for n in self.targets}
            self.replay = {name: kept[f"replay.{name}"] for name in REPLAY}

    @property
    def kept(self) -> dict[str, Any]:
        """What another training begins with to go on."""
        targets = {f"target.{name}": value.numpy().copy() for name, value in self.targets.items()}
        replay = {f"replay.{name}": values for name, values in self.replay.items()}
        return {**kept_of({**self.weights, **self.temperature}, self.optimiser), **targets, **replay}

    @property
    def arrays(self) -> dict[str, Any]:
        """What a file holds."""
        return arrays_of(self.weights)

    def round(self, number: int, runs: int, steps: int) -> float:
        """Play a round, then learn from all there were; the mean fall of log10 regret of its runs."""
        played = [self._play(generator(self.seed, "sac", number, index), steps) for index in range(runs)]
        for name, new in zip(REPLAY, map(np.stack, zip(*played, strict=True)), strict=True):
            old = self.replay.get(name)
            joined = new if old is None else np.concatenate([old, new])
            self.replay[name] = joined.astype(np.float32)
        rng = generator(self.seed, "sac", number, "learn")
        for _ in range(UPDATES):
            self._learn(rng)
        return float(np.mean([rewards.sum() for *_, rewards in played]))

    def _play(self, rng: np.random.Generator, steps: int) -> tuple[NDArray[Any], ...]:
        """Points, values, states and rewards of one run by draws of the policy."""
        run, states, rewards = begun(self.family, steps, rng), [], []
        weights = {name: values.astype(np.float64) for name, values in self.arrays.items()}
        for step in range(steps + 1):
            found = posterior(self.prior, run.history)
            states.append(state_features(found, run.left))
            if step < steps:
                run, reward = run.after(policy_samples(weights, states[-1], 1, rng)[0])
                rewards.append(reward)
        return run.history.x, run.history.y, np.array(states), np.array(rewards)

    def _learn(self, rng: np.random.Generator) -> None:
        """One update of critics, policy and temperature, on one step of some runs."""
        replay, steps = self.replay, self.replay["rewards"].shape[1]
        step, rows = int(rng.integers(steps)), rng.integers(len(replay["rewards"]), size=BATCH)
        n = STARTS + step
        state, after = (torch.from_numpy(replay["states"][rows, i]) for i in (step, step + 1))
        reward = torch.from_numpy(replay["rewards"][rows, step])
        now = self.seen.history(replay["x"][rows, :n], replay["y"][rows, :n])
        later = self.seen.history(replay["x"][rows, : n + 1], replay["y"][rows, : n + 1])
        temperature = torch.exp(self.temperature["log_temperature"])
        with torch.no_grad():
            x, odds = self._drawn(after, rng)
            worth = torch.minimum(*self._worth(self.targets, after, x, later)) - temperature * odds
            target = reward + (GAMMA * worth if step + 1 < steps else 0.0)
        taken = torch.from_numpy(replay["x"][rows, n])
        loss = sum(((value - target) ** 2).mean() for value in self._worth(self.weights, state, taken, now))
        x, odds = self._drawn(state, rng)
        frozen = {name: w.detach() for name, w in self.weights.items()}
        worth = torch.minimum(*self._worth(frozen, state, x, now))
        loss = loss + (temperature.detach() * odds - worth).mean()
        entropy = -self.family.dimensions / 2  # that the temperature aims at
        loss = loss - (self.temperature["log_temperature"] * (odds.detach() + entropy)).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        for name, value in self.targets.items():
            value += FOLLOW * (self.weights[name].detach() - value)

    def _drawn(self, state: Any, rng: np.random.Generator) -> tuple[Any, Any]:
        """Points of the unit cube by the policy, (b, d), and the log of their density, (b,)."""
        mean, log_deviation = through(self.weights, "policy", state).chunk(2, dim=1)
        log_deviation = log_deviation.clamp(*LOG_DEVIATIONS)
        noise = torch.tensor(rng.normal(size=mean.shape), dtype=torch.float32)
        pressed = torch.tanh(mean + torch.exp(log_deviation) * noise)
        density = -0.5 * noise**2 - log_deviation - 0.5 * np.log(2 * np.pi)
        slope = torch.log((1 - pressed**2).clamp(min=1e-6) / 2)
        return (pressed + 1) / 2, (density - slope).sum(dim=1)

    def _worth(self, layers: Any, state: Any, x: Any, history: Any) -> list[Any]:
        """What both critics say of points, each (b,)."""
        shown = torch.cat([state, x, self.seen.known(history, x)], dim=1)
        return [through(layers, name, shown)[:, 0] for name in CRITICS]

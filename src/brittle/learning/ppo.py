"""Learn to play: proximal policy optimisation (Schulman et al., 2017) by stable-baselines3.

The policy starts as the hand-made player, whose odds it corrects. Training is limited in queries, not in
time: every row that a model is shown counts, clean inputs too, and an update that would exceed the limit is
not begun. The same seed gives the same agent on the same machine: torch works in one thread meanwhile, and
all randomness comes from generators of this training's own.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import DictRolloutBuffer
from stable_baselines3.common.logger import Logger

from brittle.agent.network import Network, fresh, shape_of
from brittle.core.errors import UsageError
from brittle.core.seeds import generator
from brittle.learning.game import Task
from brittle.learning.policy import AgentPolicy
from brittle.learning.pool import Pool
from brittle.learning.settings import LearningSettings
from brittle.learning.threads import one_thread
from brittle.learning.tuning import PPO_TUNING
from brittle.store.learned import Checkpoint, Kept

NO_LOG = 1_000_000  # updates between two lines of the log of stable-baselines3


@dataclass(frozen=True)
class Learned:
    """An agent's network, its curve, as the tasks make it, and the rows that all models were shown for it."""

    network: Network
    curve: tuple[Any, ...]
    queries: int


def learn(
    tasks: Sequence[Task],
    settings: LearningSettings,
    start: Network | None = None,
    checkpoint: Checkpoint[Any] | None = None,
    watch: Callable[[Any], None] = lambda _: None,
) -> Learned:
    """Train an agent on these tasks, from `start` or from the hand-made player.

    With a checkpoint it goes on where it was stopped; games that were in play then are not finished, but what
    they were shown counts. Raises DataError, ModelError, UsageError.
    """
    kept = checkpoint.read() if checkpoint else None
    with one_thread():
        training = _Training(tasks, settings, start, kept)
        while training.goes_on:
            update = training.update()
            if checkpoint:
                checkpoint.write(training.kept)
            watch(update)
        return Learned(training.policy.export(), tuple(training.curve), training.queries)


class _Training:
    """The games, the learner and the account of one training."""

    def __init__(
        self,
        tasks: Sequence[Task],
        settings: LearningSettings,
        start: Network | None,
        kept: Kept[Any] | None,
    ) -> None:
        self.settings, self.task = settings, tasks[0]
        self.most_rows = settings.games * max(task.most_rows for task in tasks)
        self.curve: list[Any] = list(kept.curve) if kept else []
        self._before = kept.state["queries"] if kept else 0
        self.pool = Pool(tasks, settings.games, settings.seed, kept.state["started"] if kept else None)
        shape = shape_of(self.pool.first_play, settings.hidden)
        network = start or fresh(shape, settings.seed)
        _check_start(network, shape)
        self.turns = _turns(settings, self.pool.queries, self.most_rows)
        self.ppo = PPO(
            AgentPolicy,
            self.pool,
            learning_rate=lambda _: self._rate(),
            n_steps=self.turns,
            batch_size=_even_batch(self.turns * settings.games, settings.batch),
            n_epochs=settings.epochs,
            gamma=settings.gamma or self.task.gamma,
            clip_range=settings.clip,
            ent_coef=PPO_TUNING.entropy_weight,
            target_kl=settings.target_kl,
            rollout_buffer_class=Rollout,
            policy_kwargs={"network": network, "operators": self.pool.operators},
            device="cpu",
        )
        self.ppo.set_logger(Logger(None, []))
        assert isinstance(self.ppo.policy, AgentPolicy) and isinstance(self.ppo.rollout_buffer, Rollout)
        self.policy, self.rollout = self.ppo.policy, self.ppo.rollout_buffer
        if kept:
            _restore(self.policy, kept.arrays)

    @property
    def queries(self) -> int:
        """Rows that all models were shown, before a stop too."""
        return self._before + self.pool.queries

    @property
    def goes_on(self) -> bool:
        """Whether another update stays within the limit."""
        return self.queries + self.turns * self.most_rows <= self.settings.queries

    @property
    def kept(self) -> Kept[Any]:
        """What a checkpoint holds; started: games begun on each model."""
        state = {"started": list(self.pool.started), "queries": self.queries}
        return Kept(_arrays(self.policy), tuple(self.curve), state)

    def update(self) -> Any:
        """Play so many turns of all games, and learn from them."""
        number = len(self.curve) + 1
        self.policy.generator.manual_seed(int(generator(self.settings.seed, "moves", number).integers(2**63)))
        self.rollout.rng = generator(self.settings.seed, "shuffle", number)
        self.pool.results.clear()
        self.ppo.learn(self.turns * self.settings.games, log_interval=NO_LOG, reset_num_timesteps=False)
        approx_kl = float(self.ppo.logger.name_to_value["train/approx_kl"])
        self.curve.append(self.task.entry(number, self.queries, self.pool.results, approx_kl))
        return self.curve[-1]

    def _rate(self) -> float:
        spent = min(1.0, self.queries / self.settings.queries)
        return self.settings.rate * (1 - PPO_TUNING.rate_decay * spent)


class Rollout(DictRolloutBuffer):
    """What was seen between two updates, shuffled by a generator of its own instead of NumPy's global one."""

    rng: np.random.Generator

    def get(self, batch_size: int | None = None) -> Generator[Any, None, None]:
        """Batches in random order."""
        count = self.buffer_size * self.n_envs
        order = self.rng.permutation(count)
        if not self.generator_ready:
            for key, seen in self.observations.items():
                self.observations[key] = self.swap_and_flatten(seen)
            for name in ("actions", "values", "log_probs", "advantages", "returns"):
                setattr(self, name, self.swap_and_flatten(getattr(self, name)))
            self.generator_ready = True
        size = batch_size or count
        for begin in range(0, count, size):
            yield self._get_samples(order[begin : begin + size])


def _turns(settings: LearningSettings, spent: int, most_rows: int) -> int:
    """Moves of each game between updates: fewer where the limit is small. spent: rows shown so far.

    most_rows: that one move of every game shows.
    """
    affordable = (settings.queries - spent) // (most_rows * PPO_TUNING.least_updates)
    return max(PPO_TUNING.least_turns, min(settings.turns, affordable))


def _even_batch(rows: int, largest: int) -> int:
    """The largest batch that divides these rows evenly."""
    return next(size for size in range(min(largest, rows), 0, -1) if rows % size == 0)


def _check_start(network: Network, shape: Any) -> None:
    for name in ("world", "operators", "places", "sizes"):
        wanted, got = getattr(shape, name), getattr(network.shape, name)
        if wanted != got:
            raise UsageError(
                f"the agent to start from sees {got} {name}, these games show {wanted}; "
                "start from one that was trained on this board"
            )


def _arrays(policy: AgentPolicy) -> dict[str, Any]:
    """Weights, and Adam's moments of their gradients."""
    arrays = {f"weights.{name}": w.detach().numpy().copy() for name, w in policy.net.items()}
    for name, w in policy.net.items():
        for key, value in policy.optimizer.state.get(w, {}).items():
            arrays[f"{key}.{name}"] = value.detach().numpy().copy()
    return arrays


def _restore(policy: AgentPolicy, arrays: Any) -> None:
    with torch.no_grad():
        for name, w in policy.net.items():
            if getattr(arrays.get(f"weights.{name}"), "shape", None) != tuple(w.shape):
                raise UsageError(
                    "the training to go on from was of an agent that saw other things; "
                    "delete its .part.safetensors file to begin anew"
                )
            w.copy_(torch.from_numpy(arrays[f"weights.{name}"]))
            names = {key: f"{key}.{name}" for key in ("step", "exp_avg", "exp_avg_sq")}
            if all(kept in arrays for kept in names.values()):
                state = {key: torch.from_numpy(arrays[kept].copy()) for key, kept in names.items()}
                policy.optimizer.state[w] = state

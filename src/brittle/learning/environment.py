"""The game as a Gymnasium environment: one transition is one query, and accept or reject lies inside it."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from brittle.agent.network import FEATURE_LIMIT
from brittle.core.errors import DataError
from brittle.core.sample import Array
from brittle.learning.episode import CountedModel, Episode, Observation, TrainingTask, moves_of


class GameEnv(gymnasium.Env[dict[str, Any], np.int64]):
    """One game at a time over the samples of a task, drawn by the environment's own seeded generator.

    Actions are flat indices into the odds (operators, places, sizes). A move that shows nothing ends the game
    without a query. A sample's clean input is shown once, and counted; later games remember its answer.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self, task: TrainingTask) -> None:
        self.model = CountedModel(task)
        self._episode = self._begin(np.random.default_rng(0))
        self._x: Array = np.empty((1, *task.model.input.shape), np.float32)
        self.observation_space = observation_space(self._episode)
        self.action_space = spaces.Discrete(moves_of(self._episode))

    @property
    def queries(self) -> int:
        """Rows that the model was shown."""
        return self.model.queries

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """A new game over a sample that the model is right about."""
        super().reset(seed=seed)
        self._episode = self._begin(self.np_random)
        return self._episode.observe(), {"sample": self._episode.game.sample.id}

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Show one candidate and learn from the answer; says how many rows this game took so far."""
        episode = self._episode
        if episode.show(int(action), self._x[0]):
            reward = episode.take(self.model.ask(self._x)[0])
        else:
            reward = episode.give_up()
        return episode.observe(), reward, episode.over, False, {"queries": episode.queries}

    def _begin(self, rng: np.random.Generator) -> Episode:
        for number in rng.permutation(len(self.model.task.samples)):
            if self.model.can_play(int(number)):
                own = np.random.default_rng(rng.integers(2**63))
                return self.model.begin(int(number), own)
        raise DataError("expected a sample that the model classifies rightly to learn on, found none")


def observation_space(episode: Episode) -> spaces.Dict:
    """The space of what is seen in games like this one."""
    low_high = {"odds": (0.0, 1.0)}
    return spaces.Dict(
        {
            name: spaces.Box(*low_high.get(name, (-FEATURE_LIMIT, FEATURE_LIMIT)), value.shape, np.float32)
            for name, value in episode.observe().items()
        }
    )

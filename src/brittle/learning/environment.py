"""The game as a Gymnasium environment: one transition is one move, and accept or reject lies inside it."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from brittle.agent.network import FEATURE_LIMIT
from brittle.core.errors import DataError
from brittle.learning.game import CountedModel, Game, Observation, Task, moves_of


class GameEnv(gymnasium.Env[dict[str, Any], np.int64]):
    """One game at a time over the samples of a task, drawn by the environment's own seeded generator.

    Actions are flat indices into the odds (operators, places, sizes). A move that shows nothing ends the game
    without a query. What a game needs to begin is shown once a sample, and counted; later ones remember it.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self, task: Task) -> None:
        self.model = CountedModel(task)
        self._episode = self._begin(np.random.default_rng(0))
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
        return self._episode.observe(), {"sample": self._episode.sample.id}

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Show what a move shows and learn from the answers; says how many rows this game took so far."""
        episode = self._episode
        reward = self.model.answer([episode.turn(int(action))])[0]
        return episode.observe(), reward, episode.over, False, {"queries": episode.queries}

    def _begin(self, rng: np.random.Generator) -> Game:
        for number in rng.permutation(len(self.model.task.samples)):
            if self.model.can_play(int(number)):
                own = np.random.default_rng(rng.integers(2**63))
                return self.model.begin(int(number), own)
        raise DataError("expected a sample that the model classifies rightly to learn on, found none")


def observation_space(episode: Game) -> spaces.Dict:
    """The space of what is seen in games like this one."""
    low_high = {"odds": (0.0, 1.0)}
    return spaces.Dict(
        {
            name: spaces.Box(*low_high.get(name, (-FEATURE_LIMIT, FEATURE_LIMIT)), value.shape, np.float32)
            for name, value in episode.observe().items()
        }
    )

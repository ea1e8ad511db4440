"""Many games at once for a learner: each model is shown one pooled batch a turn, and every row is counted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from brittle.core.errors import DataError, UsageError
from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.learning.environment import observation_space
from brittle.learning.game import CountedModel, Game, Observation, Task, moves_of


class Pool(VecEnv):
    """Games over several models, as a vector environment of stable-baselines3.

    What games need to begin is shown once, at the start. Samples without a game, as the model is wrong about
    them, are left out for it. A
    game that ends is followed by the next one at once, for which nothing needs to be shown.

    games: played at once, shared among the models. results: of games that ended, until the reader clears it.
    started: games begun on each model; the next samples and their randomness follow from it and the seed.
    """

    def __init__(
        self, tasks: Sequence[Task], games: int, seed: int, started: Sequence[int] | None = None
    ) -> None:
        self.models = [CountedModel(task) for task in tasks]
        self.started = list(started or [0] * len(tasks))
        self.results: list[Any] = []
        self._seed, self._moved = seed, False
        self._playable = [_playable(model, games) for model in self.models]
        self._model_of = [i % len(tasks) for i in range(games)]
        self._episodes = [self._begin(game) for game in range(games)]
        self._actions: NDArray[Any] = np.zeros(games, np.int64)
        shapes = {e.odds.shape for e in self._episodes}
        kinds = {e.play.operators for e in self._episodes}
        if len(shapes) > 1 or len(kinds) > 1:
            raise UsageError(
                "models to learn on must offer the same moves: the same axes, cells and palette; "
                f"got {len(shapes)} shapes of odds; train on fewer models, or state the cell size"
            )
        self.operators: tuple[str, ...] = self._episodes[0].play.operators
        first = self._episodes[0]
        super().__init__(games, observation_space(first), spaces.Discrete(moves_of(first)))

    @property
    def queries(self) -> int:
        """Rows that all models were shown."""
        return sum(model.queries for model in self.models)

    @property
    def first_play(self) -> Any:
        """The play of one game, whose features all others share."""
        return self._episodes[0].play

    def reset(self) -> Observation:
        """Leave all games and begin new ones."""
        if self._moved:
            self._episodes = [self._begin(game) for game in range(self.num_envs)]
            self._moved = False
        return self._observe()

    def step_async(self, actions: NDArray[Any]) -> None:
        """The next move of every game."""
        self._actions = actions

    def step_wait(self) -> tuple[Observation, Array, NDArray[np.bool_], list[dict[str, Any]]]:
        """One move of every game."""
        self._moved = True
        rewards = np.zeros(self.num_envs, np.float32)
        for number in range(len(self.models)):
            self._turn(number, rewards)
        done = np.array([e.over for e in self._episodes])
        infos: list[dict[str, Any]] = [{} for _ in self._episodes]
        for game in np.flatnonzero(done).tolist():
            infos[game]["terminal_observation"] = self._episodes[game].observe()
            self.results.append(self._episodes[game].result)
            self._episodes[game] = self._begin(game)
        return self._observe(), rewards, done, infos

    def _turn(self, model: int, rewards: Array) -> None:
        """One move of every game on one model, their rows pooled; rewards: (games,), written to."""
        games = np.flatnonzero(np.equal(self._model_of, model))
        turns = [self._episodes[game].turn(int(self._actions[game])) for game in games]
        rewards[games] = self.models[model].answer(turns)

    def _begin(self, game: int) -> Game:
        """The game that is played next in this place: samples in turn, in another order every pass."""
        model = self._model_of[game]
        playable, number = self._playable[model], self.started[model]
        self.started[model] += 1
        epoch, place = divmod(number, len(playable))
        order = generator(self._seed, "order", model, epoch).permutation(len(playable))
        rng = generator(self._seed, "game", model, number)
        return self.models[model].begin(playable[order[place]], rng)

    def _observe(self) -> Observation:
        seen = [e.observe() for e in self._episodes]
        return {name: np.stack([one[name] for one in seen]) for name in seen[0]}

    def close(self) -> None:
        """Nothing is held open."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """All games share what they have; none is drawn."""
        value = None if attr_name == "render_mode" else getattr(self, attr_name)
        return [value] * len(list(self._get_indices(indices)) if indices is not None else self._model_of)

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refused: games have no attributes of their own."""
        raise NotImplementedError(f"games of a pool have no attribute '{attr_name}' that could be set")

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Refused: games have no methods of their own."""
        raise NotImplementedError(f"games of a pool have no method '{method_name}'; they are no environments")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """They never are."""
        return [False] * self.num_envs


def _playable(model: CountedModel, batch: int) -> list[int]:
    """Indices of the samples that games can be played on. Raises DataError if there is none."""
    numbers = list(range(len(model.task.samples)))
    model.prepare(numbers, batch)
    playable = [n for n in numbers if model.can_play(n)]
    if not playable:
        raise DataError(
            "expected samples to learn on that the model classifies rightly (to explain, and whose class a "
            f"fill loses), found none of {len(numbers)}"
        )
    return playable

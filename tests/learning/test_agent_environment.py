"""The environment: Gymnasium's contract, every query counted, rewards that come to one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gymnasium")
from gymnasium.utils.env_checker import check_env

from brittle.core.errors import DataError
from brittle.learning.environment import GameEnv
from brittle.learning.tuning import PPO_TUNING
from levers import LeverModel, lever_task
from levers import lever_samples as samples

COST, FORFEIT = PPO_TUNING.query_cost, PPO_TUNING.forfeit_queries


def play(env: GameEnv, choose: Any, seed: int = 0) -> tuple[list[float], dict[str, Any]]:
    """A whole game; the rewards and the last information."""
    seen, info = env.reset(seed=seed)
    rewards, over = [], False
    while not over:
        seen, reward, over, truncated, info = env.step(choose(seen))
        rewards.append(float(reward))
        assert not truncated and env.observation_space.contains(seen)
    return rewards, info


def right(seen: dict[str, Any]) -> np.int64:
    """The move that paints vividly where the mark is."""
    place = int(seen["places"][:, 0].argmax())
    return np.int64(np.ravel_multi_index((2, place, 1), seen["odds"].shape))


@pytest.mark.filterwarnings("ignore")
def test_gymnasium_finds_nothing_wrong_with_it() -> None:
    check_env(GameEnv(lever_task()), skip_render_check=True)
    check_env(GameEnv(lever_task(closest=True)), skip_render_check=True)


def test_one_transition_is_one_query_and_clean_inputs_are_shown_once() -> None:
    model = LeverModel()
    env = GameEnv(lever_task(model, count=1))
    assert env.queries == sum(model.batches) == 1
    for seed in range(3):
        before = sum(model.batches)
        rewards, info = play(env, right, seed)
        assert sum(model.batches) - before == len(rewards)
        assert info["queries"] == 1 + len(rewards) and env.queries == sum(model.batches)


def test_the_falls_of_the_margin_come_to_one_at_the_flip() -> None:
    rewards, _ = play(GameEnv(lever_task()), right)
    assert sum(rewards) == pytest.approx(1 - COST * len(rewards), abs=1e-6)


def test_after_the_flip_shorter_distances_count_where_the_closest_is_looked_for() -> None:
    task = lever_task(budget=30, closest=True)
    env = GameEnv(task)
    rewards, _ = play(env, right)
    assert len(rewards) == 30 - 1 - 1 - 1  # clean, and two to verify with, as the referee plays
    reference = PPO_TUNING.reference_rms * np.sqrt(np.prod(task.model.input.shape))
    l2 = env._episode.result.l2
    assert l2 and sum(rewards) == pytest.approx(1 + np.log(reference / l2), abs=1e-5)


def test_a_game_is_over_when_its_budget_is() -> None:
    nothing = lambda seen: np.int64(0)  # noqa: E731
    rewards, _ = play(GameEnv(lever_task(budget=20)), nothing)
    assert len(rewards) == 20 - 1 - 1 and sum(rewards) == pytest.approx(-COST * 18)


def test_an_illegal_move_ends_the_game_without_a_query() -> None:
    env = GameEnv(lever_task())
    seen, _ = env.reset(seed=1)
    illegal = np.flatnonzero(seen["odds"].reshape(-1) == 0)
    assert len(illegal) == 2
    before = env.queries
    _, reward, over, _, _ = env.step(illegal[0])
    assert over and env.queries == before
    assert reward == pytest.approx(-COST * FORFEIT)  # dearer than to play on: giving up must not pay


def test_samples_that_the_model_is_wrong_about_are_never_played() -> None:
    task = lever_task()
    wrong = [replace(s, label=1) for s in samples(6)]
    env = GameEnv(replace(task, samples=[*wrong, samples(7)[6]]))
    assert {env.reset(seed=i)[1]["sample"] for i in range(10)} == {"s6"}
    with pytest.raises(DataError, match="classifies rightly"):
        GameEnv(replace(task, samples=wrong))

"""The pool: one batch a turn for every model, every row counted, only samples that it is right about."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

from brittle.core.errors import DataError, UsageError
from brittle.learning.pool import Pool
from levers import LeverModel, LeversPlay, lever_samples, lever_task


def some(pool: Pool, rng: np.random.Generator) -> Any:
    return rng.integers(pool.action_space.n, size=pool.num_envs)  # type: ignore[attr-defined]


def test_every_model_is_shown_one_batch_a_turn_and_every_row_is_counted() -> None:
    models = [LeverModel(), LeverModel()]
    pool = Pool([lever_task(models[0]), lever_task(models[1], count=9)], games=7, seed=0)
    assert pool.queries == sum(sum(m.batches) for m in models) == 24 + 9
    pool.reset()
    rng = np.random.default_rng(0)
    for _ in range(60):
        before = [len(m.batches) for m in models]
        rows = pool.queries
        odds = np.array([e.odds.reshape(-1) for e in pool._episodes])
        actions = some(pool, rng)
        legal = odds[np.arange(7), actions] > 0
        pool.step(actions)
        assert [len(m.batches) - b for m, b in zip(models, before, strict=True)] == [1, 1]
        assert pool.queries - rows == legal.sum() == models[0].batches[-1] + models[1].batches[-1]


def test_a_game_that_ends_is_followed_by_the_next_without_a_query() -> None:
    model = LeverModel()
    pool = Pool([lever_task(model, budget=12)], games=4, seed=0)
    pool.reset()
    before = pool.queries
    dull = np.zeros(4, np.int64)
    done = [pool.step(dull)[2].all() for _ in range(20)]
    assert done == 2 * ([False] * 9 + [True])
    assert pool.queries - before == 80 == sum(model.batches) - 24
    assert len(pool.results) == 8 and all(e.first is None and e.queries == 11 for e in pool.results)


def test_samples_come_in_turn_before_any_comes_again() -> None:
    pool = Pool([lever_task(budget=4, count=6)], games=2, seed=3)
    pool.reset()
    seen = [e.sample.id for e in pool._episodes]
    while len(seen) < 12:
        if pool.step(np.zeros(2, np.int64))[2].all():
            seen += [e.sample.id for e in pool._episodes]
    assert set(seen[:6]) == set(seen[6:12]) == {f"s{i}" for i in range(6)}


def test_the_same_seed_plays_the_same_games() -> None:
    def played(seed: int) -> list[Any]:
        pool, rng = Pool([lever_task(budget=9)], 3, seed), np.random.default_rng(0)
        pool.reset()
        seen: list[Any] = [pool.step(some(pool, rng))[0] for _ in range(30)]
        return [one["places"] for one in seen]

    one, again, other = played(0), played(0), played(1)
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_a_model_that_is_wrong_about_everything_is_said_so() -> None:
    wrong = [replace(s, label=1) for s in lever_samples()]
    with pytest.raises(DataError, match="found none of 24"):
        Pool([replace(lever_task(), samples=wrong)], 4, 0)


def test_models_whose_games_offer_other_moves_are_refused() -> None:
    class Other(LeversPlay):
        sizes = 1

        def moves(self, state: Any) -> Any:
            return super().moves(state)[:, :, :1]

    class Player:
        name, board = "other", "input"

        def play(self, game: Any) -> Any:
            return Other(game)

    with pytest.raises(UsageError, match="same moves"):
        Pool([lever_task(), replace(lever_task(), player=Player())], 4, 0)  # type: ignore[arg-type]

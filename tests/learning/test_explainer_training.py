"""Training an agent that explains: every row counts, the same seed gives the same file, a stop is no end."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")
from gymnasium.utils.env_checker import check_env

from brittle.agent.explainer import as_player
from brittle.agent.file import read_agent
from brittle.core.curves import MEASURES
from brittle.core.errors import DataError, UsageError
from brittle.core.explain_run import ENDING, LEAST_BUDGET
from brittle.core.sample import Sample
from brittle.explainers import open_explainer
from brittle.learning.curve import ExplainerUpdate
from brittle.learning.environment import GameEnv
from brittle.learning.explaining import ExplainerTask
from brittle.learning.game import CountedModel
from brittle.learning.pool import Pool
from brittle.tasks.explain.opening import open_explanation
from brittle.tasks.explain.settings import ExplainSettings
from brittle.tasks.train.explainer import train_explainer
from centre import CentreModel, centre_data

CURVES = 2 * len(MEASURES)


def task(model: CentreModel, budget: int = 60, player: str = "tide", fill: str = "flat") -> ExplainerTask:
    """Games over the tiny world."""
    opened = open_explanation(ExplainSettings(fill=fill), model, centre_data())
    samples = [opened.dataset.open(name) for name in opened.dataset.ids]
    model.batches.clear()
    settings = {"apart": True} if player == "tide" else {}
    chosen = as_player(open_explainer(player, **settings))
    return ExplainerTask(opened.model, samples, opened.fills, chosen, budget)


def asked(out: Path, model: CentreModel | None = None, **words: Any) -> Path:
    """A short training."""
    short = {"queries": 1200, "games": 2, "turns": 8, "batch": 16, "budget": 60, "rate": 1e-2}
    return train_explainer(
        [model or CentreModel()], centre_data(), out, **{**short, "asked": {"fill": "flat"}, **words}
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("player", ["tide", "survey"])
def test_gymnasium_finds_nothing_wrong_with_it(player: str) -> None:
    check_env(GameEnv(task(CentreModel(), player=player)), skip_render_check=True)


def test_a_move_is_its_rows_and_both_curves_and_rewards_add_up_to_the_score() -> None:
    model = CentreModel()
    env, rng = GameEnv(task(model)), np.random.default_rng(0)
    assert env.queries == sum(model.batches) == 2  # the clean row and the fill's, of one sample
    for seed in range(3):
        seen, _ = env.reset(seed=seed)
        before, rewards, over, moves = env.queries, [], False, 0
        while not over:
            legal = np.flatnonzero(seen["odds"].reshape(-1))
            seen, reward, over, _, info = env.step(rng.choice(legal))
            rewards.append(reward)
            moves += 1
        game: Any = env._episode
        assert sum(rewards) == pytest.approx(game.result.score) == pytest.approx(game.result.gain)
        assert game.result.rows == game.scene.rows <= 60 - 2 - ENDING
        assert info["queries"] == game.result.rows + CURVES * moves <= env.queries - before
        assert env.queries == sum(model.batches)


def test_budgets_are_drawn_up_to_the_greatest() -> None:
    counted = CountedModel(task(CentreModel()))
    games: list[Any] = [counted.begin(0, np.random.default_rng(seed)) for seed in range(300)]
    rows = [game.scene.rows + 2 + ENDING for game in games]
    assert min(rows) == LEAST_BUDGET and max(rows) == 60 and counted.queries == 2


def test_samples_without_a_game_are_left_out() -> None:
    """The model is wrong about one, and no fill loses the class of another."""
    one = task(CentreModel())
    samples: list[Sample] = [replace(one.samples[0], label=0), *one.samples[1:3]]
    bright = np.full_like(samples[1].x, 1.0)
    some = replace(one, samples=[samples[0], replace(samples[1], x=bright), samples[2]])
    counted = CountedModel(some)
    assert [counted.can_play(n) for n in range(3)] == [False, False, True]
    with pytest.raises(DataError, match="found none of 2"):
        Pool([replace(some, samples=some.samples[:2])], 2, 0)


def test_the_pool_shows_a_model_two_batches_a_turn_and_counts_them() -> None:
    models = [CentreModel(), CentreModel()]
    pool, rng = Pool([task(model) for model in models], games=5, seed=0), np.random.default_rng(0)
    assert pool.queries == sum(sum(model.batches) for model in models) == 2 * 6 * 2
    seen: Any = pool.reset()
    for _ in range(12):
        before = [len(model.batches) for model in models]
        legal = [rng.choice(np.flatnonzero(odds.reshape(-1))) for odds in seen["odds"]]
        seen = pool.step(np.array(legal))[0]
        assert [len(m.batches) - b for m, b in zip(models, before, strict=True)] == [2, 2]
        assert pool.queries == sum(sum(model.batches) for model in models)
    assert pool.results


def test_rows_are_those_that_the_model_saw_and_never_more_than_asked_for(tmp_path: Path) -> None:
    model = CentreModel()
    card = json.loads(asked(tmp_path / "a.safetensors", model).with_suffix(".json").read_text())
    assert card["queries"] == sum(model.batches) - setup_rows() <= 1200
    with pytest.raises(UsageError, match="more queries than 100"):
        asked(tmp_path / "b.safetensors", queries=100)


def setup_rows() -> int:
    """Rows that a model is shown to be opened."""
    model = CentreModel()
    open_explanation(ExplainSettings(), model, centre_data())
    return sum(model.batches)


def test_the_same_seed_gives_the_same_file_also_beside_its_card(tmp_path: Path) -> None:
    file = asked(tmp_path / "one" / "a.safetensors")
    again = asked(tmp_path / "two" / "a.safetensors")
    other = asked(tmp_path / "three" / "a.safetensors", seed=1)
    assert file.read_bytes() == again.read_bytes() != other.read_bytes()
    agent = read_agent(file, "explainer")
    assert agent.player == "tide" and agent.settings == {"apart": True}
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["models"][0]["name"] == "CentreModel" and card["data"]["samples"] == 6
    assert str(tmp_path) not in json.dumps(card) and "budget=60" in card["command"]
    curve = list(csv.DictReader(file.with_suffix(".csv").open()))
    assert int(curve[-1]["queries"]) == card["queries"] and len(curve) == card["updates"] > 1
    assert file.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
    assert not list(file.parent.glob("*.part*"))


def test_a_training_that_was_stopped_goes_on_from_its_last_update(tmp_path: Path) -> None:
    out, models = tmp_path / "a.safetensors", [CentreModel(), CentreModel()]

    def stop(now: ExplainerUpdate) -> None:
        if now.update == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(out, models[0], watch=stop)
    assert not out.exists()
    seen: list[ExplainerUpdate] = []
    asked(out, models[1], watch=seen.append)
    assert seen[0].update == 3
    shown = sum(sum(model.batches) - setup_rows() for model in models)
    assert json.loads(out.with_suffix(".json").read_text())["queries"] == shown <= 1200


def test_models_may_have_data_of_their_own(tmp_path: Path) -> None:
    wishes = [{"fill": "flat"}, {"fill": "flat", "which": "true"}]
    models, data = [CentreModel(), CentreModel()], [centre_data(), centre_data(4)]
    file = train_explainer(
        models,
        data,
        tmp_path / "a.safetensors",
        asked=wishes,
        queries=900,
        games=2,
        turns=8,
        batch=16,
        budget=60,
    )
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["data"]["samples"] == 10 and card["asked"] == wishes
    with pytest.raises(UsageError, match="for each of 2, got 1"):
        train_explainer(models, data[:1], tmp_path / "b.safetensors")


def test_what_is_asked_wrongly_is_said_in_one_line(tmp_path: Path) -> None:
    for words, told in (
        ({"explainer": "rise"}, "cannot play 'rise'"),
        ({"qeries": 3}, "did you mean 'queries'"),
        ({"budget": 9}, f"expected a budget of {LEAST_BUDGET} or more"),
        ({"start": "cells"}, "expected an agent of brittle explain"),
        ({"asked": {"fil": "flat"}}, "did you mean 'fill'"),
    ):
        with pytest.raises(UsageError, match=told):
            asked(tmp_path / "a.safetensors", **words)
    with pytest.raises(UsageError, match="at least one model"):
        train_explainer([], centre_data(), tmp_path / "a.safetensors")

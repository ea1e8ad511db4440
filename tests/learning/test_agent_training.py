"""Training: it learns, keeps to its queries, gives the same file for a seed, and goes on after a stop."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")

from brittle.agent.file import read_agent
from brittle.agent.network import Network
from brittle.core.errors import UsageError
from brittle.core.goal import Goal
from brittle.core.play import play_out
from brittle.core.search import Game, InputBoard, Terms
from brittle.core.seeds import generator
from brittle.learning.curve import Update
from brittle.learning.ppo import learn
from brittle.learning.settings import LearningSettings
from brittle.searches import open_search
from brittle.store.learned import Checkpoint
from brittle.tasks.audit.opening import open_audit
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.audit.warming import warm_up
from brittle.tasks.train.agent import train_agent
from levers import LeverModel, Levers, lever_samples, lever_task
from tiny import TinyModel, tiny_samples

SHORT = LearningSettings(queries=700, games=8, turns=10, batch=40, rate=3e-3)


def queries_to_flip(network: Network | None, number: int) -> int:
    """Rows until one sample of the lever world flips."""
    model, sample = LeverModel(), lever_samples()[number]
    clean = model(sample.x[None])[0]
    rng = generator(5, sample.id)
    game = Game(sample, InputBoard(sample), Goal(0), Terms(10_000, closest=False), clean, rng)
    playing = play_out(Levers().play(game), game, network)
    move, shown = next(playing), 1
    while (answers := model(move))[0].argmax() == 0:
        move, shown = playing.send(answers), shown + 1
    return shown


def test_a_trained_agent_needs_a_tenth_of_the_queries() -> None:
    settings = LearningSettings(queries=6_000, games=16, rate=3e-3, epochs=4, target_kl=0.03)
    learned = learn([lever_task()], settings)
    before = np.mean([queries_to_flip(None, n) for n in range(16)])
    after = np.mean([queries_to_flip(learned.network, n) for n in range(16)])
    assert before >= 10 * after
    assert learned.curve[-1].flipped == 1 and learned.curve[-1].first < 40


def test_it_starts_as_the_hand_made_player_and_stays_within_its_queries() -> None:
    model = LeverModel()
    few = learn([lever_task(model)], SHORT.model_copy(update={"queries": 60}))
    assert few.curve == () and few.queries == sum(model.batches) == 24
    assert not any(few.network.weights[k].any() for k in few.network.weights if k.startswith("head"))
    some = learn([lever_task(model := LeverModel())], SHORT)
    assert some.queries == sum(model.batches) == some.curve[-1].queries <= 700
    assert some.queries + 80 > 700
    assert any(some.network.weights[k].any() for k in some.network.weights if k.startswith("head"))


def test_the_global_random_state_and_threads_are_left_alone() -> None:
    import torch

    np.random.seed(3)  # noqa: NPY002
    torch.manual_seed(3)
    expected = np.random.RandomState(3).random(), torch.rand(1, generator=torch.Generator().manual_seed(3))
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        learn([lever_task()], SHORT.model_copy(update={"queries": 200}))
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)
    assert (np.random.random(), torch.rand(1)) == expected  # noqa: NPY002


def test_an_agent_learns_on_from_another() -> None:
    first = learn([lever_task()], SHORT)
    again = learn([lever_task()], SHORT.model_copy(update={"queries": 30}), start=first.network)
    assert all(np.array_equal(again.network.weights[k], w) for k, w in first.network.weights.items())
    other = Network(replace(first.network.shape, places=9), first.network.weights)
    with pytest.raises(UsageError, match="9 places"):
        learn([lever_task()], SHORT, start=other)


def test_a_checkpoint_of_another_question_or_a_damaged_one_is_not_continued(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "c.part.safetensors", {"seed": 0, "terms": (1, None)}, Update)
    learned = learn([lever_task()], SHORT, checkpoint=checkpoint)
    kept = checkpoint.read()
    assert kept and kept.state["queries"] == learned.queries and repr(kept.curve) == repr(learned.curve)
    assert replace(checkpoint, question={"seed": 1, "terms": (1, None)}).read() is None
    checkpoint.path.write_bytes(checkpoint.path.read_bytes()[:500])
    assert checkpoint.read() is None
    checkpoint.delete()
    assert checkpoint.read() is None


def asked(out: Path, board: str = "ripple", **words: Any) -> Path:
    """A short training on a tiny model and arrays."""
    model, samples = TinyModel(), tiny_samples(8, TinyModel())
    x = np.stack([s.spec.encode(s.x) for s in samples])
    y = np.array([s.label for s in samples])

    def tiny(batch: Any) -> Any:
        return model(batch)

    tiny.input_shape = (1, 12, 10)  # type: ignore[attr-defined]
    short = {"queries": 200, "games": 4, "turns": 10, "batch": 20, "budget": 25, "max_l2": 1.5, **words}
    return train_agent([tiny], (x, y), out, board, **short)


@pytest.mark.parametrize("board", ["ripple", "cells"])
def test_the_same_seed_gives_the_same_file_also_beside_its_card(board: str, tmp_path: Path) -> None:
    file = asked(tmp_path / "one" / "a.safetensors", board)
    again = asked(tmp_path / "two" / "a.safetensors", board)
    other = asked(tmp_path / "three" / "a.safetensors", board, seed=1, queries=60, audit={"cell": "6x5"})
    assert "--cell 6x5 " in other.with_suffix(".json").read_text()
    assert file.read_bytes() == again.read_bytes() != other.read_bytes()
    agent = read_agent(file)
    assert agent.player == {"ripple": "ripple", "cells": "patchwork"}[board]
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["queries"] <= 200 and card["learning"]["seed"] == 0 and card["models"][0]["name"] == "tiny"
    assert str(tmp_path) not in json.dumps(card) and f"--board {board}" in card["command"]
    curve = list(csv.DictReader(file.with_suffix(".csv").open()))
    assert int(curve[-1]["queries"]) == card["queries"] and len(curve) == card["updates"] > 3
    assert file.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
    assert not list(file.parent.glob("*.part*"))
    assert open_search("agent", file=str(file)).board == {"ripple": "input", "cells": "cells"}[board]


def test_a_training_that_was_stopped_goes_on_from_its_last_update(tmp_path: Path) -> None:
    out = tmp_path / "a.safetensors"

    def stop(now: Update) -> None:
        if now.update == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(out, watch=stop)
    assert not out.exists()
    seen: list[Update] = []
    asked(out, watch=seen.append)
    assert seen[0].update == 5
    curve = list(csv.DictReader(out.with_suffix(".csv").open()))
    assert [int(row["update"]) for row in curve] == list(range(1, len(curve) + 1))
    assert int(curve[-1]["queries"]) == json.loads(out.with_suffix(".json").read_text())["queries"] <= 200


def test_what_is_asked_wrongly_is_said_in_one_line(tmp_path: Path) -> None:
    for words, told in (
        ({"board": "chess"}, "no board 'chess'"),
        ({"qeries": 3}, "did you mean 'queries'"),
        ({"games": 0}, "games: Input should be greater than or equal to 1, got 0"),
        ({"start": "nobody"}, "nobody"),
    ):
        with pytest.raises(UsageError, match=told):
            asked(tmp_path / "a.safetensors", **words)
    with pytest.raises(UsageError, match="safetensors"):
        asked(tmp_path / "a.txt")


def test_a_warm_up_learns_from_the_audited_model_and_counts(tmp_path: Path) -> None:
    agent = read_agent(asked(tmp_path / "a.safetensors"))
    model, samples = TinyModel(), tiny_samples(8, TinyModel())
    x, y = np.stack([s.spec.encode(s.x) for s in samples]), np.array([s.label for s in samples])

    def tiny(batch: Any) -> Any:
        return model(batch)

    tiny.input_shape = (1, 12, 10)  # type: ignore[attr-defined]
    opened = open_audit(AuditSettings.build({"search": "ripple", "budget": 40, "max_l2": 1.5}), tiny, (x, y))
    before = model.rows
    some = [opened.dataset.open(name) for name in opened.dataset.ids[:4]]
    warm = warm_up(opened, agent, 200, some)
    assert warm.queries == model.rows - before <= 200
    assert warm.agent.card["warm_up"]["queries"] == warm.queries
    assert not np.array_equal(warm.agent.network.weights["head_pair"], agent.network.weights["head_pair"])
    with pytest.raises(UsageError, match="warm-up"):
        warm_up(opened, agent, 20, some)


def test_queries_that_teach_nothing_and_a_stop_of_another_agent_are_said_so(tmp_path: Path) -> None:
    out = tmp_path / "a.safetensors"
    with pytest.raises(UsageError, match="more queries than 20"):
        asked(out, queries=20)
    checkpoint = Checkpoint(tmp_path / "c.part.safetensors", {}, Update)
    learn([lever_task()], SHORT.model_copy(update={"queries": 100}), checkpoint=checkpoint)
    with pytest.raises(UsageError, match="begin anew"):
        learn([lever_task()], SHORT.model_copy(update={"hidden": 8}), checkpoint=checkpoint)

"""An agent that learns whom to trust: games with surrogates and an L2 of their own; it plays with some."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")

from brittle.agent.file import read_agent
from brittle.core.errors import UsageError
from brittle.core.search import InputBoard, Terms
from brittle.learning.episode import Episode, TrainingTask
from brittle.learning.game import CountedModel
from brittle.searches.ripple.decisions import DECISIONS
from brittle.searches.ripple.search import Ripple
from brittle.tasks.audit.audit import audit
from brittle.tasks.train.agent import train_agent
from tiny import TinyModel, tiny_samples
from toy_surrogates import ToySurrogate


def net(folder: Path, seed: int, noise: float = 0.7) -> str:
    """A linear ONNX model with the tiny model's weights, and some of its own."""
    onnx = pytest.importorskip("onnx")
    shared = TinyModel().weights
    own = np.random.default_rng(seed).normal(0, shared.std(), shared.shape)
    weights = (shared + noise * own).reshape(len(own), -1).astype(np.float32)
    nodes = [
        onnx.helper.make_node("Flatten", ["x"], ["flat"]),
        onnx.helper.make_node("Gemm", ["flat", "w"], ["logits"], transB=1),
    ]
    sizes = {"x": ["n", 1, 12, 10], "logits": ["n", len(weights)]}
    x, logits = (onnx.helper.make_tensor_value_info(name, 1, size) for name, size in sizes.items())
    graph = onnx.helper.make_graph(nodes, "net", [x], [logits], [onnx.numpy_helper.from_array(weights, "w")])
    file = folder / f"net{seed}.onnx"
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), file)
    return str(file)


def data() -> tuple[Any, Any]:
    samples = tiny_samples(8, TinyModel())
    return np.stack([s.spec.encode(s.x) for s in samples]), np.array([s.label for s in samples])


def tiny(batch: Any) -> Any:
    return TinyModel()(batch)


tiny.input_shape = (1, 12, 10)  # type: ignore[attr-defined]
SHORT: dict[str, Any] = {"queries": 80, "games": 3, "turns": 8, "batch": 12, "budget": 20, "max_l2": 1.0}


def episodes(count: int, least: float) -> list[Episode]:
    surrogate = ToySurrogate(TinyModel(), 0.5)
    samples, terms = tiny_samples(1, TinyModel()), Terms(20, 2.0, closest=False)
    player = Ripple(trust="open")
    task = TrainingTask(
        TinyModel(), samples, InputBoard, player, terms, surrogates=(surrogate,), least_l2=least
    )
    model = CountedModel(task)
    found = [model.begin(0, np.random.default_rng(n)) for n in range(count)]
    for episode in found:
        model.answer([episode.turn(int(episode.odds.argmax()))])
    return [e for e in found if isinstance(e, Episode)]


def test_every_game_has_an_l2_of_its_own_and_leads_of_its_own() -> None:
    radii = [e.game.terms.max_l2 or 0.0 for e in episodes(40, 0.3)]
    assert 0.6 <= min(radii) < 0.8 and 1.8 < max(radii) <= 2
    found = episodes(2, 1.0)
    assert [e.game.terms.max_l2 for e in found] == [2.0, 2.0]
    assert found[0].game.leads[0] is not found[1].game.leads[0] and found[0].game.leads[0].rows == 48


def test_a_game_that_is_learned_from_hears_which_class_is_nearest() -> None:
    (episode,) = episodes(1, 0.4)
    state = episode.state
    assert len(state.heard) == 2 and state.leaps == 1 and state.record.tried.sum() == 1


def test_it_learns_plays_with_surrogates_and_says_what_it_learned_from(tmp_path: Path) -> None:
    one, other = net(tmp_path, 1), net(tmp_path, 2)
    out = train_agent([tiny], data(), tmp_path / "a.safetensors", "ripple", surrogates=(one,), **SHORT)
    agent = read_agent(out)
    assert agent.settings == {"trust": "open"} and set(DECISIONS) <= set(agent.network.shape.kinds)
    card = json.loads(out.with_suffix(".json").read_text())
    assert [s["name"] for s in card["surrogates"][0]] == ["net1.onnx"]
    assert "--surrogate net1.onnx" in card["command"]
    again = train_agent(
        [tiny], data(), tmp_path / "b" / "a.safetensors", "ripple", surrogates=(one,), **SHORT
    )
    assert out.read_bytes() == again.read_bytes()
    asked: dict[str, Any] = {"agent": str(out), "max_l2": 1.0, "goal": "first", "budget": 20}
    run = audit(tiny, data(), out=tmp_path / "run", surrogates=(one, other), **asked)
    assert all((r.notes or {})["surrogate_rows"] >= 48 for r in run.results())
    with pytest.raises(UsageError, match="needs surrogates"):
        audit(tiny, data(), out=tmp_path / "alone", **asked)


def test_a_model_is_no_surrogate_of_its_own_games(tmp_path: Path) -> None:
    nets = [net(tmp_path, seed, 0.3) for seed in (1, 2)]
    out = train_agent(nets, data(), tmp_path / "a.safetensors", "ripple", surrogates=nets, **SHORT)
    card = json.loads(out.with_suffix(".json").read_text())
    assert [[s["name"] for s in games] for games in card["surrogates"]] == [["net2.onnx"], ["net1.onnx"]]
    with pytest.raises(UsageError, match="another one"):
        train_agent(nets, data(), tmp_path / "b.safetensors", "ripple", surrogates=nets[:1], **SHORT)
    with pytest.raises(UsageError, match="--board ripple"):
        train_agent([tiny], data(), tmp_path / "c.safetensors", "cells", surrogates=nets, **SHORT)

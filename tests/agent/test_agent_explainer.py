"""The agent as an explainer: with no correction it is the hand-made player, row by row."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.agent.explainer import AgentExplainer, as_player
from brittle.agent.file import TrainedAgent, read_agent, write_agent
from brittle.agent.network import Network, fresh, shape_of
from brittle.core.curves import MEASURES
from brittle.core.errors import UsageError
from brittle.core.explainer import Attribution, Scene
from brittle.core.sample import InputSpec, Sample
from brittle.explainers import open_explainer
from brittle.searches import open_search

PLAYERS: list[tuple[str, dict[str, Any]]] = [("tide", {}), ("tide", {"apart": True}), ("survey", {})]
EVERY = pytest.mark.parametrize(("player", "settings"), PLAYERS, ids=["tide", "apart", "survey"])


def scene(rows: int = 130, signal: bool = False) -> Scene:
    """Noise over a flat fill; of a model that looks at a part of it."""
    axes = ("channel", "time") if signal else ("channel", "height", "width")
    shape = (1, 400) if signal else (1, 20, 24)
    x = np.random.default_rng(5).random(shape).astype(np.float32)
    clean, filled = np.array([0.1, 0.9], np.float32), np.array([0.8, 0.2], np.float32)
    sample, rng = Sample("s", x, 1, InputSpec(shape, axes)), np.random.default_rng(7)
    return Scene(sample, np.zeros_like(x), 1, clean, filled, rows, rng, MEASURES)


def played(explainer: Any, on: Scene) -> tuple[list[Any], Attribution]:
    """The masks that an explainer shows, and its map."""
    shown: list[Any] = []
    playing = explainer(on)
    try:
        masks = next(playing)
        while True:
            shown.append(masks)
            kept = masks.reshape(len(masks), -1)[:, 90:180].mean(axis=1) / 255
            p = 1 / (1 + np.exp(-9 * (kept - 0.5)))
            masks = playing.send(np.stack([1 - p, p], axis=1).astype(np.float32))
    except StopIteration as end:
        return shown, end.value


def agent_of(player: str, settings: Mapping[str, Any], folder: Path, spread: float) -> AgentExplainer:
    """An agent on this player whose heads are random numbers of this spread; 0 corrects nothing."""
    network = fresh(shape_of(as_player(open_explainer(player, **settings)).play(scene())), 0)
    rng = np.random.default_rng(1)
    heads = {
        name: (spread * rng.normal(size=w.shape)).astype(np.float32)
        for name, w in network.weights.items()
        if name.startswith("head")
    }
    network = Network(network.shape, {**network.weights, **heads})
    file = folder / f"{player}.safetensors"
    write_agent(file, TrainedAgent(network, player, settings, kind="explainer"))
    return AgentExplainer(file=str(file))


@EVERY
@pytest.mark.parametrize("signal", [False, True])
def test_without_a_correction_it_is_the_hand_made_player_row_by_row(
    player: str, settings: dict[str, Any], signal: bool, tmp_path: Path
) -> None:
    by_hand, map_by_hand = played(open_explainer(player, **settings), scene(signal=signal))
    on = scene(signal=signal)
    learned, found = played(agent_of(player, settings, tmp_path, 0.0), on)
    assert len(learned) == len(by_hand) > 3
    assert all(np.array_equal(a, b) for a, b in zip(learned, by_hand, strict=True))
    assert found.map.tobytes() == map_by_hand.map.tobytes()
    assert on.notes["agent"].startswith(player)


@EVERY
def test_a_correction_changes_what_is_played_within_the_same_rows(
    player: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    by_hand, _ = played(open_explainer(player, **settings), scene())
    learned, found = played(agent_of(player, settings, tmp_path, 1.0), scene())
    assert not all(np.array_equal(a, b) for a, b in zip(learned, by_hand, strict=False))
    assert sum(map(len, learned)) <= 130 and np.isfinite(found.map).all()


def test_what_is_written_is_read_and_an_agent_of_the_other_kind_is_one_line(tmp_path: Path) -> None:
    agent_of("tide", {"apart": True}, tmp_path, 1.0)
    file = str(tmp_path / "tide.safetensors")
    agent = read_agent(file, "explainer")
    assert agent.player == "tide" and agent.settings == {"apart": True} and agent.kind == "explainer"
    with pytest.raises(UsageError, match=r"expected an agent of brittle audit, but .* of brittle explain"):
        open_search("agent", file=file)
    for other in ("cells", "ripple"):
        with pytest.raises(UsageError, match=r"expected an agent of brittle explain, .* of brittle audit"):
            open_explainer("agent", file=other)


def test_a_player_without_moves_or_with_others_is_one_line(tmp_path: Path) -> None:
    network = fresh(shape_of(as_player(open_explainer("tide")).play(scene())), 0)
    file = tmp_path / "a.safetensors"
    for player, told in (("rise", "cannot play rise"), ("nobody", "nobody"), ("survey", "train it again")):
        write_agent(file, TrainedAgent(network, player, kind="explainer"))
        with pytest.raises(UsageError, match=told):
            AgentExplainer(file=str(file))

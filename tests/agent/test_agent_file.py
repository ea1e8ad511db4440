"""Agent files: what is written is read, and what is unknown, foreign or damaged gives one clear line."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from safetensors.numpy import save

from brittle.agent.file import TrainedAgent, read_agent, write_agent
from brittle.agent.network import Network, Shape, fresh
from brittle.agent.player import Agent
from brittle.core.errors import BrittleError, UsageError
from brittle.searches import open_search

SHAPE = Shape(world=2, operators=1, places=2, sizes=2, kinds=("blank", "faint", "vivid"), hidden=8)
CARD = {"queries": 12, "models": [{"name": "tiny", "sha256": ""}]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.safetensors"
    write_agent(path, TrainedAgent(fresh(SHAPE, 0), "levers:Levers", {}, CARD))
    return path


def line_of(path: Path) -> str:
    with pytest.raises(BrittleError) as caught:
        open_search("agent", file=str(path))
    text = str(caught.value)
    assert "\n" not in text and "Traceback" not in text
    return text


def test_what_is_written_is_read(file: Path) -> None:
    agent = read_agent(file)
    assert agent.player == "levers:Levers" and agent.card == CARD and agent.network.shape == SHAPE
    new = fresh(SHAPE, 0).weights
    assert all(np.array_equal(w, new[name]) for name, w in agent.network.weights.items())
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["queries"] == 12 and card["sha256"][:8] == agent.name.split()[-1]


def test_the_same_agent_gives_the_same_bytes(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.safetensors"
    write_agent(other, read_agent(file))
    assert other.read_bytes() == file.read_bytes()


def test_it_opens_as_a_search_on_the_board_of_its_player(file: Path) -> None:
    search = open_search("agent", file=str(file))
    assert search.name == "agent" and search.board == "input"


def test_playing_an_agent_loads_nothing_that_training_needs() -> None:
    code = "import sys, brittle.agent.player, brittle.tasks.train.agent as t; print(*sys.modules)"
    loaded = run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "brittle.agent.player" in loaded
    assert not {"torch", "gymnasium", "stable_baselines3"} & set(loaded)


def test_an_unknown_name_or_file_is_said_so(tmp_path: Path) -> None:
    for name in ("nobody-knows-this", "n" * 300, "a\0b"):
        with pytest.raises(UsageError, match="expected an agent file"):
            Agent(file=name)
    assert "cannot read" in line_of(tmp_path / "none.safetensors")
    assert "File name too long" in line_of(tmp_path / f"{'n' * 300}.safetensors")
    assert "null byte" in line_of(tmp_path / "a\0b.safetensors")


@pytest.mark.parametrize("keep", [0, 4, 100, 2000])
def test_a_damaged_file_is_said_so(file: Path, keep: int) -> None:
    file.write_bytes(file.read_bytes()[:keep])
    assert "damaged" in line_of(file) and "brittle train" in line_of(file)


def test_a_foreign_file_is_said_so(file: Path) -> None:
    file.write_bytes(
        save({"tiles": np.zeros((1, 3, 4, 4), np.float32)}, {"brittle": "brittle-tile-1 height"})
    )
    assert "holds no agent" in line_of(file)
    file.write_bytes(save({"x": np.zeros(3, np.float32)}))
    assert "holds no agent" in line_of(file)


def test_missing_misshapen_and_infinite_weights_are_said_so(file: Path) -> None:
    agent = read_agent(file)
    for value in (np.zeros(3, np.float32), np.full((8, 8), np.nan, np.float32)):
        weights = {**agent.network.weights, "head_pair": value}
        write_agent(file, replace(agent, network=Network(SHAPE, weights)))
        assert "head_pair" in line_of(file)


def test_features_that_the_player_does_not_show_are_said_so(file: Path) -> None:
    other = replace(SHAPE, places=7)
    write_agent(file, TrainedAgent(fresh(other, 0), "levers:Levers", {}, CARD))
    assert "7 features of places" in line_of(file) and "train it again" in line_of(file)


@pytest.mark.parametrize(("player", "told"), [("nobody", "nobody"), ("random", "cannot play random")])
def test_a_player_that_cannot_be_had_is_said_so(file: Path, player: str, told: str) -> None:
    write_agent(file, TrainedAgent(fresh(SHAPE, 0), player, {}, CARD))
    assert told in line_of(file)

"""The two agents of temporal-spatial learn one after the other, by MAP where that is what closer means."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")

from brittle.agent.file import read_agent
from brittle.agent.player import as_player
from brittle.core.distance import root_power
from brittle.core.errors import UsageError
from brittle.core.sample import Array
from brittle.core.search import Terms
from brittle.learning.game import CountedModel
from brittle.searches import open_search
from brittle.tasks.audit.opening import open_audit
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.audit.warming import training_task
from brittle.tasks.train.agent import train_agent

SHAPE = (1, 6, 8, 8)
SHORT = {"queries": 240, "games": 4, "turns": 10, "batch": 20, "budget": 25}


def model(x: Array) -> Array:
    """Bright clips from dark ones."""
    p = 1 / (1 + np.exp(-60 * (x.reshape(len(x), -1).mean(axis=1) - 0.5)))
    return np.stack([p, 1 - p], axis=1).astype(np.float32)


model.input_shape = SHAPE  # type: ignore[attr-defined]


def clips() -> tuple[Any, Any]:
    x = np.random.default_rng(0).integers(0, 256, (8, *SHAPE), np.uint8)
    return x, model(np.asarray(x / 255, np.float32)).argmax(axis=1)


def trained(out: Path, board: str, **words: Any) -> Path:
    audit = {"distortions": ["illumination", "frame_hold"], "distance": "map"}
    return train_agent([model], clips(), out, board, audit=audit, **{**SHORT, **words})


def test_each_of_the_two_learns_beside_the_other_and_both_play(tmp_path: Path) -> None:
    temporal = trained(tmp_path / "temporal.safetensors", "temporal")
    spatial = trained(tmp_path / "spatial.safetensors", "spatial", partner=str(temporal))
    again = trained(tmp_path / "2" / "spatial.safetensors", "spatial", partner=str(temporal))
    alone = trained(tmp_path / "3" / "spatial.safetensors", "spatial")
    assert spatial.read_bytes() == again.read_bytes()
    beside, by_itself = (read_agent(file).network.weights for file in (spatial, alone))
    assert any(not np.array_equal(w, by_itself[name]) for name, w in beside.items())
    for role, file in (("temporal", temporal), ("spatial", spatial)):
        agent, card = read_agent(file), json.loads(file.with_suffix(".json").read_text())
        assert agent.player == "temporal-spatial" and agent.settings["learns"] == role
        assert set(agent.settings.values()) == {role, "none"}, "no path of the partner"
        assert f"--board {role}" in card["command"] and "--distance map" in card["command"]
        assert card["terms"]["power"] == 1 and str(tmp_path) not in json.dumps(card)
    assert json.loads(spatial.with_suffix(".json").read_text())["settings"]["temporal"].startswith(
        "temporal "
    )
    assert "--partner temporal.safetensors" in json.loads(spatial.with_suffix(".json").read_text())["command"]
    search = open_search("temporal-spatial", temporal=str(temporal), spatial=str(spatial))
    about: Any = getattr(search, "about")  # noqa: B009
    assert about["name"].count("safetensors") == 0 and about["name"].count(", ") == 1


def test_a_partner_is_of_these_two_boards_only(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"^expected --partner with --board temporal or spatial, got it with"
    ):
        trained(tmp_path / "a.safetensors", "cells", partner="cells")


@pytest.mark.parametrize(("distance", "power"), [(None, 2), ("map", 1)])
def test_what_closer_means_is_what_is_rewarded(distance: str | None, power: int) -> None:
    seen: list[Array] = []

    def watched(x: Array) -> Array:
        seen.append(x.copy())
        return model(x)

    watched.input_shape = SHAPE  # type: ignore[attr-defined]
    asked = {"search": "patchwork", "distortions": ["illumination"], "distance": distance}
    opened = open_audit(AuditSettings.build(asked), watched, clips())
    sample, terms = opened.dataset.open(opened.dataset.ids[0]), Terms(40, power=opened.settings.power)
    games = CountedModel(training_task(opened, [sample], as_player(opened.search), terms))
    game: Any = games.begin(0, np.random.default_rng(0))
    assert game.game.board.power == power == terms.power
    while game.result.first is None:
        games.answer([game.turn(int(game.odds.argmax()))])
    assert game.result.l2 == pytest.approx(root_power(sample.x, seen[-1][0], power), rel=1e-5)
    reference = 0.1**power * sample.x.size
    assert game.gain == pytest.approx(1 + np.log(np.sqrt(reference) / game.result.l2), rel=1e-4)

"""The agents that ship: whole, of their cards, and able to play with this brittle's players."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from brittle.agent.explainer import AgentExplainer
from brittle.agent.file import read_agent
from brittle.agent.player import SHIPPED, Agent
from brittle.core.errors import UsageError
from brittle.searches import open_search

FILES = sorted(SHIPPED.glob("*.safetensors"))
COMMANDS = {
    "cells": "brittle train --board cells ",
    "ripple": "brittle train --board ripple ",
    "temporal": "brittle train --board temporal ",
    "spatial": "brittle train --board spatial ",
    "tide": "brittle.train_explainer(",
}


def kind_of(path: Path) -> str:
    """What an agent is for."""
    return "explainer" if path.stem == "tide" else "search"


def test_one_ships_for_each_board_two_for_clips_and_one_explains() -> None:
    assert {path.stem for path in FILES} == set(COMMANDS)
    assert open_search("agent", file="cells").board == "cells"
    assert open_search("agent", file="ripple").board == "input"
    both: Any = open_search("temporal-spatial")
    assert [name.split(" ")[0] for name in both.about["name"].split(", ")] == ["temporal", "spatial"]
    assert Agent().about["name"].startswith("cells ")
    assert AgentExplainer().about["name"].startswith("tide ")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_the_one_of_its_card(path: Path) -> None:
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert card["command"].startswith(COMMANDS[path.stem]) and card["queries"] > 0
    assert path.name in card["command"]
    assert path.with_suffix(".csv").is_file() and path.with_suffix(".png").is_file()
    heads = [
        w for name, w in read_agent(path, kind_of(path)).network.weights.items() if name.startswith("head_")
    ]
    assert all(w.any() for w in heads)
    assert path.stat().st_size < 200_000


def test_a_name_that_does_not_ship_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'ripple'"):
        open_search("agent", file="rippel")

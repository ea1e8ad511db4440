"""Train an agent on local models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from brittle.agent.file import TrainedAgent, write_agent
from brittle.agent.player import as_player, open_agent, settings_of
from brittle.agent.temporal_spatial import NONE
from brittle.core.errors import UsageError, did_you_mean
from brittle.core.field import usual_l2
from brittle.core.search import Terms
from brittle.learning.curve import Update
from brittle.learning.learner import open_learner
from brittle.learning.settings import LearningSettings
from brittle.store.learned import Checkpoint
from brittle.tasks.audit.opening import OpenedAudit, open_audit
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.audit.warming import training_task
from brittle.tasks.train.agents import learned_on, learning_card, samples_of, write_curves
from brittle.tasks.train.card import command_of, out_file

TEAM = ("temporal", "spatial")  # the two agents of temporal-spatial, each a board of its own
PLAYERS = {"cells": "patchwork", "ripple": "ripple", **dict.fromkeys(TEAM, "temporal-spatial")}
LEAST_L2 = 0.3  # of max_l2, where games have surrogates: there is something to decide in hard games only
BUDGET = {"cells": 250, "ripple": 500, **dict.fromkeys(TEAM, 250)}  # queries of one game, clean one included
ASKED = {"distortions", "draws", "cell", "distance", "target", "top_k", "seed"}  # that learning depends on

Watch = Callable[[Update], None]


def train_agent(
    models: Sequence[Any],
    data: Any,
    out: str | Path,
    board: str = "cells",
    *,
    first: int | None = None,
    budget: int | None = None,
    max_l2: float | None = None,
    start: str | None = None,
    partner: str | None = None,
    surrogates: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    audit: Mapping[str, Any] | None = None,
    watch: Watch = lambda _: None,
    **learning: Any,
) -> Path:
    """Train an agent; returns its file, which has a card (.json) and a curve (.csv, .png) beside it.

    The same call again goes on from the last update of one that was stopped.

    models:   what brittle audit takes. data: labelled samples; first: only so many from the start of their
              order.
    board:    "cells" (natural distortions, the closest flip counts), "ripple" (within max_l2, the first
              flip counts; max_l2 None is 5 for a photo, and as much per element elsewhere), "temporal" or
              "spatial" (one of the two agents of temporal-spatial, on clips; the closest flip counts).
    budget:   queries of one game. start: an agent to go on from, file or shipped name. partner: the other
              one of temporal-spatial; None is hand-made.
    surrogates: on the ripple board, what its games learn from, but the model that is played; each game then
              has an L2 of its own, 0.3 to 1 times max_l2.
    settings: of the hand-made player; audit: further AuditSettings (distortions, draws, cell, distance,
              model_options, data_options). learning: fields of LearningSettings (queries, games, seed ...).
    Raises BrittleError with one line.
    """
    out = out_file(out)
    _check(models, board, surrogates)
    open_learner()
    chosen = LearningSettings.build(learning, "agents")
    agent = open_agent(start) if start else None
    own = {**_of_team(board), **({"trust": "open"} if surrogates else {}), **(settings or {})}
    other = _partner(board, partner)
    played = settings_of(PLAYERS[board], {**own, **dict.fromkeys(other, partner)})
    common = {"search": PLAYERS[board], "search_settings": played, "seed": chosen.seed}
    opened = [
        _open(model, data, {**common, **_beside(model, surrogates), **(audit or {})}) for model in models
    ]
    terms = _terms(board, budget, max_l2, opened[0])
    least = LEAST_L2 if surrogates else 1.0
    tasks = [training_task(o, samples_of(o, first), as_player(o.search), terms, least) for o in opened]
    question = {
        "board": board,
        "player": PLAYERS[board],
        "settings": {**own, **other},
        **learned_on(opened, [len(task.samples) for task in tasks]),
        **_surrogates_of(opened),
        "audit": _plain(audit or {}),
        "terms": asdict(terms),
        "learning": chosen.model_dump(),
        "start": agent.name if agent else None,
    }
    checkpoint = Checkpoint(out.with_suffix(".part.safetensors"), question, Update)
    learned = open_learner()(tasks, chosen, agent.network if agent else None, checkpoint, watch)
    agents = {"start": start, "partner": partner}
    given = _given(opened, audit or {}, agents, first=first, budget=budget, max_l2=max_l2)
    given["surrogate"] = [Path(name).name for name in surrogates]
    command = command_of(f"brittle train --board {board}", given, chosen, out)
    card = {**question, **learning_card(learned, chosen, command)}
    write_agent(out, TrainedAgent(learned.network, PLAYERS[board], own, card))
    last = {"Median L2": "l2"} if terms.closest else {"Queries to flip": "first"}
    write_curves(out, learned, {"Mean return": "gain", "Share flipped": "flipped", **last})
    checkpoint.delete()
    return out


def _of_team(board: str) -> dict[str, Any]:
    """Settings of temporal-spatial: who learns, and both hand-made."""
    return {"learns": board, **dict.fromkeys(TEAM, NONE)} if board in TEAM else {}


def _partner(board: str, file: str | None) -> dict[str, str]:
    """The other agent of temporal-spatial by its name, where there is one. Raises UsageError."""
    if file is None:
        return {}
    if board not in TEAM:
        raise UsageError(f"expected --partner with --board {' or '.join(TEAM)}, got it with {board}")
    return {TEAM[1 - TEAM.index(board)]: open_agent(file).name}


def _beside(model: Any, surrogates: Sequence[str]) -> dict[str, Any]:
    """The surrogates of games on one model: all but that model. Raises UsageError if none is left."""
    others = tuple(name for name in surrogates if name != str(model))
    if surrogates and not others:
        raise UsageError(f"expected a surrogate beside {model} itself; name another one with --surrogate")
    return {"surrogates": others} if others else {}


def _surrogates_of(opened: Sequence[OpenedAudit]) -> dict[str, Any]:
    """What the card says of surrogates, where there are some: whom the games on each model learned from."""
    found = [[{"name": Path(s.name).name, "sha256": s.sha256} for s in o.surrogates] for o in opened]
    return {"surrogates": found} if any(found) else {}


def _check(models: Sequence[Any], board: str, surrogates: Sequence[str]) -> None:
    if surrogates and board != "ripple":
        raise UsageError(f"expected surrogates with --board ripple, got them with {board}")
    if board not in PLAYERS:
        raise UsageError(f"there is no board '{board}'; {did_you_mean(board, PLAYERS)}")
    if not models:
        raise UsageError("expected at least one model to learn on; name it with --model")


def _open(model: Any, data: Any, common: Mapping[str, Any]) -> OpenedAudit:
    """A model and data that fit each other."""
    name = str(model) if isinstance(model, str | Path) else getattr(model, "__name__", type(model).__name__)
    words = {"model": name, "data": str(data) if isinstance(data, str | Path) else "arrays", **common}
    return open_audit(AuditSettings.build(words), model, data)


def _terms(board: str, budget: int | None, max_l2: float | None, opened: OpenedAudit) -> Terms:
    """What ends a game: on the ripple board the first flip within a distance."""
    if board == "ripple":
        usual = round(usual_l2(opened.dataset.spec), 4)
        return Terms(budget or BUDGET[board], max_l2 or usual, closest=False)
    return Terms(budget or BUDGET[board], max_l2, closest=True, power=opened.settings.power)


def _plain(words: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as plain data; how a model is run and reached is left out."""
    return {
        k: v for k, v in AuditSettings.build(words).model_dump(mode="json").items() if k in ASKED & {*words}
    }


def _given(
    opened: Sequence[OpenedAudit],
    audit: Mapping[str, Any],
    agents: Mapping[str, str | None],
    **limits: float | None,
) -> dict[str, Any]:
    """What was asked beside how to learn, as options of the command."""
    return {
        "model": [Path(o.settings.model).name for o in opened],
        "data": opened[0].dataset.name,
        "distortion": list(opened[0].settings.distortions),
        **limits,
        "cell": audit.get("cell"),
        "distance": audit.get("distance"),
        **{option: Path(file).name if file else None for option, file in agents.items()},
    }

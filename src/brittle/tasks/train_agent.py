"""Train an agent on local models, or warm one up on the model that is audited."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brittle.agent.checkpoint import Checkpoint, Update
from brittle.agent.episode import Arena
from brittle.agent.file import TrainedAgent, write_agent
from brittle.agent.player import as_player, open_agent, player_of
from brittle.core.errors import DataError, MissingExtraError, UsageError, did_you_mean
from brittle.core.play import Player
from brittle.core.sample import InputSpec, Sample
from brittle.core.search import Terms
from brittle.report.learning import learning_curve
from brittle.store.files import write_whole
from brittle.tasks.opening import Opened, make_board, open_audit
from brittle.tasks.settings import AuditSettings

if TYPE_CHECKING:
    from brittle.agent.training import LearningSettings

PLAYERS = {"cells": "patchwork", "ripple": "ripple"}
BUDGET = {"cells": 250, "ripple": 500}  # queries of one game, clean one included
PHOTO = 150528  # elements of a photo, 3 x 224 x 224
ASKED = {"distortions", "draws", "cell", "target", "top_k", "seed"}  # of an audit, that learning depends on
WARM_GAMES, WARM_RATE = 8, 3e-4  # a warm-up is short: few games at once, careful strides

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
    settings: Mapping[str, Any] | None = None,
    audit: Mapping[str, Any] | None = None,
    watch: Watch = lambda _: None,
    **learning: Any,
) -> Path:
    """Train an agent; returns its file, which has a card (.json) and a curve (.csv, .png) beside it.

    The same call again goes on from the last update of one that was stopped.

    models:   what brittle audit takes. data: labelled samples; first: only so many from the start of their
              order.
    board:    "cells" (natural distortions, the closest flip counts) or "ripple" (within max_l2, the first
              flip counts; max_l2 None is 5 for a photo, and as much per element elsewhere).
    budget:   queries of one game. start: an agent to go on from, file or shipped name.
    settings: of the hand-made player; audit: further AuditSettings (distortions, draws, cell, model_options,
              data_options). learning: fields of LearningSettings (queries, games, seed ...).
    Raises BrittleError with one line.
    """
    out = _checked(Path(out), models, board)
    chosen = learning_settings(**learning)
    agent = open_agent(start) if start else None
    common = {"search": PLAYERS[board], "search_settings": dict(settings or {}), "seed": chosen.seed}
    opened = [_open(model, data, {**common, **(audit or {})}) for model in models]
    terms = _terms(board, budget, max_l2, opened[0].dataset.spec)
    arenas = [arena_of(o, _samples(o, first), as_player(o.search), terms) for o in opened]
    question = {
        "board": board,
        "player": PLAYERS[board],
        "settings": dict(settings or {}),
        **_learned_on(opened, len(arenas[0].samples)),
        "audit": _plain(audit or {}),
        "terms": asdict(terms),
        "learning": asdict(chosen),
        "start": agent.name if agent else None,
    }
    checkpoint = Checkpoint(out.with_suffix(".part.safetensors"), question)
    learned = _learner()(arenas, chosen, agent.network if agent else None, checkpoint, watch)
    if not learned.curve:
        raise UsageError(
            f"expected more queries than {chosen.queries}: they do for no update; raise --queries"
        )
    given = {"first": first, "budget": budget, "max_l2": max_l2, "cell": common.get("cell")}
    given["start"] = Path(start).name if start else None
    card = {
        **question,
        "queries": learned.queries,
        "updates": len(learned.curve),
        "command": _command(opened, out.name, board, given, chosen),
        "versions": _versions(),
    }
    write_agent(out, TrainedAgent(learned.network, PLAYERS[board], dict(settings or {}), card))
    _write_curve(out, learned.curve, terms.closest)
    checkpoint.delete()
    return out


@dataclass(frozen=True)
class WarmedUp:
    """An agent after its warm-up, the rows the audited model was shown for it, and the curve."""

    agent: TrainedAgent
    queries: int
    curve: tuple[Update, ...]


def warm_up(
    opened: Opened,
    agent: TrainedAgent,
    queries: int,
    samples: Sequence[Sample],
    watch: Watch = lambda _: None,
) -> WarmedUp:
    """Let an agent learn on the audited model itself, at most so many rows, from these of its samples.

    It plays by the terms of the audit. Raises DataError if the model is right about none of the samples,
    UsageError if the rows are too few to learn from.
    """
    games = min(WARM_GAMES, len(samples))
    chosen = learning_settings(
        queries=queries,
        games=games,
        rate=WARM_RATE,
        seed=opened.settings.seed,
        hidden=agent.network.shape.hidden,
    )
    arena = arena_of(opened, samples, player_of(agent), opened.terms)
    learned = _learner()([arena], chosen, agent.network, None, watch)
    if not learned.curve:
        raise UsageError(
            f"expected a warm-up of more queries than {queries} for {len(samples)} samples; "
            f"{len(samples) + 16 * games} are the least that teach anything"
        )
    card = {**agent.card, "warm_up": {"queries": learned.queries, "samples": [s.id for s in samples]}}
    return WarmedUp(replace(agent, network=learned.network, card=card), learned.queries, learned.curve)


def arena_of(opened: Opened, samples: Sequence[Sample], player: Player, terms: Terms) -> Arena:
    """Games on an opened model."""
    board = partial(make_board, player.board, opened.grid, opened.palette, opened.settings.seed)
    return Arena(opened.model, samples, board, player, terms, opened.target, opened.settings.top_k)


def learning_settings(**values: Any) -> "LearningSettings":
    """How an agent learns. Raises UsageError for an unknown setting or a senseless value."""
    _learner()
    from brittle.agent.training import LearningSettings  # noqa: PLC0415

    known = {f.name for f in fields(LearningSettings)}
    for key, value in values.items():
        if key not in known:
            raise UsageError(f"there is no setting '{key}' of agents; {did_you_mean(key, known)}")
        if key in ("queries", "games", "turns", "epochs", "batch", "rate", "hidden") and value <= 0:
            raise UsageError(f"expected {key} above 0, got {value}")
    return LearningSettings(**values)


def _learner() -> Any:
    """The learner, which needs an extra."""
    for package in ("torch", "stable_baselines3", "gymnasium"):
        if find_spec(package) is None:
            raise MissingExtraError("training an agent", "train")
    from brittle.agent.training import learn  # noqa: PLC0415

    return learn


def _checked(out: Path, models: Sequence[Any], board: str) -> Path:
    if out.suffix != ".safetensors":
        raise UsageError(f"expected --out to end in .safetensors, got '{out}'")
    if board not in PLAYERS:
        raise UsageError(f"there is no board '{board}'; {did_you_mean(board, PLAYERS)}")
    if not models:
        raise UsageError("expected at least one model to learn on; name it with --model")
    return out


def _open(model: Any, data: Any, common: Mapping[str, Any]) -> Opened:
    """A model and data that fit each other."""
    name = str(model) if isinstance(model, str | Path) else getattr(model, "__name__", type(model).__name__)
    words = {"model": name, "data": str(data) if isinstance(data, str | Path) else "arrays", **common}
    return open_audit(AuditSettings.build(words), model, data)


def _samples(opened: Opened, first: int | None) -> list[Sample]:
    samples = [opened.dataset.open(name) for name in opened.dataset.ids[:first]]
    if not samples:
        raise DataError(f"expected samples to learn on, found none in {opened.dataset.name}")
    return samples


def _terms(board: str, budget: int | None, max_l2: float | None, spec: InputSpec) -> Terms:
    """What ends a game: on the ripple board the first flip within a distance."""
    if board == "cells":
        return Terms(budget or BUDGET[board], max_l2, closest=True)
    usual = round(5 * spec.span * float(np.sqrt(np.prod(spec.shape) / PHOTO)), 4)
    return Terms(budget or BUDGET[board], max_l2 or usual, closest=False)


def _learned_on(opened: Sequence[Opened], samples: int) -> dict[str, Any]:
    """Models and data, by name and digest."""
    data = opened[0].dataset
    return {
        "models": [{"name": Path(o.settings.model).name, "sha256": o.door.sha256} for o in opened],
        "data": {"name": data.name, "samples": samples, "sha256": data.sha256},
    }


def _plain(words: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as plain data; how a model is run and reached is left out."""
    return {
        k: v for k, v in AuditSettings.build(words).model_dump(mode="json").items() if k in ASKED & {*words}
    }


def _command(
    opened: Sequence[Opened], out: str, board: str, given: Mapping[str, Any], chosen: "LearningSettings"
) -> str:
    """The command that makes this file again; only names, no places of this machine."""
    words = [f"brittle train --board {board}"]
    words += [f"--model {Path(o.settings.model).name}" for o in opened]
    words += [f"--data {opened[0].dataset.name}"]
    words += [f"--distortion {name}" for name in opened[0].settings.distortions]
    default = asdict(type(chosen)())
    changed = {k: v for k, v in asdict(chosen).items() if v != default[k]}
    words += [f"--{k.replace('_', '-')} {v}" for k, v in {**given, **changed}.items() if v is not None]
    return " ".join([*words, f"--out {out}"])


def _versions() -> dict[str, str]:
    found = {}
    for package in ("brittle", "numpy", "torch", "stable-baselines3", "gymnasium", "onnxruntime"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _write_curve(out: Path, curve: Sequence[Update], closest: bool) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([f.name for f in fields(Update)])
    writer.writerows([f"{v:.6g}" if isinstance(v, float) else v for v in astuple(u)] for u in curve)
    write_whole(out.with_suffix(".csv"), text.getvalue())
    panels = [("Mean return", [u.gain for u in curve]), ("Share flipped", [u.flipped for u in curve])]
    last = ("Median L2", [u.l2 for u in curve]) if closest else ("Queries to flip", [u.first for u in curve])
    write_whole(out.with_suffix(".png"), learning_curve([*panels, last], [u.queries for u in curve]))

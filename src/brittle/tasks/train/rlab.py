"""Train the agent of rlab, on local models and images of one's own."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from brittle.core.canvas import Canvas
from brittle.core.errors import DataError, UsageError, did_you_mean
from brittle.core.result import Status
from brittle.learning.rlab.games import RlabTask, RoundResult, play_round
from brittle.learning.settings import DuelingSettings
from brittle.searches.rlab.net import Dueling
from brittle.searches.rlab.view import AMOUNT, LAYER, WORLD
from brittle.store.answers import AnswerCache
from brittle.store.dueling import DuelingWeights, read_dueling, write_dueling
from brittle.store.learned import Checkpoint, write_curve
from brittle.store.versions import versions_of
from brittle.tasks.audit.opening import OpenedAudit, open_audit
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.train.card import command_of, out_file
from brittle.tasks.train.rlab_training import CHECKPOINT_FORM, RlabRound, RlabTraining

AUDIT = ("cell", "distortions", "draws", "max_l2", "model_options", "data_options")
NATURAL = ("gaussian_noise", "gaussian_blur", "dead_pixels", "illumination", "banding")


def train_rlab(
    models: Sequence[str],
    data: str,
    out: str | Path,
    *,
    first: int | None = None,
    start: str | Path | None = None,
    watch: Callable[[RlabRound], None] = lambda _: None,
    **settings: Any,
) -> Path:
    """Train an agent for the search rlab; returns its file, which has a card and a curve beside it.

    The same call again continues from the last round.

    models:   as brittle audit takes them. data: samples; first: only so many from the start of their order.
    start:    an agent of this kind to go on from: trained on cheap models first, then on these.
    settings: fields of DuelingSettings; and of AuditSettings cell, distortions, draws, max_l2, model_options
              and data_options, which say what is played (default: NATURAL distortions, an audit's cells).
    Raises BrittleError with one line.
    """
    out = out_file(out)
    if not models:
        raise UsageError("expected at least one local model to learn on; name it with --model")
    asked = {"distortions": NATURAL} | {k: settings.pop(k) for k in AUDIT if k in settings}
    chosen = _settings_of(settings)
    common = {"data": data, "search": "random", "seed": chosen.seed, **asked}
    opened = [open_audit(AuditSettings.build({"model": name, **common})) for name in models]
    names = list(opened[0].dataset.ids[:first])
    begun = read_dueling(start, WORLD, AMOUNT, LAYER) if start else None
    question = {**_question(opened, len(names), asked), "settings": chosen.model_dump()}
    if begun:
        question["start"] = begun.name
    form = {"form": CHECKPOINT_FORM}
    checkpoint = Checkpoint(out.with_suffix(".part.safetensors"), {**question, **form}, RlabRound)
    kept = checkpoint.read()
    weights = begun.dense if begun else None
    training = RlabTraining.resume(chosen, kept) if kept else RlabTraining.begin(chosen, weights)

    def after() -> None:
        watch(training.curve[-1])
        checkpoint.write(training.kept)

    _train(training, opened, names, chosen, after)
    card = {
        **question,
        "rows": training.curve[-1].rows,
        "rows_shown": training.curve[-1].shown,
        **_start_card(start),
        "command": command_of("brittle train --kind rlab", _given(opened, first, start, asked), chosen, out),
        "versions": versions_of("brittle", "numpy", "torch", "onnxruntime"),
    }
    write_dueling(out, training.learner.weights(), card)
    write_curve(out.with_suffix(".csv"), training.curve)
    checkpoint.delete()
    return out


def _settings_of(values: dict[str, Any]) -> DuelingSettings:
    """How the agent learns; a misspelt name may also mean one of AUDIT. Raises UsageError."""
    known = {*DuelingSettings.model_fields, *AUDIT}
    for name in values:
        if name not in known:
            raise UsageError(f"there is no setting '{name}' of rlab; {did_you_mean(name, known)}")
    return DuelingSettings.build(values, "rlab")


def _train(
    training: RlabTraining,
    opened: Sequence[OpenedAudit],
    names: Sequence[str],
    settings: DuelingSettings,
    after: Callable[[], object],
) -> None:
    """The rounds that are missing."""
    caches = [AnswerCache(o.model, Path(":memory:")) for o in opened]
    tasks = [
        RlabTask(cache, names, o.dataset.open, partial(_canvas, o), o.settings.max_l2)
        for o, cache in zip(opened, caches, strict=True)
    ]
    while len(training.curve) < settings.rounds:
        _play_and_learn(training, tasks, caches, settings)
        after()


def _question(opened: Sequence[OpenedAudit], first: int, asked: dict[str, Any]) -> dict[str, Any]:
    """What is learned on; another question is not continued from a checkpoint."""
    one = opened[0]
    return {
        "kind": "rlab",
        "models": [{"name": _plain(o), "sha256": o.backend.sha256} for o in opened],
        "data": {"name": one.dataset.name, "first": first, "sha256": one.dataset.sha256},
        "cells": [list(o.grid.counts) for o in opened],
        "palette": {d.name: list(d.levels) for d in one.palette.distortions},
        "draws": one.palette.draws,
        "asked": {k: v for k, v in asked.items() if k not in ("model_options", "data_options")},
    }


def _plain(opened: OpenedAudit) -> str:
    """A model's name without the place of its file."""
    name = opened.backend.name
    return Path(name).name if name.lower().endswith(".onnx") else name


def _canvas(opened: OpenedAudit, sample: Any) -> Canvas:
    return Canvas(sample, opened.grid, opened.palette, opened.settings.seed)


def _play_and_learn(
    training: RlabTraining,
    tasks: Sequence[RlabTask],
    caches: Sequence[AnswerCache],
    settings: DuelingSettings,
) -> None:
    """Play one round, keep what came of it, learn."""
    number = len(training.curve) + 1
    before = sum(cache.asked for cache in caches)
    agent = Dueling(DuelingWeights(training.learner.weights()))
    played = play_round(tasks, agent, settings, number)
    broken = next((r for r in played.results if r.status is Status.FAILED), None)
    if broken:
        raise DataError(f"{broken.sample} could not be played: {broken.message}")
    training.replay.add(played.transitions)
    if not len(training.replay):
        raise DataError("no sample could be played on: the models get every one of them wrong")
    loss = training.learner.learn(training.replay, number)
    shown = sum(cache.asked for cache in caches) - before
    training.curve.append(_entry(training.curve, played, settings, loss, shown))


def _entry(
    curve: Sequence[RlabRound], played: RoundResult, settings: DuelingSettings, loss: float, shown: int
) -> RlabRound:
    games = max(1, len(played.results))
    steps = sum((r.notes or {}).get("steps", 0) for r in played.results)
    number = len(curve) + 1
    return RlabRound(
        round=number,
        of=settings.rounds,
        flipped=sum(r.status is Status.FLIPPED for r in played.results) / games,
        steps=steps / games,
        reward=sum(t.reward for t in played.transitions) / games,
        epsilon=settings.epsilon(number),
        loss=loss,
        rows=sum(r.queries for r in played.results) + (curve[-1].rows if curve else 0),
        shown=shown + (curve[-1].shown if curve else 0),
    )


def _start_card(start: str | Path | None) -> dict[str, Any]:
    """The card of the agent that this one went on from, its queries among it."""
    if start is None or not (card := Path(start).with_suffix(".json")).is_file():
        return {}
    return {"start_card": json.loads(card.read_text(encoding="utf-8"))}


def _given(
    opened: Sequence[OpenedAudit], first: int | None, start: str | Path | None, asked: dict[str, Any]
) -> dict[str, Any]:
    """What was asked beside the settings, as options of the command."""
    return {
        "model": [_plain(o) for o in opened],
        "data": opened[0].dataset.name,
        "first": first,
        "start": Path(start).name if start else None,
        "cell": asked.get("cell"),
        "distortion": list(asked["distortions"]) if asked["distortions"] != NATURAL else None,
        "max_l2": asked.get("max_l2"),
    }

"""Teach the agent of rlab, on local models and images of one's own, how many cells to change."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from brittle.core.canvas import Canvas
from brittle.core.errors import DataError, UsageError
from brittle.core.result import Status
from brittle.learning.rlab.dueling import DuelingSettings
from brittle.learning.rlab.games import Played, World, play_round
from brittle.searches.rlab.net import Dueling
from brittle.searches.rlab.view import AMOUNT, COLOUR, WORLD
from brittle.store.answers import AnswerCache
from brittle.store.dueling import DuelingWeights, read_dueling, write_dueling
from brittle.store.learned import Checkpoint, write_curve
from brittle.tasks.audit.opening import Opened, open_audit
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.train.card import command_of, out_file, settings_of, versions_of
from brittle.tasks.train.rlab_course import Course, RlabRound

AUDIT = ("cell", "distortions", "draws", "max_l2", "model_options", "data_options")
NATURAL = ("gaussian_noise", "gaussian_blur", "dead_pixels", "illumination", "banding")
COUNTS = ("rounds", "games", "budget", "updates", "batch", "hidden")


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
    """Teach an agent for the search rlab; returns its file, which has a card and a curve beside it.

    The same call again continues from the last round.

    models:   as brittle audit takes them. data: samples; first: only so many from the start of their order.
    start:    an agent of this kind to go on from: taught on cheap models first, then on these.
    settings: fields of DuelingSettings; and of AuditSettings cell, distortions, draws, max_l2, model_options
              and data_options, which say what is played (default: NATURAL distortions, an audit's cells).
    Raises BrittleError with one line.
    """
    out = out_file(out)
    if not models:
        raise UsageError("expected at least one local model to learn on; name it with --model")
    asked = {"distortions": NATURAL} | {k: settings.pop(k) for k in AUDIT if k in settings}
    chosen = settings_of(DuelingSettings, settings, "rlab", counts=COUNTS, others=AUDIT)
    common = {"data": data, "search": "random", "seed": chosen.seed, **asked}
    opened = [open_audit(AuditSettings.build({"model": name, **common})) for name in models]
    names = list(opened[0].dataset.ids[:first])
    begun = read_dueling(start, WORLD, AMOUNT, COLOUR) if start else None
    question = {**_question(opened, len(names), asked), "settings": asdict(chosen)}
    if begun:
        question["start"] = begun.name
    checkpoint = Checkpoint(out.with_suffix(".part.safetensors"), question, RlabRound)
    kept = checkpoint.read()
    course = Course.resume(chosen, kept) if kept else Course.begin(chosen, begun.layers if begun else None)

    def after() -> None:
        watch(course.curve[-1])
        checkpoint.write(course.kept)

    _teach(course, opened, names, chosen, after)
    card = {
        **question,
        "rows": course.curve[-1].rows,
        "rows_shown": course.curve[-1].shown,
        **_start_card(start),
        "command": command_of("brittle train --kind rlab", _given(opened, first, start, asked), chosen, out),
        "versions": versions_of("brittle", "numpy", "torch", "onnxruntime"),
    }
    write_dueling(out, course.learner.layers(), card)
    write_curve(out.with_suffix(".csv"), course.curve)
    checkpoint.delete()
    return out


def _teach(
    course: Course,
    opened: Sequence[Opened],
    names: Sequence[str],
    settings: DuelingSettings,
    after: Callable[[], object],
) -> None:
    """The rounds that are missing."""
    caches = [AnswerCache(o.model, Path(":memory:")) for o in opened]
    worlds = [
        World(cache, names, o.dataset.open, partial(_canvas, o), o.settings.max_l2)
        for o, cache in zip(opened, caches, strict=True)
    ]
    while len(course.curve) < settings.rounds:
        _round(course, worlds, caches, settings)
        after()


def _question(opened: Sequence[Opened], first: int, asked: dict[str, Any]) -> dict[str, Any]:
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


def _plain(opened: Opened) -> str:
    """A model's name without the place of its file."""
    name = opened.backend.name
    return Path(name).name if name.lower().endswith(".onnx") else name


def _canvas(opened: Opened, sample: Any) -> Canvas:
    return Canvas(sample, opened.grid, opened.palette, opened.settings.seed)


def _round(
    course: Course, worlds: Sequence[World], caches: Sequence[AnswerCache], settings: DuelingSettings
) -> None:
    """Play one round, keep what came of it, learn."""
    number = len(course.curve) + 1
    before = sum(cache.asked for cache in caches)
    agent = Dueling(DuelingWeights(course.learner.layers()))
    played = play_round(worlds, agent, settings, number)
    broken = next((r for r in played.results if r.status is Status.FAILED), None)
    if broken:
        raise DataError(f"{broken.sample} could not be played: {broken.message}")
    course.replay.add(played.transitions)
    if not len(course.replay):
        raise DataError("no sample could be played on: the models get every one of them wrong")
    loss = course.learner.learn(course.replay, number)
    shown = sum(cache.asked for cache in caches) - before
    course.curve.append(_entry(course.curve, played, settings, loss, shown))


def _entry(
    curve: Sequence[RlabRound], played: Played, settings: DuelingSettings, loss: float, shown: int
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
        chance=settings.chance(number),
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
    opened: Sequence[Opened], first: int | None, start: str | Path | None, asked: dict[str, Any]
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

"""Teach the agent of rlab, on local models and images of one's own, how many cells to change."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from brittle.agent.dueling import DuelingSettings, Learner
from brittle.agent.replay import Replay
from brittle.agent.rlab_games import Played, World, play_round
from brittle.core.canvas import Canvas
from brittle.core.errors import DataError, UsageError, did_you_mean
from brittle.core.result import Status
from brittle.searches.rlab_net import Dueling
from brittle.searches.rlab_view import AMOUNT, COLOUR, WORLD
from brittle.store.dueling import DuelingWeights, read_dueling, write_dueling
from brittle.store.ledger import Ledger
from brittle.tasks.opening import Opened, open_audit
from brittle.tasks.rlab_course import Checkpoint, Course, RlabRound, write_curve
from brittle.tasks.settings import AuditSettings

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
    """Teach an agent for the search rlab; returns its file, which has a card and a curve beside it.

    The same call again continues from the last round.

    models:   as brittle audit takes them. data: samples; first: only so many from the start of their order.
    start:    an agent of this kind to go on from: taught on cheap models first, then on these.
    settings: fields of DuelingSettings; and of AuditSettings cell, distortions, draws, max_l2, model_options
              and data_options, which say what is played (default: NATURAL distortions, an audit's cells).
    Raises BrittleError with one line.
    """
    out = Path(out)
    if out.suffix != ".safetensors":
        raise UsageError(f"expected --out to end in .safetensors, got '{out}'")
    if not models:
        raise UsageError("expected at least one local model to learn on; name it with --model")
    asked = {"distortions": NATURAL} | {k: settings.pop(k) for k in AUDIT if k in settings}
    chosen = _settings(settings)
    common = {"data": data, "search": "random", "seed": chosen.seed, **asked}
    opened = [open_audit(AuditSettings.build({"model": name, **common})) for name in models]
    names = list(opened[0].dataset.ids[:first])
    begun = read_dueling(start, WORLD, AMOUNT, COLOUR) if start else None
    question = {**_question(opened, len(names), asked), "settings": asdict(chosen)}
    if begun:
        question["start"] = begun.name
    checkpoint = Checkpoint(out.with_suffix(".part.npz"), question)
    course = checkpoint.read(chosen) or Course(Learner(chosen, begun.layers if begun else None), Replay(), [])

    def after() -> None:
        watch(course.curve[-1])
        checkpoint.write(course)

    _teach(course, opened, names, chosen, after)
    card = {
        **question,
        "rows": course.curve[-1].rows,
        "rows_shown": course.curve[-1].shown,
        **_start_card(start),
        "command": _command(opened, out.name, first, start, asked, chosen),
        "versions": {p: v for p in ("brittle", "numpy", "torch", "onnxruntime") if (v := _version(p))},
    }
    write_dueling(out, course.learner.layers(), card)
    write_curve(out.with_suffix(".csv"), course.curve)
    checkpoint.path.unlink(missing_ok=True)
    return out


def _teach(
    course: Course,
    opened: Sequence[Opened],
    names: Sequence[str],
    settings: DuelingSettings,
    after: Callable[[], object],
) -> None:
    """The rounds that are missing."""
    ledgers = [Ledger(o.model, Path(":memory:")) for o in opened]
    worlds = [
        World(ledger, names, o.dataset.open, partial(_canvas, o), o.settings.max_l2)
        for o, ledger in zip(opened, ledgers, strict=True)
    ]
    while len(course.curve) < settings.rounds:
        _round(course, worlds, ledgers, settings)
        after()


def _settings(values: dict[str, Any]) -> DuelingSettings:
    known = {f.name for f in fields(DuelingSettings)}
    for key, value in values.items():
        if key not in known:
            raise UsageError(f"there is no setting '{key}' of rlab; {did_you_mean(key, {*known, *AUDIT})}")
        if key in ("rounds", "games", "budget", "updates", "batch", "hidden") and value < 1:
            raise UsageError(f"expected {key} of 1 or more, got {value}")
    return DuelingSettings(**values)


def _question(opened: Sequence[Opened], first: int, asked: dict[str, Any]) -> dict[str, Any]:
    """What is learned on; another question is not continued from a checkpoint."""
    one = opened[0]
    return {
        "kind": "rlab",
        "models": [{"name": _plain(o), "sha256": o.door.sha256} for o in opened],
        "data": {"name": one.dataset.name, "first": first, "sha256": one.dataset.sha256},
        "cells": [list(o.grid.counts) for o in opened],
        "palette": {d.name: list(d.levels) for d in one.palette.distortions},
        "draws": one.palette.draws,
        "asked": {k: v for k, v in asked.items() if k not in ("model_options", "data_options")},
    }


def _plain(opened: Opened) -> str:
    """A model's name without the place of its file."""
    name = opened.door.name
    return Path(name).name if name.lower().endswith(".onnx") else name


def _canvas(opened: Opened, sample: Any) -> Canvas:
    return Canvas(sample, opened.grid, opened.palette, opened.settings.seed)


def _round(
    course: Course, worlds: Sequence[World], ledgers: Sequence[Ledger], settings: DuelingSettings
) -> None:
    """Play one round, keep what came of it, learn."""
    number = len(course.curve) + 1
    before = sum(ledger.asked for ledger in ledgers)
    agent = Dueling(DuelingWeights(course.learner.layers()))
    played = play_round(worlds, agent, settings, number)
    broken = next((r for r in played.results if r.status is Status.FAILED), None)
    if broken:
        raise DataError(f"{broken.sample} could not be played: {broken.message}")
    course.replay.add(played.transitions)
    if not len(course.replay):
        raise DataError("no sample could be played on: the models get every one of them wrong")
    loss = course.learner.learn(course.replay, number)
    shown = sum(ledger.asked for ledger in ledgers) - before
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


def _command(
    opened: Sequence[Opened],
    out: str,
    first: int | None,
    start: str | Path | None,
    asked: dict[str, Any],
    settings: DuelingSettings,
) -> str:
    """The command that makes this file again; only names, no places of this machine."""
    words = ["brittle train --kind rlab", *(f"--model {_plain(o)}" for o in opened)]
    words += [f"--data {opened[0].dataset.name}"] + ([f"--first {first}"] if first else [])
    words += [f"--start {Path(start).name}"] if start else []
    words += [f"--cell {asked['cell']}"] if asked.get("cell") else []
    words += [f"--distortion {d}" for d in asked["distortions"]] if asked["distortions"] != NATURAL else []
    default = asdict(DuelingSettings())
    words += [f"--{k.replace('_', '-')} {v}" for k, v in asdict(settings).items() if v != default[k]]
    return " ".join([*words, f"--out {out}"])


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

"""The card of a hardening: from what, how, how well, and what it does not say."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import Any

from brittle.core.identity import hash_file
from brittle.hardening.lost import samples_to_keep
from brittle.hardening.records import Hardened, Point
from brittle.report.wording import short_name
from brittle.store.versions import versions_of
from brittle.tasks.harden.audits import limit_of
from brittle.tasks.harden.clean import Answered, accuracies
from brittle.tasks.harden.folder import CONTROL, MODEL
from brittle.tasks.harden.opening import OpenedHardening
from brittle.tasks.harden.samples import Sides
from brittle.tasks.harden.trainable import Trainable

RARE = 10
"""Samples of a class to learn from, below which the card names it."""


def card_of(
    opened: OpenedHardening,
    sides: Sides,
    trainable: Trainable,
    hardened: Hardened,
    found: Answered,
    beside: Mapping[str, Any],
    folder: Path,
) -> dict[str, Any]:
    """Plain data, once the models are in the folder; beside: further measures, by name."""
    classes, question = opened.audit.model.classes, opened.question
    return {
        **question,
        "model": {**question["model"], "name": short_name(question["model"]["name"])},
        "files": {name: hash_file(folder / name) for name in (MODEL, CONTROL)},
        "model_options": trainable.options.model_dump(mode="json"),
        "split": {**sides.sizes, "doubles_left_out": sides.doubles},
        "trainable": sum(p.size for p in trainable.weights.values()),
        "steps": hardened.steps,
        "seconds": round(hardened.seconds, 1),
        "epsilon": hardened.epsilon,
        "limit": limit_of(folder),
        "share": hardened.share,
        "shares_of_a_batch": hardened.about.get("shares", {}),
        "odds_of_distortions": hardened.about.get("odds"),
        "clean": accuracies(found, classes),
        **beside,
        "original": _point(hardened.original),
        "line": [_point(point) for point in hardened.line],
        "samples_needed": samples_needed(hardened, len(sides.choose.y), opened.settings.keep_clean),
        "curve": [asdict(step) for step in hardened.curve],
        "alarms": list(hardened.alarms),
        "limits": list(_limits(opened, sides, classes)),
        "versions": versions_of("brittle", "numpy", "onnx", "onnxruntime", "torch"),
        "command": sys.argv[1:],
    }


def samples_needed(hardened: Hardened, choose: int, keep: float) -> int | None:
    """How many samples to choose by would show that the first hardened share keeps enough, if as many of
    them lose and win as of these.

    None where weights were taken, where these were enough to show that, or where the share loses too much.
    """
    steps = [point for point in hardened.line if point.share > 0]
    if hardened.weights is not None or not steps or steps[0].lost_at_most <= keep:
        return None
    lost, changed = steps[0].lost / 100, steps[0].changed / choose
    return samples_to_keep(keep, (changed + lost) / 2, (changed - lost) / 2)


def _point(point: Point) -> Mapping[str, float | None]:
    """A place on the line; JSON knows no NaN."""
    return {name: None if isnan(value) else value for name, value in asdict(point).items()}


def _limits(opened: OpenedHardening, sides: Sides, classes: tuple[str, ...]) -> list[str]:
    """What a reader must not read into the numbers."""
    found = [
        "Harder to flip is not impossible to flip: the attacks are black-box searches under a budget.",
        "Intervals are over samples of the report, not over trainings: this is one seed.",
    ]
    if opened.test is None and opened.settings.data != "ecg5000":
        found.append(
            "The report's samples are of DATA too. If the model was trained on them, its accuracy before is "
            "what it remembers; --test names samples that it has never seen."
        )
    counts = {name: int((sides.learn.y == label).sum()) for label, name in enumerate(classes)}
    rare = [f"{name} ({count})" for name, count in counts.items() if 0 < count < RARE]
    if rare:
        found.append(f"Classes with fewer than {RARE} samples to learn from: {', '.join(rare[:10])}.")
    return found

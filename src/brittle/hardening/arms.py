"""Harden a model: learn a control and hardened weights from the original ones, and choose between them.

The control learns from clean samples alone, so that what hardening brings is told apart from what any further
training brings.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

from brittle.core.errors import DataError, ModelError
from brittle.hardening.batches import CONTROL, HARDENED, shares_of
from brittle.hardening.choice import Measured, best_of, line_of, measure, original_point
from brittle.hardening.coloured import odds_by_name, odds_of
from brittle.hardening.loop import Training
from brittle.hardening.lost import samples_to_keep
from brittle.hardening.records import Hardened, HardeningTask, Point, Step
from brittle.hardening.settings import HardeningSettings
from brittle.hardening.tuning import ROW_TUNING
from brittle.hardening.weights import between, learnable, weights_of
from brittle.store.learned import Checkpoint


def harden_weights(
    task: HardeningTask,
    settings: HardeningSettings,
    checkpoint: Path | None = None,
    watch: Callable[[Step], None] = lambda _: None,
) -> Hardened:
    """New weights for a module, which keeps its own; load_weights puts them in place.

    With a checkpoint, a file that is left to the caller, it goes on where it was stopped, to the same bytes.
    Raises DataError, ModelError, UsageError.
    """
    began = perf_counter()
    for name, samples in (("learn from", task.learn), ("choose by", task.choose)):
        if not len(samples.y):
            raise DataError(f"expected samples to {name}, got none; give more data")
    with learnable(task.module):
        file = Checkpoint(checkpoint, _question(task, settings), Step) if checkpoint else None
        original = measure(task.logits, task.choose)
        training = Training(task, settings, _epsilon(settings, original), file.read() if file else None)
        if file:
            file.write(training.kept)
        while training.goes_on:
            step = training.advance()
            if file:
                file.write(training.kept)
            watch(step)
        seconds = perf_counter() - began
        return replace(_chosen(task, settings, training, original), seconds=seconds)


def _epsilon(settings: HardeningSettings, original: Measured) -> float:
    """L2 of near rows: as stated, or from how far the original's flips are. Raises ModelError."""
    if settings.epsilon is not None:
        return settings.epsilon
    if not original.distance > 0:
        raise ModelError(
            f"the model is right on {100 * original.clean:.0f} % of the samples to choose by; "
            "check the labels, or state epsilon"
        )
    return ROW_TUNING.epsilon_in_distances * original.distance


def _chosen(
    task: HardeningTask, settings: HardeningSettings, training: Training, original: Measured
) -> Hardened:
    control, hardened = training.ends[CONTROL], training.ends[HARDENED]
    line, before = line_of(task, control, hardened, original), original_point(original)
    best = best_of(line, before, settings.keep_clean)
    return Hardened(
        weights=between(control, hardened, best.share) if best else None,
        share=best.share if best else None,
        control=control,
        hardened=hardened,
        original=before,
        line=line,
        curve=training.curve,
        steps=training.steps,
        epsilon=training.epsilon,
        alarms=[*training.alarms, *([] if best else [_why_none(line, settings, len(task.choose.y))])],
        about={"shares": dict(shares_of(settings, task)), **_odds(task)},
    )


def _odds(task: HardeningTask) -> Mapping[str, Any]:
    """How likely a row is to draw each distortion, where that is not all alike."""
    odds = odds_of(task.palette, task.worn)
    return {} if odds is None else {"odds": odds_by_name(task.palette, odds)}


def _why_none(line: list[Point], settings: HardeningSettings, samples: int) -> str:
    """Why no weights are taken, a line."""
    least = min(point.lost_at_most for point in line[1:])
    if least > settings.keep_clean:
        needed = samples_to_keep(settings.keep_clean) or 0
        few = f", too few to tell: that takes {needed} even where no answer changes"
        return (
            f"no weights lose at most {settings.keep_clean:g} points of clean accuracy with 95 % confidence: "
            f"the best may lose {least:.2f}, judged by {samples} samples{few if samples < needed else ''}; "
            "give more data, or allow more"
        )
    return "hardened weights that keep enough clean accuracy are no farther from a flip than those without"


def _question(task: HardeningTask, settings: HardeningSettings) -> Mapping[str, Any]:
    """All that the weights depend on, plain data."""
    digest = sha256()
    for samples in (task.learn, task.choose, task.flips):
        if samples:
            digest.update("\0".join(samples.ids).encode(errors="surrogatepass"))
            digest.update(samples.x.tobytes())
            digest.update(samples.y.tobytes())
        digest.update(b"\1")
    for name, weight in weights_of(task.module).items():
        digest.update(name.encode())
        digest.update(weight.tobytes())
    return {
        "settings": settings.model_dump(),
        "samples and weights": digest.hexdigest(),
        "spec": repr(task.spec),
        "cell": list(task.grid.cell),
        "palette": task.palette.recipe(),
        **({"worn": dict(task.worn)} if task.worn else {}),
    }

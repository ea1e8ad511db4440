"""Hardening as a whole: it helps, it goes on after a stop to the same bytes, the guard goes off."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import DataError, ModelError
from brittle.hardening.records import Hardened, HardeningTask, Step
from brittle.hardening.settings import HardeningSettings

torch: Any = pytest.importorskip("torch")

from brittle.hardening.arms import harden_weights  # noqa: E402
from brittle.hardening.batches import CONTROL, HARDENED  # noqa: E402
from brittle.hardening.choice import measure  # noqa: E402
from brittle.hardening.guard import Look, fell  # noqa: E402
from brittle.hardening.weights import load_weights, weights_of  # noqa: E402

SHORT = HardeningSettings(steps=60, batch=20, rate=3e-3, keep_clean=2)


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(w, other[name]) for name, w in one.items())


def test_it_moves_the_boundary_away_and_leaves_the_module_as_it_was(task: HardeningTask) -> None:
    before = {name: value.clone() for name, value in task.module.state_dict().items()}
    flags = [p.requires_grad for p in task.module.parameters()]
    found = harden_weights(task, SHORT)
    assert found.weights is not None and found.share is not None and found.share > 0 and not found.alarms
    assert all(torch.equal(value, before[name]) for name, value in task.module.state_dict().items())
    assert flags == [p.requires_grad for p in task.module.parameters()]
    assert all(p.grad is None for p in task.module.parameters())
    control, original = found.line[0], found.original
    load_weights(task.module, found.weights)
    chosen = measure(task.logits, task.choose)
    assert chosen.distance > 1.2 * max(control.distance, original.distance)
    assert chosen.clean >= max(control.clean, original.clean) - 0.02
    assert found.epsilon == pytest.approx(8 * original.distance) and found.steps == 60
    assert [step.arm for step in found.curve] == [CONTROL] * 20 + [HARDENED] * 20
    after = task.module.state_dict()
    assert all(torch.equal(after[n], before[n]) for n in before if "running" in n or "tracked" in n)
    assert not same(found.control, found.hardened)


class Stop(Exception):
    """The process ends here."""


def test_stopped_anywhere_it_ends_with_the_same_bytes(signals: HardeningTask, tmp_path: Path) -> None:
    whole = harden_weights(signals, SHORT)
    file, seen = tmp_path / "harden.part.safetensors", list[Step]()

    def stop_after_three(step: Step) -> None:
        seen.append(step)
        if len(seen) % 3 == 0:
            raise Stop

    for _ in range(14):
        try:
            parted = harden_weights(signals, SHORT, file, stop_after_three)
            break
        except Stop:
            continue
    assert len(seen) == 40 and seen == list(parted.curve) == list(whole.curve)
    assert same(parted.control, whole.control) and same(parted.hardened, whole.hardened)
    assert list(parted.line) == list(whole.line) and same(parted.weights or {}, whole.weights or {})
    again = harden_weights(signals, SHORT, file, stop_after_three)  # it has ended, and is only chosen anew
    assert same(again.hardened, whole.hardened) and len(seen) == 40


def test_stopped_in_the_middle_of_a_step_it_ends_with_the_same_bytes(
    task: HardeningTask, tmp_path: Path
) -> None:
    whole, asked = harden_weights(task, SHORT), 0

    def failing(x: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked % 97 == 0:
            raise Stop
        return task.module(x)

    for _ in range(20):
        try:
            parted = harden_weights(replace(task, logits=failing), SHORT, tmp_path / "part.safetensors")
            break
        except Stop:
            continue
    assert asked > 97 and same(parted.hardened, whole.hardened) and same(parted.control, whole.control)


def test_another_question_begins_anew(task: HardeningTask, tmp_path: Path) -> None:
    file = tmp_path / "part.safetensors"
    short = SHORT.model_copy(update={"steps": 2})
    first = harden_weights(task, short, file)
    other = harden_weights(task, short.model_copy(update={"seed": 1}), file)
    assert not same(first.hardened, other.hardened)
    learn = replace(task.learn, y=(task.learn.y + 1) % 3)
    assert not same(harden_weights(replace(task, learn=learn), short, file).control, first.control)


def test_minutes_become_steps_once(task: HardeningTask, tmp_path: Path) -> None:
    file = tmp_path / "part.safetensors"
    settings = HardeningSettings(minutes=0.03, batch=20)

    def stop(step: Step) -> None:
        raise Stop

    with pytest.raises(Stop):
        harden_weights(task, settings, file, stop)
    found = harden_weights(task, settings, file)
    again = harden_weights(task, HardeningSettings(steps=found.steps, batch=20))
    assert same(found.hardened, again.hardened)


def test_no_batch_has_a_sample_to_choose_by(task: HardeningTask) -> None:
    """In training the loss is taken of rows with gradients of the weights alone; those are spied on."""
    choose = {row.tobytes() for row in task.choose.x}
    learned: list[bytes] = []

    def spy(x: Any) -> Any:
        if torch.is_grad_enabled() and not x.requires_grad:
            learned.extend(row.tobytes() for row in x.numpy())
        return task.module(x)

    harden_weights(replace(task, logits=spy), SHORT)
    assert len(learned) == 2 * SHORT.batch * 60 and not choose.intersection(learned)
    assert {row.tobytes() for row in task.learn.x} <= set(learned)


def test_the_guard_goes_back_where_the_rate_is_far_too_high(task: HardeningTask) -> None:
    found = harden_weights(task, SHORT.model_copy(update={"rate": 30.0}))
    first = found.alarms[0]
    assert (
        first.startswith("control, step 3 of 60: ") and "of clean samples were right, 73 % before; " in first
    )
    assert first.endswith("went on from the weights of the look before, at a learning rate of 9")
    assert found.line[0].clean > 0.6 and all(np.isfinite(w).all() for w in found.hardened.values())


def test_the_guard_halves_an_epsilon_that_is_far_too_large(signals: HardeningTask) -> None:
    words = {"epsilon": 20.0, "near": 1.0, "cells": 0.0, "rate": 0.01}
    found = harden_weights(replace(signals, flips=None), SHORT.model_copy(update=words))
    assert 0.1 < found.epsilon < 20 and "went on" in found.alarms[0] and "with epsilon 10" in found.alarms[0]
    assert found.line[-1].clean > 0.6 and found.curve[-1].epsilon == found.epsilon


def test_the_guard_halves_an_epsilon_that_is_overfitted(task: HardeningTask, monkeypatch: Any) -> None:
    from brittle.hardening import guard

    looks = iter([0.4, 0.5, 0.1, 0.6] + 30 * [0.6])

    def look(self: Any, epsilon: float | None) -> Look:
        return Look(0.8) if epsilon is None else Look(0.8, next(looks))

    monkeypatch.setattr(guard.Guard, "look", look)
    found = harden_weights(task, SHORT.model_copy(update={"epsilon": 0.8}))
    assert found.epsilon == 0.4 and [s.epsilon for s in found.curve[20:24]] == [0.8, 0.4, 0.4, 0.4]
    assert found.alarms[0] == (
        "hardened, step 6 of 60: under PGD 10 % were right, after 50 %; "
        "went on from the weights of the look before, with epsilon 0.4"
    )


def test_when_the_guard_goes_off() -> None:
    assert fell(0.9, 0.5) and fell(0.5, 0.3) and not fell(0.9, 0.7) and not fell(0.5, 0.4)
    assert not fell(0.1, 0.0)  # of 64 samples that may be chance


@pytest.mark.parametrize("method", ["near", "mixed", "pgd", "augmix", "flips"])
def test_every_method_runs(signals: HardeningTask, method: str) -> None:
    settings = HardeningSettings.build({"steps": 3, "batch": 8, "method": method})
    found: Hardened = harden_weights(signals, settings)
    assert len(found.line) == 11 and not same(found.hardened, weights_of(signals.module))


def test_a_module_of_halves_learns_too(task: HardeningTask) -> None:
    halves = task.module.half()
    found = harden_weights(replace(task, logits=lambda x: halves(x.half())), SHORT)
    assert found.weights is not None and not found.alarms
    assert found.line[-1].distance > 1.2 * found.original.distance
    assert next(halves.parameters()).dtype == torch.float16


def test_none_is_taken_where_nothing_keeps_enough(task: HardeningTask) -> None:
    found = harden_weights(task, SHORT.model_copy(update={"keep_clean": 0.0, "steps": 2}))
    assert found.weights is None and found.share is None
    assert (
        found.alarms[-1].startswith("no weights lose at most 0 points") and "400 samples" in found.alarms[-1]
    )


def test_what_cannot_be_hardened(task: HardeningTask) -> None:
    empty = replace(task.learn, ids=[], x=task.learn.x[:0], y=task.learn.y[:0])
    with pytest.raises(DataError, match="expected samples to learn from, got none"):
        harden_weights(replace(task, learn=empty), SHORT)
    wrong = replace(task.choose, y=(task.choose.y + 1) % 3)
    with pytest.raises(ModelError, match="check the labels, or state epsilon"):
        harden_weights(replace(task, choose=wrong), SHORT)

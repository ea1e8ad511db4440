"""Rows of a batch: near ones, coloured ones, and which samples they are made of."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from brittle.core.canvas import Canvas
from brittle.core.errors import UsageError
from brittle.core.sample import Sample
from brittle.core.seeds import generator
from brittle.hardening.records import HardeningTask, Labelled
from brittle.hardening.settings import HardeningSettings

pytest.importorskip("torch")

from brittle.hardening.batches import HARDENED, Batches, shares_of
from brittle.hardening.coloured import Painter, odds_by_name, odds_of, random_blocks, steepest
from brittle.hardening.near import loss_gradient, margins_and_distances, one_step, pgd

RADIUS = 0.5


@pytest.mark.parametrize("attack", [one_step, pgd])
def test_near_rows_are_within_their_radius_and_the_bounds_and_the_same_again(
    task: HardeningTask, attack: Any
) -> None:
    x, y = task.choose.x[:50].copy(), task.choose.y[:50]
    x[:10] = task.spec.bounds[1]  # a step up would leave the bounds
    radii = np.linspace(0.1, RADIUS, len(x), dtype=np.float32)
    directions = generator(0, "directions").standard_normal(x.shape, np.float32)
    moved = attack(task.logits, x, y, radii, directions, task.spec.bounds)
    distances = np.linalg.norm((moved - x).reshape(len(x), -1), axis=1)
    assert (distances <= radii * (1 + 1e-5)).all() and np.median(distances[10:] / radii[10:]) > 0.9
    assert task.spec.bounds[0] <= moved.min() and moved.max() <= task.spec.bounds[1]
    before, _ = margins_and_distances(task.logits, x, y)
    after, _ = margins_and_distances(task.logits, moved, y)
    assert after.mean() < before.mean()
    assert np.array_equal(moved, attack(task.logits, x, y, radii, directions, task.spec.bounds))


def test_the_first_order_distance_is_exact_where_the_model_is_linear(task: HardeningTask) -> None:
    import torch

    weights = torch.from_numpy(generator(0, "weights").standard_normal((3, 120), np.float32))
    x, y = task.choose.x[:20], task.choose.y[:20]
    margins, distances = margins_and_distances(lambda x: x.flatten(1) @ weights.T, x, y)
    answers = x.reshape(20, -1) @ weights.numpy().T
    for k in range(20):
        others = [c for c in range(3) if c != y[k]]
        rival = max(others, key=lambda c: answers[k, c])
        norm = np.linalg.norm(weights[y[k]] - weights[rival])
        assert margins[k] == pytest.approx(answers[k, y[k]] - answers[k, rival], rel=1e-4)
        assert distances[k] == pytest.approx(max(0, margins[k]) / norm, rel=1e-4)


def fresh_canvas(task: HardeningTask, seed: int) -> Canvas:
    return Canvas(Sample("row", task.learn.x[0], None, task.spec), task.grid, task.palette, seed)


def test_a_coloured_row_is_what_canvas_renders(task: HardeningTask) -> None:
    painter, x = Painter(task.spec, task.grid, task.palette), task.learn.x[0]
    gradient = loss_gradient(task.logits, task.learn.x[:1], task.learn.y[:1])[0]
    for k in range(20):
        seed = int(generator(0, "row", k).integers(2**63))

        def rng(k: int = k) -> np.random.Generator:
            named = generator(0, "row", k)
            named.integers(2**63)  # the seed of the layers
            return named

        expected = np.empty_like(x)
        canvas = fresh_canvas(task, seed)
        canvas.render(random_blocks(canvas, rng()), expected)
        assert np.array_equal(painter.natural(x, generator(0, "row", k)), expected)
        canvas = fresh_canvas(task, seed)
        canvas.render(steepest(canvas, gradient, RADIUS, rng()), expected)
        assert np.array_equal(painter.by_gradient(x, gradient, RADIUS, generator(0, "row", k)), expected)
        mixed = painter.mixed(x, generator(0, "row", k))
        assert task.spec.bounds[0] <= mixed.min() and mixed.max() <= task.spec.bounds[1]


def test_cells_by_the_gradient_raise_the_loss_and_keep_their_reach(task: HardeningTask) -> None:
    gradient = loss_gradient(task.logits, task.learn.x[:1], task.learn.y[:1])[0]
    raised = []
    for k in range(20):
        canvas = fresh_canvas(task, k)
        assignment = steepest(canvas, gradient, 2 * RADIUS, generator(0, "row", k))
        assert 0 < canvas.l2(assignment) <= 2 * RADIUS
        out = np.empty_like(canvas.sample.x)
        canvas.render(assignment, out)
        raised.append((gradient * (out - canvas.sample.x)).sum())
    assert min(raised) > 0


def test_what_earlier_flips_wear_is_drawn_more_often_and_nothing_vanishes(task: HardeningTask) -> None:
    """Shade has two levels of two draws, haze two levels of one: six layers."""
    assert odds_of(task.palette, {}) is None and odds_of(task.palette, {"snow": 9}) is None
    odds: Any = odds_of(task.palette, {"haze": 3, "shade": 1, "snow": 9})
    assert odds == pytest.approx([1 / 12 + 1 / 8 / 4] * 4 + [1 / 12 + 3 / 8 / 2] * 2)
    assert odds_by_name(task.palette, odds) == pytest.approx({"shade": 11 / 24, "haze": 13 / 24})
    blocks = Counter[int]()
    for k in range(200):
        blocks.update(
            {*random_blocks(fresh_canvas(task, k), generator(0, k), odds_of(task.palette, {"haze": 1}))}
        )
    assert all(blocks[layer] > 0 for layer in range(1, 7))
    assert blocks[5] + blocks[6] > 1.5 * sum(blocks[layer] for layer in range(1, 5))


def test_layers_by_the_gradient_are_offered_by_their_odds(task: HardeningTask) -> None:
    """Haze has two layers of eighteen, and is among the five on offer nearly always where flips wear it."""
    many = replace(task, palette=replace(task.palette, draws=8))
    gradient = loss_gradient(task.logits, task.learn.x[:1], task.learn.y[:1])[0]
    found = []
    for odds in (None, odds_of(many.palette, {"haze": 1})):
        rngs = [generator(0, k) for k in range(60)]
        worn = [{*steepest(fresh_canvas(many, 0), gradient, RADIUS, rng, odds)} for rng in rngs]
        found.append(sum(not {17, 18}.isdisjoint(layers) for layers in worn))
    assert found[1] > 1.5 * found[0] > 0


def test_mixed_rows_wear_layers_by_their_odds(task: HardeningTask) -> None:
    x = task.learn.x[0]
    plain, hazy = (
        Painter(task.spec, task.grid, task.palette, odds)
        for odds in (None, odds_of(task.palette, {"haze": 1}))
    )
    assert not np.array_equal(plain.mixed(x, generator(0, "row")), hazy.mixed(x, generator(0, "row")))


def test_batches_draw_by_the_odds_of_earlier_flips(task: HardeningTask) -> None:
    settings = HardeningSettings(near=0.0, natural=1.0)
    plain, _ = Batches(task, settings).make(HARDENED, 1, 0.5)
    hazy, _ = Batches(replace(task, worn={"haze": 3}), settings).make(HARDENED, 1, 0.5)
    assert not np.array_equal(plain, hazy)
    other, _ = Batches(replace(task, worn={"snow": 3}), settings).make(HARDENED, 1, 0.5)
    assert np.array_equal(plain, other)


def test_without_odds_every_layer_is_drawn_as_ever(task: HardeningTask) -> None:
    canvas, rng = fresh_canvas(task, 0), generator(0, "as ever")
    expected = canvas.blank()
    for _ in range(rng.integers(1, 4)):
        side = canvas.grid.side_of(rng.uniform(0.05, 1))
        block = canvas.grid.block(int(rng.integers(canvas.grid.cells)), max(1, round(side)))
        expected[block] = rng.integers(1, 7)
    assert np.array_equal(random_blocks(canvas, generator(0, "as ever")), expected)


SHARES: Mapping[str, Mapping[str, float]] = {
    "near": {"near": 1 / 2},
    "mixed": {"near": 1 / 3, "cells": 1 / 3},
    "pgd": {"pgd": 1 / 2},
    "augmix": {"augmix": 1 / 2},
    "flips": {"flips": 1 / 2},
}


@pytest.mark.parametrize("method", SHARES)
def test_every_method_changes_its_share_of_a_batch(signals: HardeningTask, method: Any) -> None:
    still = replace(signals, spec=replace(signals.spec, axes=("channel", "frame")))  # not moved along time
    settings = HardeningSettings(method=method, batch=24)
    assert shares_of(settings, still) == SHARES[method]
    x, y = Batches(still, settings).make(HARDENED, 3, 5.0)
    assert x.shape == (24, 1, 60) and x.dtype == np.float32 and y.shape == (24,)
    known = {row.tobytes() for row in still.learn.x}
    clean = [row.tobytes() in known for row in x]
    changed = round(24 * sum(SHARES[method].values()))
    assert clean == [False] * changed + [True] * (24 - changed)


def test_the_recipe_has_cells_for_signals_and_few_flips(task: HardeningTask, signals: HardeningTask) -> None:
    settings = HardeningSettings(natural=0.5)
    images, series = shares_of(settings, task), shares_of(settings, signals)
    assert images == {"near": 1 / 2, "cells": 0.0, "flips": 0.0, "natural": 1 / 4}
    assert series["cells"] == series["near"] == 1 / 3 and series["flips"] == 0.05
    with pytest.raises(UsageError, match="at most 1, got"):
        shares_of(HardeningSettings(near=0.6, cells=0.6), task)
    with pytest.raises(UsageError, match="learns from flips"):
        shares_of(HardeningSettings(method="flips"), task)


def test_rows_follow_their_names(task: HardeningTask) -> None:
    settings = HardeningSettings(near=0.3, cells=0.3, natural=0.5)
    x, y = Batches(task, settings).make(HARDENED, 5, 0.5)
    again, labels = Batches(task, settings).make(HARDENED, 5, 0.5)
    assert np.array_equal(x, again) and np.array_equal(y, labels)
    assert not np.array_equal(x, Batches(task, settings).make(HARDENED, 6, 0.5)[0])
    other = HardeningSettings(near=0.3, cells=0.3, natural=0.5, seed=1)
    assert not np.array_equal(x, Batches(task, other).make(HARDENED, 5, 0.5)[0])


def test_every_sample_is_met_before_any_is_met_again(task: HardeningTask) -> None:
    batches = Batches(task, HardeningSettings(batch=60))
    for steps in ((1, 2), (3, 4)):
        met = np.concatenate([batches.make("control", step, 0.0)[0] for step in steps])
        assert {row.tobytes() for row in met} == {row.tobytes() for row in task.learn.x}


def test_harmless_copies(task: HardeningTask, signals: HardeningTask) -> None:
    x, _ = Batches(task, HardeningSettings(mirror=True)).make("control", 1, 0.0)
    plain = {row.tobytes() for row in task.learn.x}
    mirrored = {row[..., ::-1].tobytes() for row in task.learn.x}
    assert all(row.tobytes() in plain | mirrored for row in x)
    assert 10 < sum(row.tobytes() in mirrored for row in x) < 54
    x, _ = Batches(signals, HardeningSettings()).make("control", 1, 0.0)
    moved = {np.roll(row, by, -1).tobytes(): by for row in signals.learn.x for by in range(-4, 5)}
    assert {moved[row.tobytes()] for row in x} == set(range(-4, 5))


def test_flips_keep_their_labels(signals: HardeningTask) -> None:
    x, y = Batches(signals, HardeningSettings(method="flips", batch=10)).make(HARDENED, 1, 0.5)
    flips: Any = signals.flips
    assert isinstance(flips, Labelled)
    labels = {row.tobytes(): label for row, label in zip(flips.x, flips.y, strict=True)}
    assert [labels[row.tobytes()] for row in x[:5]] == y[:5].tolist()

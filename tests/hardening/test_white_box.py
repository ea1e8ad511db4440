"""PGD beside the audits: it flips what is near, and finds nothing where gradients are hidden."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from brittle.core.sample import Array
from brittle.hardening.records import HardeningTask, Labelled

torch: Any = pytest.importorskip("torch")

from brittle.hardening.choice import measure  # noqa: E402
from brittle.hardening.near import margins_and_distances  # noqa: E402
from brittle.hardening.white_box import holds, holds_within  # noqa: E402


def some(task: HardeningTask, count: int = 100) -> Labelled:
    """The first samples, more than are attacked at once."""
    return Labelled(task.choose.ids[:count], task.choose.x[:count], task.choose.y[:count])


def test_what_is_near_flips_and_what_is_far_holds(task: HardeningTask) -> None:
    samples = some(task)
    right = measure(task.logits, samples).right
    _, distances = margins_and_distances(task.logits, samples.x, samples.y)
    limit = float(np.median(distances))
    held = holds(task.logits, samples, task.spec, limit, 0)
    assert not held[~right].any() and not held[distances < 0.5 * limit].any()
    assert held[right & (distances > 2 * limit)].all() and held.any()
    assert not holds(task.logits, samples, task.spec, 8 * limit, 0).any()
    assert np.array_equal(held, holds(task.logits, samples, task.spec, limit, 0))


def test_a_sample_is_attacked_by_its_name_not_by_its_place(task: HardeningTask) -> None:
    samples, drawn = some(task, 8), list[Array]()

    def starts(found: Labelled) -> list[Array]:
        drawn.clear()

        def logits(x: Any) -> Any:
            drawn.append(x.detach().numpy().copy())
            return task.logits(x)

        holds(logits, found, task.spec, 1e-3, 3)
        return list(drawn)

    turned = Labelled(samples.ids[::-1], samples.x[::-1].copy(), samples.y[::-1].copy())
    forth, back = starts(samples), starts(turned)
    assert np.array_equal(forth[1], back[1][::-1]) and not np.array_equal(forth[0][: len(forth[1])], forth[1])


def test_hidden_gradients_hide_flips(task: HardeningTask) -> None:
    samples = some(task)

    def hidden(x: Any) -> Any:
        return task.logits(x).round() + 0 * x.sum()

    limit = 8 * measure(task.logits, samples).distance
    blind = replace(task, logits=hidden)
    found = holds(blind.logits, samples, task.spec, limit, 0)
    assert found.mean() > holds(task.logits, samples, task.spec, limit, 0).mean() + 0.3


def test_what_flips_within_less_flips_within_more_and_is_not_attacked_again(task: HardeningTask) -> None:
    samples = some(task)
    limit = 4 * measure(task.logits, samples).distance
    radii, told, rows = [0.0, limit / 8, limit / 2, limit], list[int](), 0

    def counted(x: Any) -> Any:
        nonlocal rows
        rows += len(x)
        return task.logits(x)

    held = holds_within(counted, samples, task.spec, radii, 0, told.append)
    assert np.array_equal(held[0], measure(task.logits, samples).right)
    assert np.array_equal(held[1], holds(task.logits, samples, task.spec, limit / 8, 0))
    assert (held[:-1] >= held[1:]).all() and held[1].sum() > held[2].sum() > 0
    assert not (held[3] & ~holds(task.logits, samples, task.spec, limit, 0)).any()
    assert told == sorted(told) and told[-1] <= 4 * len(samples.y)
    apart, rows = rows, 0
    for radius in radii:
        holds(counted, samples, task.spec, radius, 0)
    assert apart < 0.9 * rows


def test_within_no_distance_nothing_is_attacked(task: HardeningTask) -> None:
    def without_gradients(x: Any) -> Any:
        assert not x.requires_grad
        return task.logits(x)

    samples = some(task)
    assert np.array_equal(
        holds(without_gradients, samples, task.spec, 0.0, 0), measure(task.logits, samples).right
    )

"""The same change at any distance, and one margin of several surrogates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brittle.core.distance import l2
from brittle.core.goal import Goal, JointGoal
from brittle.core.sample import InputSpec, Sample
from brittle.core.scaling import along, fill, in_codes, unit

BYTES = InputSpec((3, 12, 12), ("channel", "height", "width"), bits=8)
FLOATS = InputSpec((2, 30), ("channel", "time"), bounds=(-1.0, 1.0))


def a_sample(spec: InputSpec, seed: int = 0) -> Sample:
    x = np.random.default_rng(seed).uniform(*spec.bounds, spec.shape).astype(np.float32)
    return Sample("a", spec.decode(spec.encode(x)), 0, spec)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.2, 5.0), st.integers(0, 50), st.sampled_from([BYTES, FLOATS]))
def test_a_level_is_filled_and_never_overfilled(level: float, seed: int, spec: InputSpec) -> None:
    sample = a_sample(spec, seed)
    direction = in_codes(sample, unit(np.random.default_rng(seed).normal(size=spec.shape)))
    reached = fill(sample, direction, lambda x: l2(sample.x, x) / level)
    assert reached is not None
    assert 0.98 < l2(sample.x, reached.x) / level <= 1
    assert np.array_equal(along(sample, direction, reached.scale), reached.x)
    assert np.array_equal(spec.decode(spec.encode(reached.x)), reached.x)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 3.0), st.floats(1.0, 4.0), st.integers(0, 50))
def test_a_greater_scale_is_more_of_the_same(scale: float, more: float, seed: int) -> None:
    sample = a_sample(BYTES, seed)
    direction = in_codes(sample, unit(np.random.default_rng(seed).normal(size=BYTES.shape)))
    weak, strong = (along(sample, direction, s) - sample.x for s in (scale, scale * more))
    assert (np.abs(weak) <= np.abs(strong)).all() and (weak * strong >= 0).all()


def test_what_is_out_of_reach_is_said() -> None:
    sample = a_sample(BYTES)
    direction = in_codes(sample, unit(np.ones(BYTES.shape)))
    assert fill(sample, direction, lambda x: l2(sample.x, x) / 100) is None
    assert fill(sample, np.zeros(BYTES.shape), lambda x: l2(sample.x, x)) is None


ANSWERS = st.integers(0, 1000).map(
    lambda seed: np.random.default_rng(seed).dirichlet([0.3] * 4, (6, 3)).astype(np.float32)
)


@given(ANSWERS, st.integers(0, 3), st.floats(0.05, 8.0))
def test_the_joint_margin_is_the_mean_of_clipped_ones(apart: np.ndarray, label: int, kappa: float) -> None:
    joint = JointGoal(label, surrogates=3, kappa=kappa)
    found = joint.margin(apart.reshape(6, 12))
    for row, margin in zip(apart, found, strict=True):
        total = 0.0
        for surrogate in row:
            own = float(np.log(max(surrogate[label], 1e-30)))
            rival = max(float(np.log(max(p, 1e-30))) for k, p in enumerate(surrogate) if k != label)
            total += max(own - rival, -kappa) + kappa
        assert margin == pytest.approx(total / 3, abs=1e-5)
    assert (found >= 0).all() and not joint.flipped(apart.reshape(6, 12)).any()


def test_one_surrogate_has_the_margin_of_any_goal() -> None:
    answers = np.random.default_rng(0).dirichlet([1] * 4, 5).astype(np.float32)
    one = JointGoal(2, surrogates=1, kappa=50.0)
    assert one.margin(answers) == pytest.approx(Goal(2).margin(answers) + 50)

"""Laws of the cells board: what a cell wears is the layer, nothing else changes, nothing leaks."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brittle.core.canvas import Canvas, Palette, replay
from brittle.core.errors import DistortionError, UsageError
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec, Sample
from tiny import SPEC, Shade, tiny_canvas, tiny_sample

COLOURS = st.lists(st.integers(0, 4), min_size=20, max_size=20)


@given(st.lists(COLOURS, min_size=1, max_size=6))
@settings(max_examples=40)
def test_rendering_is_a_gather_whatever_was_rendered_before(moves: list[list[int]]) -> None:
    canvas = tiny_canvas(tiny_sample(0))
    out = np.empty(SPEC.shape, np.float32)
    for assignment in moves:
        canvas.render(np.array(assignment, np.int16), out)
        for cell, layer in enumerate(assignment):
            where = canvas.grid.where(cell)
            assert np.array_equal(out[where], SPEC.decode(canvas.layer(layer))[where])
        assert np.array_equal(out, SPEC.decode(SPEC.encode(out)))


@given(COLOURS)
@settings(max_examples=40)
def test_distance_without_rendering_is_the_distance(assignment: list[int]) -> None:
    canvas = tiny_canvas(tiny_sample(0))
    move = np.array(assignment, np.int16)
    changed = replay(canvas, assignment)
    assert np.isclose(canvas.l2(move), np.linalg.norm(changed - canvas.sample.x), atol=1e-5)


def test_blank_is_the_untouched_sample_and_the_sample_stays_untouched() -> None:
    sample = tiny_sample(0)
    before = sample.x.copy()
    canvas = tiny_canvas(sample)
    out = np.empty(SPEC.shape, np.float32)
    canvas.render(np.full(20, 3, np.int16), out)
    canvas.render(canvas.blank(), out)
    assert np.array_equal(out, before) and np.array_equal(sample.x, before)


def test_layers_depend_on_seed_sample_and_draw_but_not_on_order() -> None:
    one, other = tiny_canvas(tiny_sample(0)), tiny_canvas(tiny_sample(0))
    late = [other.layer(k) for k in (4, 3, 2, 1)][::-1]
    for index, layer in zip((1, 2, 3, 4), late, strict=True):
        assert np.array_equal(one.layer(index), layer)
    assert not np.array_equal(one.layer(1), one.layer(3))  # another draw
    assert not np.array_equal(one.layer(1), tiny_canvas(tiny_sample(0), seed=1).layer(1))


def test_a_draw_is_one_pattern_at_every_level() -> None:
    canvas = tiny_canvas(tiny_sample(0))
    x = canvas.sample.x
    weak, strong = (SPEC.decode(canvas.layer(k)) - x for k in (1, 2))
    assert np.abs(strong - weak * 0.8 / 0.3).max() < 0.02


@dataclass(frozen=True)
class Broken(Shade):
    """Breaks one clause of the contract."""

    how: str = ""

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        if self.how == "in place":
            x += 1
        if self.how == "shape":
            return x[:, 1:]
        return x + 3 if self.how == "bounds" else x * np.float32("nan")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("in place", "must return a copy"),
        ("shape", "keep the shape"),
        ("bounds", "clip"),
        ("nan", "stay within"),
    ],
)
def test_a_distortion_that_breaks_its_contract_is_named(how: str, message: str) -> None:
    sample = tiny_sample(0)
    canvas = Canvas(sample, Grid(SPEC, (3, 2)), Palette((Broken(how=how),)), 0)
    with pytest.raises(DistortionError, match=message):
        canvas.layer(1)


def test_a_missing_axis_is_one_clear_line() -> None:
    with pytest.raises(
        UsageError, match="shade needs the axis 'time'; this input has channel, height, width"
    ):
        Palette((Shade(needs=("time",)),)).check(SPEC)


def test_replay_refuses_an_assignment_of_another_grid_or_palette() -> None:
    canvas = tiny_canvas(tiny_sample(0))
    with pytest.raises(UsageError, match="expected 20 layer indices of 0 to 4"):
        replay(canvas, [0] * 19)
    with pytest.raises(UsageError, match="expected 20 layer indices of 0 to 4"):
        replay(canvas, [5] * 20)


@given(st.integers(1, 16), st.floats(-5, 5), st.floats(0.1, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_quantising_is_exact_after_once(bits: int, low: float, width: float, seed: int) -> None:
    spec = InputSpec((50,), ("time",), (low, low + width), bits=bits)
    x = np.random.default_rng(seed).uniform(low - 1, low + width + 1, 50).astype(np.float32)
    once = spec.decode(spec.encode(x))
    assert np.array_equal(spec.decode(spec.encode(once)), once)
    assert once.min() >= np.float32(low) and once.max() <= np.float32(low + width)
    inside = np.clip(x, low, low + width)
    assert np.abs(once - inside).max() <= width / (2**bits - 1) / 2 + 1e-5


def test_sample_of_another_shape_is_refused() -> None:
    x = np.zeros((1, 2, 2), np.float32)
    with pytest.raises(Exception, match=r"expected shape \(1, 12, 10\)"):
        SPEC.check(Sample("a", x, 0, SPEC).x, "a")

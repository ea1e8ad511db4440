"""Convolutions and pools of every form have the gradient that torch gives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from turned import agree, model_of, off, turned, weights_for

pytest.importorskip("torch")
pytest.importorskip("onnx")

RNG = np.random.default_rng(0)
N = 3
few = settings(max_examples=40, deadline=None)


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


@st.composite
def windows(draw: Any, pool: bool) -> tuple[list[int], list[int], dict[str, Any]]:
    """Sides of an input, a kernel, and attributes; kernels may be smaller than strides, and miss the end."""
    sizes = {"sides": (3, 8), "kernel": (1, 3), "strides": (1, 3), "dilations": (1, 2)}
    axes = draw(st.integers(1, 3))
    found = {
        name: draw(st.lists(st.integers(*ends), min_size=axes, max_size=axes)) for name, ends in sizes.items()
    }
    sides, kernel = found.pop("sides"), found.pop("kernel")
    pads = [draw(st.integers(0, k - 1 if pool else 2)) for k in kernel * 2]
    how = draw(st.sampled_from(["NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if how == "NOTSET":
        found["pads"] = pads
    else:
        found["dilations"] = [1] * axes  # onnxruntime takes no others
        if pool:  # onnx and onnxruntime do not agree on windows that leave elements out
            found["strides"] = [min(s, k) for s, k in zip(found["strides"], kernel, strict=True)]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, found["dilations"], strict=True)]
    whole = [n + sum(pads[a::axes]) * (how == "NOTSET") for a, n in enumerate(sides)]
    assume(all(n >= r for n, r in zip(whole, reach, strict=True)))
    return sides, kernel, {**found, "auto_pad": how}


@few
@given(windows(pool=False), st.sampled_from([1, 2, 4]), st.integers(0, 9))
def test_a_convolution(found: Any, group: int, seed: int) -> None:
    (sides, kernel, how), rng = found, np.random.default_rng(seed)
    w = rng.normal(size=(8, 4 // group, *kernel)).astype(np.float32)  # with 4 groups it is depthwise
    model = model_of([("Conv", "x w", "y", {**how, "group": group})], [4, *sides], w=w)
    agree(model, normal(N, 4, *sides))


def to_the_end(kernel: Sequence[int], how: dict[str, Any]) -> int:
    """ceil_mode where onnx and onnxruntime agree on it: the last window begins inside of the input."""
    covered = all(k >= s for k, s in zip(kernel, how["strides"], strict=True))
    return int(covered and "pads" in how and not any(how["pads"][len(kernel) :]))


@few
@given(windows(pool=True), st.booleans(), st.booleans())
def test_a_max_pool(found: Any, ceil: bool, flat: bool) -> None:
    sides, kernel, how = found
    how = how | {"kernel_shape": kernel, "ceil_mode": ceil and to_the_end(kernel, how)}
    x = normal(N, 2, *sides)
    x = np.round(x).clip(0) if flat else x  # of equal elements the first one has the gradient
    agree(model_of([("MaxPool", "x", "y", how)], [2, *sides]), x)


@few
@given(windows(pool=True), st.sampled_from([(0, 0), (0, 1), (1, 0)]))
def test_an_average_pool(found: Any, more: tuple[int, int]) -> None:
    sides, kernel, how = found
    del how["dilations"]
    ceil, counted = more
    how |= {"kernel_shape": kernel, "count_include_pad": counted}
    how["ceil_mode"] = ceil and to_the_end(kernel, how)
    agree(model_of([("AveragePool", "x", "y", how)], [2, *sides]), normal(N, 2, *sides))


def test_dilated_average_pools_skip_elements() -> None:
    how = {"kernel_shape": [3], "dilations": [2], "strides": [2], "pads": [1, 2]}
    x = normal(N, 2, 9)
    pooled = model_of([("AveragePool", "x", "y", how)], [2, 9], 19)
    parts = model_of(
        [("Conv", "x w", "y", {**how, "group": 2})], [2, 9], w=np.ones((2, 1, 3)).astype(np.float32)
    )
    counts = np.array([2, 3, 3, 2], np.float32)  # of elements in each window
    asked = weights_for(pooled, x)
    expected = turned(parts, x, asked / np.tile(counts, 2))[1]
    assert off(turned(pooled, x, asked)[1], expected) < 1e-5

"""ONNX operators that reduce some axes of a tensor to one value."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from brittle.gradients.operators.pointwise import Operator
from brittle.gradients.operators.shapes import whole


def over_axes(run: Callable[[Any, tuple[int, ...], bool], Any]) -> Operator:
    """A reduction over these axes, or all; they are an attribute before opset 18 (ReduceSum: 13)."""

    def reduce(
        x: Any,
        along: Any = None,
        *,
        axes: list[int] | None = None,
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Any:
        chosen = whole(axes if along is None else along)
        if not chosen and noop_with_empty_axes:
            return x
        return run(x, tuple(chosen or range(x.ndim)), bool(keepdims))

    return reduce


def norm(order: int) -> Operator:
    """L1 or L2."""
    return over_axes(lambda x, axes, keep: torch.linalg.vector_norm(x, order, axes, keep))


REDUCTIONS: Mapping[str, Operator] = {
    "ReduceL1": norm(1),
    "ReduceL2": norm(2),
    "ReduceMax": over_axes(torch.amax),
    "ReduceMean": over_axes(torch.mean),
    "ReduceMin": over_axes(torch.amin),
    "ReduceSum": over_axes(torch.sum),
    "ReduceSumSquare": over_axes(lambda x, axes, keep: x.square().sum(axes, keep)),
}

"""Gradients of ONNX operators that pool."""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import onnx

from brittle.gradients.backward.tape import Rule, Shape, Tape, Unknown
from brittle.gradients.backward.windows import Windows, back_through, windows_of, written_out
from brittle.gradients.onnx_read import attribute


def _max_pool(tape: Tape, node: Any, dy: str, place: int) -> str:
    """The first element of a window that is its maximum gets all, as in torch.

    A maximum is that of the maxima along the last axis, so each axis is pooled, and gone back, by itself:
    exact, and faster than to ask MaxPool for the places.
    """
    x, windows = node.input[0], windows_of(tape, node, attribute(node, "kernel_shape"))
    rank, pooled = tape.rank(x), []
    for axis, line in reversed(list(enumerate(windows, 2))):
        more = max((line.small - 1) * line.stride + line.reach - line.large - line.before, 0)
        x = tape.padded(x, rank, {axis: line.before}, {axis: more}, -np.inf)
        y = node.output[0] if axis == 2 else _maxima(tape, x, line, axis, rank)
        pooled.append((axis, line, x, y))
        x = y
    shape = tape.shape(node.output[0])
    for axis, line, x, y in reversed(pooled):
        dy = _to_first(tape, x, y, dy, line, axis, shape)
        shape = (*shape[:axis], line.large, *shape[axis + 1 :])
    return dy


def _maxima(tape: Tape, x: str, line: Windows, axis: int, rank: int) -> str:
    """Of windows along one axis."""
    sides = {"kernel_shape": line.kernel, "strides": line.stride, "dilations": line.dilation}
    along = {name: [n if a == axis else 1 for a in range(2, rank)] for name, n in sides.items()}
    return tape.add("MaxPool", x, **along)


def _to_first(tape: Tape, x: str, y: str, dy: str, line: Windows, axis: int, shape: Shape) -> str:
    """The gradient of what x was padded from, of that of y, its maxima along an axis. shape: of y.

    Elements of one phase, between two strides, are gathered by themselves, and then put side by side.
    """
    rank, stride, phases = len(shape), line.stride, dict[int, str]()
    places = line.small + (line.reach - 1) // stride
    for start in range(0, line.reach, line.dilation):
        end = start + (line.small - 1) * stride + 1
        seen = tape.add("Slice", x, *(tape.whole(n) for n in (start, end, axis, stride)))
        share = tape.add("Mul", dy, tape.add("Cast", tape.add("Equal", seen, y), to=onnx.TensorProto.FLOAT))
        if start + line.dilation < line.reach:
            dy = tape.add("Sub", dy, share)
        place, phase = divmod(start, stride)
        share = tape.padded(share, rank, {axis: place}, {axis: places - line.small - place})
        phases[phase] = tape.add("Add", phases[phase], share) if phase in phases else share
    parts = [phases.get(phase) or tape.zeros(phases[0]) for phase in range(stride)]
    whole = tape.interleaved(parts, axis, (*shape[:axis], places, *shape[axis + 1 :]))
    after = line.large + line.before - places * stride
    return tape.padded(whole, rank, {axis: -line.before}, {axis: after})


def _average_pool(tape: Tape, node: Any, dy: str, place: int) -> str:
    kernel, padding = attribute(node, "kernel_shape"), attribute(node, "count_include_pad", 0)
    if attribute(node, "ceil_mode", 0) and padding:
        raise Unknown("AveragePool with ceil_mode that counts padding")
    windows, channels = windows_of(tape, node, kernel), tape.size(node.input[0], 1)
    counts = np.ones(())
    for line in windows:
        first = np.arange(line.small)[:, None] * line.stride - line.before
        elements = first + np.arange(0, line.reach, line.dilation)
        inside = (elements >= 0) & (elements < line.large) | bool(padding)
        counts = np.multiply.outer(counts, inside.sum(axis=1))
    share = tape.add("Mul", dy, tape.constant(1 / counts))
    ones = written_out(np.ones((channels, 1, *kernel)), windows)
    return back_through(tape, node, share, ones, windows, channels)


def _global_average_pool(tape: Tape, node: Any, dy: str, place: int) -> str:
    x = node.input[0]
    share = tape.add("Mul", dy, tape.constant(1 / prod(tape.sides(x))))
    return tape.add("Expand", share, tape.add("Shape", x))


POOLS: Mapping[str, Rule] = {
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global_average_pool,
    "MaxPool": _max_pool,
}

"""Gradients of ONNX operators that move, cut and join elements, or pick some of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from brittle.gradients.backward.tape import Rule, Tape, Unknown
from brittle.gradients.onnx_read import attribute

LAST = 2**31 - 1
"""Behind the last element of any axis: the least number that exporters say for all of them."""
FIRST = -(2**62)
"""Before the first element of any axis, as an end of a Slice that goes backwards."""


def _reshaped(tape: Tape, node: Any, dy: str, place: int) -> str:
    return tape.reshaped_as(dy, node.input[0])


def _transpose(tape: Tape, node: Any, dy: str, place: int) -> str:
    axes = attribute(node, "perm") or list(reversed(range(tape.rank(node.input[0]))))
    return tape.add("Transpose", dy, perm=[int(a) for a in np.argsort(axes)])


def _concat(tape: Tape, node: Any, dy: str, place: int) -> str:
    axis = attribute(node, "axis") % tape.rank(node.output[0])
    starts = np.cumsum([0, *(tape.size(name, axis) for name in node.input)])
    ends = tape.whole(int(starts[place + 1]))
    return tape.add("Slice", dy, tape.whole(int(starts[place])), ends, tape.whole(axis))


def handed_to_split(tape: Tape, node: Any, gradients: dict[str, str]) -> str | None:
    """The gradient of what a Split cut, of those of its parts; None where no part has one."""
    parts = [gradients.pop(part, None) for part in node.output]
    if not any(parts):
        return None
    whole = [part or tape.zeros(out) for part, out in zip(parts, node.output, strict=True)]
    return tape.add("Concat", *whole, axis=attribute(node, "axis", 0))


def _slice(tape: Tape, node: Any, dy: str, place: int) -> str:
    x, rank = node.input[0], tape.rank(node.input[0])
    starts, ends, *more = (tape.values(name) for name in node.input[1:] if name)
    axes = more[0] if more else range(len(starts))
    steps = more[1] if len(more) > 1 else [1] * len(starts)
    before, after, apart = dict[int, int](), dict[int, int](), dict[int, int]()
    for start, end, number, step in zip(starts, ends, axes, steps, strict=True):
        axis = number % rank
        if (start, step) == (0, 1) and end >= LAST:
            continue
        size = tape.size(x, axis)
        taken = range(size)[start:end:step]
        if step < 0:
            dy = tape.add("Slice", dy, *(tape.whole(n) for n in (-1, FIRST, axis, -1)))
            taken = taken[::-1]
        before[axis], apart[axis] = taken.start, abs(step)
        after[axis] = size - taken.start - len(taken) * abs(step)
    sizes = tape.shape(node.output[0])
    return tape.padded(tape.spread(dy, sizes, apart), rank, before, after)


def _pad(tape: Tape, node: Any, dy: str, place: int) -> str:
    if attribute(node, "mode", "constant") != "constant":
        raise Unknown("Pad by mirrored or repeated elements")
    rank, pads = tape.rank(node.input[0]), tape.values(node.input[1])
    axes = [a % rank for a in tape.values(node.input[3])] if len(node.input) > 3 else list(range(rank))
    before = dict(zip(axes, (-p for p in pads[: len(axes)]), strict=True))
    after = dict(zip(axes, (-p for p in pads[len(axes) :]), strict=True))
    return tape.padded(dy, rank, before, after)


def _gather(tape: Tape, node: Any, dy: str, place: int) -> str:
    """One or a list of elements along an axis: they are put back, and added where one was picked twice."""
    x, rank = node.input[0], tape.rank(node.input[0])
    axis = attribute(node, "axis", 0) % rank
    if place or node.input[1] not in tape.constants:
        raise Unknown("Gather of places that are computed")
    which = tape.constants[node.input[1]]
    size = tape.size(x, axis)
    back = np.zeros((which.size, size))
    back[np.arange(which.size), which.reshape(-1) % size] = 1
    order = [a for a in range(rank) if a != axis] + [axis]
    if which.ndim == 0:
        dy = tape.add("Unsqueeze", dy, tape.whole(axis))
    elif which.ndim > 1:
        raise Unknown("Gather of more than a list")
    turned = tape.add("MatMul", tape.add("Transpose", dy, perm=order), tape.constant(back))
    return tape.add("Transpose", turned, perm=[int(a) for a in np.argsort(order)])


def _expand(tape: Tape, node: Any, dy: str, place: int) -> str:
    return tape.summed_to(dy, tape.shape(node.output[0]), node.input[0])


SHAPES: Mapping[str, Rule] = {
    "Concat": _concat,
    "Expand": _expand,
    "Flatten": _reshaped,
    "Gather": _gather,
    "Pad": _pad,
    "Reshape": _reshaped,
    "Slice": _slice,
    "Split": lambda tape, node, dy, place: dy,  # see handed_to_split
    "Squeeze": _reshaped,
    "Transpose": _transpose,
    "Unsqueeze": _reshaped,
}

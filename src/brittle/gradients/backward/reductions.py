"""Gradients of ONNX operators that reduce axes, and of TopK."""

from collections.abc import Mapping
from math import prod
from typing import Any

import onnx

from brittle.gradients.backward.tape import Rule, Tape
from brittle.gradients.onnx_read import attribute


def _mean(tape: Tape, node: Any, dy: str, place: int) -> str:
    count = prod(tape.size(node.input[0], axis) for axis in _axes(tape, node))
    return _repeated(tape, node, tape.add("Mul", dy, tape.constant(1 / count)))


def _sum(tape: Tape, node: Any, dy: str, place: int) -> str:
    return _repeated(tape, node, dy)


def _extreme(tape: Tape, node: Any, dy: str, place: int) -> str:
    """Shared by all elements that are the greatest, or the least."""
    x, axes = node.input[0], tape.whole(*_axes(tape, node))
    is_it = tape.add(
        "Cast", tape.add("Equal", x, _kept(tape, node, node.output[0])), to=onnx.TensorProto.FLOAT
    )
    share = tape.add("Div", is_it, tape.add("ReduceSum", is_it, axes, keepdims=1, noop_with_empty_axes=1))
    return tape.add("Mul", share, _kept(tape, node, dy))


def _top_k(tape: Tape, node: Any, dy: str, place: int) -> str:
    x, axis = node.input[0], attribute(node, "axis", -1)
    return tape.add("ScatterElements", tape.zeros(x), node.output[1], dy, axis=axis)


def _axes(tape: Tape, node: Any) -> list[int]:
    """Those that are reduced, in order."""
    rank, stated = tape.rank(node.input[0]), [*node.input[1:2], ""][0]
    axes = tape.values(stated) if stated else attribute(node, "axes", ())
    if not axes and not attribute(node, "noop_with_empty_axes", 0):
        axes = range(rank)
    return sorted(axis % rank for axis in axes)


def _kept(tape: Tape, node: Any, reduced: str) -> str:
    """A value of the output's shape with the reduced axes as axes of size 1."""
    if attribute(node, "keepdims", 1):
        return reduced
    return tape.add("Unsqueeze", reduced, tape.whole(*_axes(tape, node)))


def _repeated(tape: Tape, node: Any, dy: str) -> str:
    return tape.add("Expand", _kept(tape, node, dy), tape.add("Shape", node.input[0]))


REDUCTIONS: Mapping[str, Rule] = {
    "ReduceMax": _extreme,
    "ReduceMean": _mean,
    "ReduceMin": _extreme,
    "ReduceSum": _sum,
    "TopK": _top_k,
}

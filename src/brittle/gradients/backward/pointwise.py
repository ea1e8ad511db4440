"""Gradients of ONNX operators that work on each element by itself, or on pairs of elements."""

from collections.abc import Mapping
from typing import Any

import onnx

from brittle.gradients.backward.tape import Rule, Tape, Unknown
from brittle.gradients.onnx_read import attribute


def _add(tape: Tape, node: Any, dy: str, place: int) -> str:
    return tape.summed_to(dy, tape.shape(node.output[0]), node.input[place])


def _sub(tape: Tape, node: Any, dy: str, place: int) -> str:
    return _add(tape, node, tape.add("Neg", dy) if place else dy, place)


def _mul(tape: Tape, node: Any, dy: str, place: int) -> str:
    return _add(tape, node, tape.add("Mul", dy, node.input[1 - place]), place)


def _div(tape: Tape, node: Any, dy: str, place: int) -> str:
    share = tape.add("Div", dy, node.input[1])
    if place:
        share = tape.add("Neg", tape.add("Mul", share, node.output[0]))
    return _add(tape, node, share, place)


def _where(tape: Tape, node: Any, dy: str, place: int) -> str:
    zero = tape.constant(0)
    kept = (dy, zero) if place == 1 else (zero, dy)
    return _add(tape, node, tape.add("Where", node.input[0], *kept), place)


def _extreme(tape: Tape, node: Any, dy: str, place: int) -> str:
    """Shared by all inputs that are the greatest, or the least."""
    is_it = [
        tape.add("Cast", tape.add("Equal", name, node.output[0]), to=onnx.TensorProto.FLOAT)
        for name in node.input
    ]
    share = is_it[place]
    if len(is_it) > 1:
        share = tape.add("Div", share, tape.add("Sum", *is_it))
    return _add(tape, node, tape.add("Mul", dy, share), place)


def _relu(tape: Tape, node: Any, dy: str, place: int) -> str:
    return _where_true(tape, tape.add("Greater", node.output[0], tape.constant(0)), dy)


def _leaky_relu(tape: Tape, node: Any, dy: str, place: int) -> str:
    slope = tape.constant(attribute(node, "alpha", 0.01))
    above = tape.add("Greater", node.input[0], tape.constant(0))
    return tape.add("Where", above, dy, tape.add("Mul", dy, slope))


def _clip(tape: Tape, node: Any, dy: str, place: int) -> str:
    """0 beyond a bound, and not on it, as in torch: saturated elements can still be moved."""
    pairs = zip(node.input[1:], ("GreaterOrEqual", "LessOrEqual"), strict=False)
    inside = [tape.add(kind, node.input[0], limit) for limit, kind in pairs if limit]
    if not inside:
        return dy
    return _where_true(tape, inside[0] if len(inside) == 1 else tape.add("And", *inside), dy)


def _sigmoid(tape: Tape, node: Any, dy: str, place: int) -> str:
    y = node.output[0]
    slope = tape.add("Mul", y, tape.add("Sub", tape.constant(1), y))
    return tape.add("Mul", dy, slope)


def _tanh(tape: Tape, node: Any, dy: str, place: int) -> str:
    y = node.output[0]
    return tape.add("Mul", dy, tape.add("Sub", tape.constant(1), tape.add("Mul", y, y)))


def _exp(tape: Tape, node: Any, dy: str, place: int) -> str:
    return tape.add("Mul", dy, node.output[0])


def _sqrt(tape: Tape, node: Any, dy: str, place: int) -> str:
    return tape.add("Div", dy, tape.add("Mul", tape.constant(2), node.output[0]))


def _hard_sigmoid(tape: Tape, node: Any, dy: str, place: int) -> str:
    y, slope = node.output[0], tape.constant(attribute(node, "alpha", 0.2))
    inside = tape.add("And", tape.add("Greater", y, tape.constant(0)), tape.add("Less", y, tape.constant(1)))
    return _where_true(tape, inside, tape.add("Mul", dy, slope))


def _same(tape: Tape, node: Any, dy: str, place: int) -> str:
    return dy


def _where_true(tape: Tape, condition: str, dy: str) -> str:
    """Faster than Where with one number."""
    return tape.add("Mul", dy, tape.add("Cast", condition, to=onnx.TensorProto.FLOAT))


def _cast(tape: Tape, node: Any, dy: str, place: int) -> str:
    if attribute(node, "to") != onnx.TensorProto.FLOAT:
        raise Unknown("Cast to another type than float32")
    return dy


POINTWISE: Mapping[str, Rule] = {
    "Add": _add,
    "Cast": _cast,
    "Clip": _clip,
    "Div": _div,
    "Dropout": _same,
    "Exp": _exp,
    "HardSigmoid": _hard_sigmoid,
    "Identity": _same,
    "LeakyRelu": _leaky_relu,
    "Max": _extreme,
    "Min": _extreme,
    "Mul": _mul,
    "Neg": lambda tape, node, dy, place: tape.add("Neg", dy),
    "Relu": _relu,
    "Sigmoid": _sigmoid,
    "Sqrt": _sqrt,
    "Sub": _sub,
    "Sum": _add,
    "Tanh": _tanh,
    "Where": _where,
}

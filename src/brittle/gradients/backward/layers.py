"""Gradients of ONNX operators that multiply matrices, normalise, or share out by softmax."""

from collections.abc import Mapping
from math import prod
from typing import Any

from brittle.gradients.backward.tape import Rule, Tape, Unknown
from brittle.gradients.onnx_read import attribute


def _gemm(tape: Tape, node: Any, dy: str, place: int) -> str:
    """Of y = alpha a b + beta c, where a and b may be turned: da = alpha dy b^T, and db = alpha a^T dy."""
    if place == 2:
        dy = _scaled(tape, dy, attribute(node, "beta", 1.0))
        return tape.summed_to(dy, tape.shape(node.output[0]), node.input[2])
    flipped = [attribute(node, name, 0) for name in ("transA", "transB")]
    dy, other = (
        _scaled(tape, dy, attribute(node, "alpha", 1.0)),
        (node.input[1 - place], 1 - flipped[1 - place]),
    )
    factors = [(dy, 0), other] if place == 0 else [other, (dy, 0)]
    if flipped[place]:
        factors = [(name, 1 - turned) for name, turned in reversed(factors)]
    (left, left_turned), (right, right_turned) = factors
    return tape.add("Gemm", left, right, transA=left_turned, transB=right_turned)


def _scaled(tape: Tape, dy: str, factor: float) -> str:
    return dy if factor == 1 else tape.add("Mul", dy, tape.constant(factor))


def _matmul(tape: Tape, node: Any, dy: str, place: int) -> str:
    rank, other = min(map(tape.rank, node.input)), node.input[1 - place]
    if rank < 2:
        raise Unknown("MatMul of a vector")
    axes = list(range(tape.rank(other)))
    turned = tape.add("Transpose", other, perm=[*axes[:-2], axes[-1], axes[-2]])
    product = tape.add("MatMul", *((dy, turned) if place == 0 else (turned, dy)))
    large = (*tape.shape(node.output[0])[:-2], *tape.shape(node.input[place])[-2:])
    return tape.summed_to(product, large, node.input[place])


def _batch_norm(tape: Tape, node: Any, dy: str, place: int) -> str:
    """With its stored statistics."""
    constant = all(name in tape.constants for name in node.input[1:])
    if place or not constant or attribute(node, "training_mode", 0):
        raise Unknown("BatchNormalization with statistics that are computed")
    scale, variance = tape.constants[node.input[1]], tape.constants[node.input[4]]
    slope = scale / (variance + attribute(node, "epsilon", 1e-5)) ** 0.5
    return tape.add("Mul", dy, tape.constant(slope.reshape(-1, *[1] * (tape.rank(node.input[0]) - 2))))


def _layer_norm(tape: Tape, node: Any, dy: str, place: int) -> str:
    """Of y = scale z + shift, z the input with mean 0 and deviation s: (g - mean(g) - z mean(g z)) / s."""
    if place:
        raise Unknown("LayerNormalization by a scale that is computed")
    x, scale = node.input[:2]
    axes = range(attribute(node, "axis", -1) % tape.rank(x), tape.rank(x))
    share, over = tape.constant(1 / prod(tape.size(x, axis) for axis in axes)), tape.whole(*axes)

    def mean(value: str) -> str:
        return tape.add("Mul", tape.add("ReduceSum", value, over, keepdims=1), share)

    centred = tape.add("Sub", x, mean(x))
    variance = mean(tape.add("Mul", centred, centred))
    least = tape.constant(attribute(node, "epsilon", 1e-5))
    deviation = tape.add("Sqrt", tape.add("Add", variance, least))
    z, g = tape.add("Div", centred, deviation), tape.add("Mul", dy, scale)
    along = tape.add("Mul", z, mean(tape.add("Mul", g, z)))
    return tape.add("Div", tape.add("Sub", tape.add("Sub", g, mean(g)), along), deviation)


def _softmax(tape: Tape, node: Any, dy: str, place: int) -> str:
    y, axis = node.output[0], tape.whole(attribute(node, "axis", -1))
    mean = tape.add("ReduceSum", tape.add("Mul", dy, y), axis, keepdims=1)
    return tape.add("Mul", y, tape.add("Sub", dy, mean))


def _log_softmax(tape: Tape, node: Any, dy: str, place: int) -> str:
    axis = tape.whole(attribute(node, "axis", -1))
    shares = tape.add("Exp", node.output[0])
    return tape.add("Sub", dy, tape.add("Mul", shares, tape.add("ReduceSum", dy, axis, keepdims=1)))


LAYERS: Mapping[str, Rule] = {
    "BatchNormalization": _batch_norm,
    "Gemm": _gemm,
    "LayerNormalization": _layer_norm,
    "LogSoftmax": _log_softmax,
    "MatMul": _matmul,
    "Softmax": _softmax,
}

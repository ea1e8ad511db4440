"""Gradients of ONNX operators that bend each element along a curve: activations, powers, logarithms."""

from collections.abc import Mapping
from math import pi, sqrt
from typing import Any

import numpy as np

from brittle.gradients.backward.tape import Rule, Tape, Unknown
from brittle.gradients.onnx_read import attribute

CUBE = 0.044715
"""Of x in the approximation of Gelu by tanh (Hendrycks and Gimpel, arXiv 1606.08415, section 2)."""


def _abs(tape: Tape, node: Any, dy: str, place: int) -> str:
    return tape.add("Mul", dy, tape.add("Sign", node.input[0]))


def _elu(tape: Tape, node: Any, dy: str, place: int) -> str:
    """Below 0 the slope is y + alpha."""
    below = tape.add("Add", node.output[0], tape.constant(attribute(node, "alpha", 1.0)))
    above = tape.add("Greater", node.input[0], tape.constant(0))
    return tape.add("Mul", dy, tape.add("Where", above, tape.constant(1), below))


def _erf(tape: Tape, node: Any, dy: str, place: int) -> str:
    return tape.add("Mul", dy, _bell(tape, node.input[0], 2 / sqrt(pi), 1))


def _gelu(tape: Tape, node: Any, dy: str, place: int) -> str:
    """Of x F(x), F the normal distribution or its approximation by tanh: F(x) + x F'(x)."""
    x, half, one = node.input[0], tape.constant(0.5), tape.constant(1)
    if attribute(node, "approximate", "none") == "tanh":
        square, inner = tape.add("Mul", x, x), sqrt(2 / pi)
        cubic = tape.add("Add", tape.add("Mul", square, tape.constant(CUBE)), one)
        bent = tape.add("Tanh", tape.add("Mul", tape.add("Mul", x, cubic), tape.constant(inner)))
        slope = tape.add(
            "Add", tape.add("Mul", square, tape.constant(3 * CUBE * inner)), tape.constant(inner)
        )
        slope = tape.add("Mul", slope, tape.add("Sub", one, tape.add("Mul", bent, bent)))
        density = tape.add("Mul", slope, half)
    else:
        bent = tape.add("Erf", tape.add("Mul", x, tape.constant(sqrt(0.5))))
        density = _bell(tape, x, 1 / sqrt(2 * pi), 0.5)
    share = tape.add("Mul", tape.add("Add", bent, one), half)
    return tape.add("Mul", dy, tape.add("Add", share, tape.add("Mul", x, density)))


def _bell(tape: Tape, x: str, height: float, rate: float) -> str:
    """height exp(-rate x^2)."""
    fallen = tape.add("Exp", tape.add("Mul", tape.add("Mul", x, x), tape.constant(-rate)))
    return tape.add("Mul", fallen, tape.constant(height))


def _hard_swish(tape: Tape, node: Any, dy: str, place: int) -> str:
    """Of x clip(x / 6 + 1/2, 0, 1): 0 up to -3, x / 3 + 1/2 up to 3, then 1."""
    x, one = node.input[0], tape.constant(1)
    middle = tape.add("Add", tape.add("Mul", x, tape.constant(1 / 3)), tape.constant(0.5))
    slope = tape.add("Where", tape.add("Less", x, tape.constant(3)), middle, one)
    slope = tape.add("Where", tape.add("Greater", x, tape.constant(-3)), slope, tape.constant(0))
    return tape.add("Mul", dy, slope)


def _log(tape: Tape, node: Any, dy: str, place: int) -> str:
    return tape.add("Div", dy, node.input[0])


def _pow(tape: Tape, node: Any, dy: str, place: int) -> str:
    """By a constant."""
    base, power = node.input
    if place or power not in tape.constants:
        raise Unknown("Pow by what is computed")
    by = tape.constants[power].astype(np.float32)
    slope = tape.add("Mul", tape.add("Pow", base, tape.constant(by - 1)), tape.constant(by))
    return tape.summed_to(tape.add("Mul", dy, slope), tape.shape(node.output[0]), base)


def _reciprocal(tape: Tape, node: Any, dy: str, place: int) -> str:
    y = node.output[0]
    return tape.add("Neg", tape.add("Mul", dy, tape.add("Mul", y, y)))


def _softplus(tape: Tape, node: Any, dy: str, place: int) -> str:
    return tape.add("Mul", dy, tape.add("Sigmoid", node.input[0]))


CURVES: Mapping[str, Rule] = {
    "Abs": _abs,
    "Elu": _elu,
    "Erf": _erf,
    "Gelu": _gelu,
    "HardSwish": _hard_swish,
    "Log": _log,
    "Pow": _pow,
    "Reciprocal": _reciprocal,
    "Softplus": _softplus,
}

"""ONNX operators in torch: each takes a node's inputs, in its order, and its attributes, by name.

A form that is not known, an attribute of an old opset say, raises TypeError as any Python call would.
"""

from collections.abc import Mapping

from brittle.gradients.operators.layers import LAYERS, OLD_LAYERS
from brittle.gradients.operators.pointwise import POINTWISE, Operator
from brittle.gradients.operators.reductions import REDUCTIONS
from brittle.gradients.operators.shapes import SHAPES
from brittle.gradients.operators.windows import WINDOWS


def operators(opset: int) -> Mapping[str, Operator]:
    """The operators of an opset by name, inputs and attributes -> an output, or a tuple of several."""
    old = OLD_LAYERS if opset < 13 else {}
    return {**POINTWISE, **SHAPES, **REDUCTIONS, **WINDOWS, **LAYERS, **old}

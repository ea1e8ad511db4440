"""What is read of ONNX graphs, by what runs them in torch and by what makes a graph of their gradient."""

from collections.abc import Iterable
from typing import Any

import onnx

DOMAINS = ("", "ai.onnx")
SOFTMAX = ("Softmax", "LogSoftmax")


def opset(model: Any) -> int:
    """The version of ONNX's own operators in a ModelProto."""
    return max((o.version for o in model.opset_import if o.domain in DOMAINS), default=0)


def needed(model: Any, output: str) -> tuple[list[Any], set[str]]:
    """The nodes that an output of a ModelProto depends on, in their order, and the names of all that is read.

    The output is one of the names.
    """
    read, chosen = {output}, list[Any]()
    for node in reversed(model.graph.node):
        if read.intersection(node.output):
            chosen.insert(0, node)
            read.update(name for name in node.input if name)
    return chosen, read


def attribute(node: Any, name: str, default: Any = None) -> Any:
    """The value of an attribute of a NodeProto."""
    for found in node.attribute:
        if found.name == name:
            value = onnx.helper.get_attribute_value(found)
            return value.decode() if isinstance(value, bytes) else value
    return default


def before_softmax(nodes: Iterable[Any], output: str) -> str:
    """The input of the Softmax or LogSoftmax over classes that makes an output; the output if none does."""
    for node in nodes:
        if output in node.output and node.op_type in SOFTMAX and attribute(node, "axis", -1) in (-1, 1):
            return str(node.input[0])
    return output


def first_line(error: Exception) -> str:
    """What went wrong, short."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]

"""From an ONNX graph to one that answers and gives the gradient of a loss, in one run of onnxruntime.

Reverse accumulation: each operator hands down the gradient of its output by a rule of its own. Where a graph
has an operator without a rule, Unknown says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import onnx

from brittle.gradients.backward.curves import CURVES
from brittle.gradients.backward.entry import Entry
from brittle.gradients.backward.folding import folded, own_input, shapes
from brittle.gradients.backward.layers import LAYERS
from brittle.gradients.backward.losses import LOSSES
from brittle.gradients.backward.pointwise import POINTWISE
from brittle.gradients.backward.pools import POOLS
from brittle.gradients.backward.reductions import REDUCTIONS
from brittle.gradients.backward.shapes import SHAPES, handed_to_split
from brittle.gradients.backward.tape import Rule, Tape, Unknown
from brittle.gradients.backward.windows import WINDOWS
from brittle.gradients.onnx_read import DOMAINS, before_softmax, needed

__all__ = ["Entry", "Tape", "Unknown", "gradient_graph"]

RULES: Mapping[str, Rule] = {**CURVES, **LAYERS, **POINTWISE, **POOLS, **REDUCTIONS, **SHAPES, **WINDOWS}
COMPARISONS = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Not", "Or", "Xor")
STEPS = (*COMPARISONS, "ArgMax", "ArgMin", "Ceil", "Floor", "Round", "Shape", "Sign", "Size")
"""Operators whose outputs do not change where their inputs change a little."""
NEWEST_FORMAT = 10
INPUTS, ASKED, LOGITS, GRADIENT = (f"backward/{name}" for name in ("inputs", "asked", "logits", "gradient"))


def gradient_graph(source: str | bytes, entry: Entry, loss: str, output: str | None = None) -> bytes:
    """A graph with two inputs and two outputs, from one with one input; output: the name of that to ask.

    INPUTS (n, *given) and ASKED (n, classes), what the loss needs, see losses.py; LOGITS (n, classes), before
    a last softmax, and GRADIENT (n, *given) of the loss, summed over the batch. Raises Unknown.
    """
    model = folded(source, entry.taken)
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    tape = Tape(constants, shapes(model))
    tape.shapes[INPUTS] = (None, *entry.given)
    logits = before_softmax(model.graph.node, output or model.graph.output[0].name)
    entry.write(tape, INPUTS, own_input(model).name)
    before = len(tape.nodes)
    forward = [*tape.nodes, *needed(model, logits)[0]]
    handed = LOSSES[loss](tape, logits, ASKED)
    gradient = _backwards(tape, forward, {logits: handed}, INPUTS)
    ends = [_same(logits, LOGITS), _same(gradient, GRADIENT)]
    graph = _graph(tape, [*forward, *tape.nodes[before:], *ends], entry.given, tape.size(logits, -1))
    opsets = [o for o in model.opset_import if o.domain in DOMAINS]
    made = onnx.helper.make_model(graph, opset_imports=opsets)
    made.ir_version = min(model.ir_version, NEWEST_FORMAT)
    return bytes(made.SerializeToString())


def _backwards(tape: Tape, nodes: Sequence[Any], gradients: dict[str, str], entry: str) -> str:
    """The gradient of the entry, from those that are known, by name. Raises Unknown."""
    moved = _moved(nodes, entry)
    for node in reversed(nodes):
        if not moved.intersection(node.output):
            continue
        if node.op_type == "Split":
            handed = handed_to_split(tape, node, gradients)
        else:
            handed = gradients.pop(node.output[0], None)
            if gradients.keys() & set(node.output[1:]):
                raise Unknown(f"the second output of {node.op_type}")
        if handed is None:
            continue
        rule = RULES.get(node.op_type) if node.domain in DOMAINS else None
        if rule is None:
            raise Unknown(node.op_type)
        for place, name in enumerate(node.input):
            if name in moved:
                found = rule(tape, node, handed, place)
                gradients[name] = tape.add("Add", gradients[name], found) if name in gradients else found
    if entry not in gradients:
        raise Unknown("a graph whose answer does not depend on its input")
    return gradients[entry]


def _moved(nodes: Sequence[Any], entry: str) -> set[str]:
    """Values that may change a little where the entry does."""
    found = {entry}
    for node in nodes:
        if node.op_type not in STEPS and found.intersection(node.input):
            found.update(node.output)
    return found


def _graph(tape: Tape, nodes: Sequence[Any], given: Sequence[int], classes: int) -> Any:
    """The GraphProto; constants that no node reads are left out."""
    read = {name for node in nodes for name in node.input}
    return onnx.helper.make_graph(
        list(nodes),
        "gradient",
        [_value(INPUTS, given), _value(ASKED, [classes])],
        [_value(LOGITS, [classes]), _value(GRADIENT, given)],
        [onnx.numpy_helper.from_array(v, name) for name, v in tape.constants.items() if name in read],
    )


def _same(source: str, target: str) -> Any:
    return onnx.helper.make_node("Identity", [source], [target])


def _value(name: str, shape: Sequence[int]) -> Any:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", *shape])

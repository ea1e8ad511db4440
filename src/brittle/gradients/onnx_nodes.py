"""The nodes of an ONNX graph in torch, and which of its initializers they can learn."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
import torch

from brittle.core.errors import ModelError
from brittle.gradients.onnx_read import DOMAINS, first_line, needed, opset
from brittle.gradients.operators import operators

WEIGHTS: Mapping[str, Sequence[int]] = {
    "BatchNormalization": (1, 2),  # not the mean and the variance
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "Gemm": (1, 2),
    "MatMul": (1,),
}
"""Which inputs of an operator are its weights, biases and scales."""
ON_THE_WAY = ("Identity", "Transpose")  # may stand between an initializer and the operator
SEVERAL = ("Split", "TopK")  # of these torch gives all outputs, of others the first
QUANTISED = re.compile("Quantize|^Q|Integer|NBits")
REMEDY = "give the model as package.module:function that returns a torch.nn.Module"

Values = dict[str, Any]


@dataclass(frozen=True)
class Node:
    """A node with its operator in torch. where: which one of which file, for messages."""

    kind: str
    where: str
    operator: Any
    attributes: Mapping[str, Any]
    inputs: Sequence[str]
    outputs: Sequence[str]

    def run(self, values: Values) -> None:
        """Add its outputs to the values, which hold its inputs. Raises ModelError."""
        try:
            found = self.operator(*(values[name] for name in self.inputs), **self.attributes)
        except Exception as error:  # torch's errors share no base
            raise ModelError(
                f"torch cannot run {self.where}: {first_line(error)}; check the shape of inputs, or {REMEDY}"
            ) from error
        values.update(zip(self.outputs, found if isinstance(found, tuple) else (found,), strict=False))


def nodes_of(model: Any, output: str, file: str) -> list[Node]:
    """The nodes that an output of a ModelProto depends on, in their order.

    file: what the model is called in messages. Raises ModelError for what torch is not told how to do here.
    """
    chosen, read = needed(model, output)
    known = operators(opset(model))
    strange = {_name(node) for node in chosen} - set(known)
    if quantised := sorted(name for name in strange if QUANTISED.search(name)):
        raise ModelError(
            f"{file} is quantised ({', '.join(quantised)}), so it has no gradients; "
            "give the model as it was before, in floats"
        )
    more = (n.op_type for n in chosen if n.op_type not in SEVERAL and read.intersection(n.output[1:]))
    strange |= {f"the second output of {name}" for name in more}
    sparse = {tensor.values.name for tensor in model.graph.sparse_initializer}
    strange |= {f"the sparse initializer {name}" for name in sparse & read}
    if strange:
        raise ModelError(f"cannot differentiate {', '.join(sorted(strange))} in {file}; {REMEDY}")
    return [_node(node, known[node.op_type], file) for node in chosen]


def tensor_of(tensor: Any, file: str) -> Any:
    """The torch tensor of a TensorProto. Raises ModelError for a type that torch or NumPy does not have."""
    try:
        return torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy())
    except TypeError as error:
        kind = onnx.TensorProto.DataType.Name(tensor.data_type)
        raise ModelError(f"cannot differentiate numbers of type {kind} in {file}; {REMEDY}") from error


def trainable(nodes: Sequence[Node], tensors: Mapping[str, Any]) -> list[str]:
    """Those of the initializers, float tensors by name, that are read as weights only, in order of use."""
    origin = {name: name for name, tensor in tensors.items() if tensor.is_floating_point()}
    learned, fixed = dict[str, None](), set[str]()
    for node in nodes:
        weights = WEIGHTS.get(node.kind, ())
        for place, name in enumerate(node.inputs):
            if name not in origin:
                continue
            if place in weights:
                learned[origin[name]] = None
            elif node.kind in ON_THE_WAY:
                origin[node.outputs[0]] = origin[name]
            else:
                fixed.add(origin[name])
    return [name for name in learned if name not in fixed]


def without_constant(nodes: Iterable[Node], known: Values) -> list[Node]:
    """The nodes that depend on more than the known values; the others are run, and their outputs added."""
    left = []
    for node in nodes:
        if all(name in known for name in node.inputs):
            node.run(known)
        else:
            left.append(node)
    return left


def last_read(nodes: Sequence[Node], kept: Iterable[str]) -> list[set[str]]:
    """For each node the names that no later one reads, without those that are kept."""
    later, spent = set(kept), list[set[str]]()
    for node in reversed(nodes):
        spent.insert(0, set(node.inputs) - later)
        later.update(node.inputs)
    return spent


def _node(node: Any, operator: Any, file: str) -> Node:
    attributes = {a.name: _attribute(a, file) for a in node.attribute}
    if node.op_type == "Split":
        attributes["num_outputs"] = len(node.output)
    where = f"{node.op_type} '{node.name or node.output[0]}' in {file}"
    return Node(node.op_type, where, operator, attributes, tuple(node.input), tuple(node.output))


def _attribute(attribute: Any, file: str) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, onnx.TensorProto):
        return tensor_of(value, file)
    return value.decode() if isinstance(value, bytes) else value


def _name(node: Any) -> str:
    return node.op_type if node.domain in DOMAINS else f"{node.domain}.{node.op_type}"

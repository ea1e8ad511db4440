"""Gradients of small ONNX graphs by onnxruntime, and what torch says of the same graph."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime as ort


def turned(model: Any, x: Any, asked: Any, loss: str = "along", entry: Any = None) -> tuple[Any, Any]:
    """Answers and gradient of a ModelProto, by the graph that is made of it."""
    from brittle.gradients.backward.graph import Entry, gradient_graph

    entry = entry or Entry(x.shape[1:], x.shape[1:])
    session = ort.InferenceSession(gradient_graph(model.SerializeToString(), entry, loss))
    inputs, wanted = (i.name for i in session.get_inputs())
    answers, gradient = session.run(None, {inputs: x, wanted: asked})
    return answers, gradient


def in_torch(model: Any, x: Any, asked: Any, loss: str = "along") -> tuple[Any, Any]:
    """The same by torch."""
    from brittle.gradients.onnx_graph import TrainableGraph
    from brittle.gradients.torch_engine import TorchEngine
    from brittle.models.onnx import load_graph

    data = model.SerializeToString()
    graph = TrainableGraph(data, load_graph(data, "tiny", threads=1), "tiny")
    return TorchEngine(graph.logits, asked.shape[1])(loss, x, asked)


def weights_for(model: Any, x: Any) -> Any:
    """Random weights of the answers of a ModelProto, for the loss `along`."""
    session = ort.InferenceSession(model.SerializeToString())
    shape = session.run(None, {session.get_inputs()[0].name: x})[0].shape
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def agree(model: Any, x: Any) -> None:
    """Sees that answers and gradients of a ModelProto are torch's."""
    asked = weights_for(model, x)
    for found, expected in zip(turned(model, x, asked), in_torch(model, x, asked), strict=True):
        assert off(found, expected) < 1e-5


def off(found: Any, expected: Any) -> float:
    """The greatest difference, of the greatest value."""
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-12))


def model_of(nodes: Sequence[Any], shape: Sequence[int | str], opset: int = 17, **arrays: Any) -> Any:
    """A ModelProto from x, (n, *shape), to the first output of the last node, as answers (n, any).

    A node: (operator, inputs, outputs, attributes), names parted by single blanks.
    """
    import onnx

    helper = onnx.helper
    made = [helper.make_node(op, i.split(" "), o.split(" "), **dict(*more)) for op, i, o, *more in nodes]
    made.append(helper.make_node("Flatten", [made[-1].output[0]], ["answers"]))
    graph = helper.make_graph(
        made,
        "tiny",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info("answers", onnx.TensorProto.FLOAT, ["n", None])],
        [onnx.numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)

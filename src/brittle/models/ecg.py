"""The built-in ECG model: a small 1-D ResNet for the beats of ECG5000, its weights inside this package.

training/ecg5000.py trained it; ecg5000.json beside the weights says on what, how well, and on which terms.
Neither torch nor a pickle is needed: the weights (safetensors) become an ONNX graph in memory.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import MissingExtraError, ModelError
from brittle.models.backend import Backend
from brittle.models.onnx import onnx_backend
from brittle.models.options import ModelOptions

WEIGHTS = Path(__file__).with_name("ecg5000.safetensors")
CARD = WEIGHTS.with_suffix(".json")
SHAPE = (1, 140)
STRIDES = (1, 2, 2)
"""Of the residual blocks."""
Weights = Mapping[str, NDArray[np.float32]]


def open_ecg(model: str, options: ModelOptions) -> Backend:
    """The backend of a 1-D ResNet for ECG5000: beats (1, 140) -> 5 logits. sha256 is of its weights.

    Raises MissingExtraError without the extra ecg.
    """
    try:
        from safetensors.numpy import load  # noqa: PLC0415

        data = WEIGHTS.read_bytes()
        graph = build_graph(load(data))
    except ImportError as error:
        raise MissingExtraError("the built-in ECG model", "ecg") from error
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"the built-in ECG model is damaged ({error}); install brittle again") from error
    if options.output == "auto":
        options = options.model_copy(update={"output": "logits"})
    backend = onnx_backend(model, graph, sha256(data).hexdigest(), options)
    classes = tuple(json.loads(CARD.read_text(encoding="utf-8"))["classes"])
    return replace(backend, shape=SHAPE, classes=classes)


def build_graph(weights: Weights) -> bytes:
    """An ONNX graph: stem, residual blocks, mean over time, linear head. Batch norm is inside the weights.

    The same bytes every time: safetensors gives weights in another order in every process.
    """
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    nodes: list[Any] = []

    def add(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def conv(name: str, x: str, stride: int = 1) -> str:
        side = weights[f"{name}.weight"].shape[-1] // 2
        names = [x, f"{name}.weight", f"{name}.bias"]
        return add("Conv", names, name, strides=[stride], pads=[side, side])

    x = add("Relu", [conv("stem", "ecg")], "stem.relu")
    for k, stride in enumerate(STRIDES):
        inner = add("Relu", [conv(f"blocks.{k}.first", x, stride)], f"blocks.{k}.relu")
        both = [conv(f"blocks.{k}.second", inner), conv(f"blocks.{k}.skip", x, stride)]
        x = add("Relu", [add("Add", both, f"blocks.{k}.sum")], f"blocks.{k}")
    x = add("Flatten", [add("GlobalAveragePool", [x], "mean")], "features")
    add("Gemm", [x, "head.weight", "head.bias"], "logits", transB=1)
    graph = helper.make_graph(
        nodes,
        "ecg5000",
        [helper.make_tensor_value_info("ecg", TensorProto.FLOAT, ["n", *SHAPE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(weights["head.bias"])])],
        [
            numpy_helper.from_array(np.ascontiguousarray(value), name)
            for name, value in sorted(weights.items())
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())

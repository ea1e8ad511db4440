"""An ONNX graph made ready for its gradient: one opset, known sizes, constants folded."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import onnxruntime as ort

from brittle.gradients.backward.tape import Shape, Unknown
from brittle.gradients.onnx_read import first_line, opset

OPSET = 17
"""The least that rules are written in; graphs of an earlier one are converted."""


def folded(source: str | bytes, shape: Sequence[int]) -> Any:
    """The ModelProto as onnxruntime's basic optimisations leave it, for inputs (n, *shape). Raises Unknown.

    source: an ONNX file, or its bytes.
    """
    settings = ort.SessionOptions()
    settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    settings.log_severity_level = 4  # what goes wrong is raised as well
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "folded.onnx"
        settings.optimized_model_filepath = str(target)
        try:
            ort.InferenceSession(_sized(source, shape), settings, providers=["CPUExecutionProvider"])
            return onnx.shape_inference.infer_shapes(onnx.load(str(target)), data_prop=True)
        except Exception as error:  # onnxruntime's and onnx's errors share no base
            raise Unknown(f"a graph that cannot be folded ({first_line(error)})") from error


def own_input(model: Any) -> Any:
    """The input of a graph that is no initializer."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return next(value for value in model.graph.input if value.name not in constants)


def shapes(model: Any) -> dict[str, Shape]:
    """Sizes of all values of which they are known; None for an axis whose size is not."""
    found: dict[str, Shape] = {}
    for value in [*model.graph.input, *model.graph.value_info, *model.graph.output]:
        kind = value.type.tensor_type
        if kind.HasField("shape"):
            found[value.name] = tuple(
                dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim
            )
    return found


def _sized(source: str | bytes, shape: Sequence[int]) -> bytes:
    """The graph for inputs (n, *shape), in an opset that the rules know; sizes stated before are left out."""
    model = onnx.load(source) if isinstance(source, str) else onnx.ModelProto.FromString(source)
    if opset(model) < OPSET:
        model = onnx.version_converter.convert_version(model, OPSET)
    batch, *dims = own_input(model).type.tensor_type.shape.dim
    batch.dim_param = "n"
    for dim, size in zip(dims, shape, strict=True):
        dim.dim_value = size
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    data: bytes = model.SerializeToString()
    return data

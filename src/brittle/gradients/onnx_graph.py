"""Plain convolutional ONNX graphs as torch functions, for gradients: onnxruntime has none to give.

onnx2torch (1.5.15, Apache-2.0) is not used because it has had no release since August 2024 and requires
torchvision, which nothing else here needs and which dictates torch's version.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from brittle.core.errors import MissingExtraError, ModelError, UsageError

Op = Callable[[list[Any], dict[str, Any]], Any]


def torch_graph(path: Path) -> Callable[[Any], Any]:
    """The graph of an ONNX file as a function of a torch batch; its first output.

    Raises ModelError if the file cannot be read or has an operator that is not known here.
    """
    try:
        import onnx  # noqa: PLC0415
        import torch  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("learning on an ONNX file", "train") from error
    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf's and onnx's errors share no base
        raise ModelError(f"'{path}' is no ONNX file that can be read; export the model again") from error
    known = _operators()
    strange = sorted({node.op_type for node in graph.node} - set(known))
    if strange:
        raise ModelError(
            f"cannot differentiate {', '.join(strange)} in '{path}'; "
            "give the model as package.module:function that returns a torch.nn.Module"
        )
    weights = {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy()) for w in graph.initializer}
    nodes = [(known[n.op_type], list(n.input), n.output[0], _attributes(n)) for n in graph.node]
    inputs = [i.name for i in graph.input if i.name not in weights]

    def forward(x: Any) -> Any:
        values = {**weights, inputs[0]: x, "": None}
        for op, names, out, attributes in nodes:
            values[out] = op([values[name] for name in names], attributes)
        return values[graph.output[0].name]

    return forward


def _attributes(node: Any) -> dict[str, Any]:
    import onnx  # noqa: PLC0415

    found = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "Constant" and "value" in found:
        found["value"] = onnx.numpy_helper.to_array(found["value"]).copy()
    return found


def _operators() -> dict[str, Op]:
    """ONNX operators by name, each (inputs, attributes) -> output."""
    import torch  # noqa: PLC0415
    import torch.nn.functional as F  # noqa: PLC0415

    def conv(v: list[Any], a: dict[str, Any]) -> Any:
        x = _padded(v[0], a, 0.0)
        run = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}[x.ndim]
        bias = v[2] if len(v) > 2 else None
        return run(x, v[1], bias, a.get("strides", 1), 0, a.get("dilations", 1), a.get("group", 1))

    def max_pool(v: list[Any], a: dict[str, Any]) -> Any:
        x = _padded(v[0], a, -float("inf"))
        run = {3: F.max_pool1d, 4: F.max_pool2d, 5: F.max_pool3d}[x.ndim]
        return run(x, a["kernel_shape"], a.get("strides", 1), ceil_mode=bool(a.get("ceil_mode")))

    def mean(v: list[Any], a: dict[str, Any]) -> Any:
        axes = a.get("axes") or (v[1].tolist() if len(v) > 1 else list(range(v[0].ndim)))
        return v[0].mean(dim=axes, keepdim=bool(a.get("keepdims", 1)))

    def gemm(v: list[Any], a: dict[str, Any]) -> Any:
        left = v[0].T if a.get("transA") else v[0]
        right = v[1].T if a.get("transB") else v[1]
        out = a.get("alpha", 1.0) * (left @ right)
        return out + a.get("beta", 1.0) * v[2] if len(v) > 2 else out

    def clip(v: list[Any], a: dict[str, Any]) -> Any:
        bounds = [*v[1:], None, None]
        return torch.clamp(v[0], a.get("min", bounds[0]), a.get("max", bounds[1]))

    return {
        "Add": lambda v, a: v[0] + v[1],
        "Sub": lambda v, a: v[0] - v[1],
        "Mul": lambda v, a: v[0] * v[1],
        "Div": lambda v, a: v[0] / v[1],
        "Clip": clip,
        "Concat": lambda v, a: torch.cat(v, dim=a["axis"]),
        "Constant": lambda v, a: torch.from_numpy(a["value"]),
        "Conv": conv,
        "Flatten": lambda v, a: v[0].flatten(a.get("axis", 1)),
        "Gemm": gemm,
        "GlobalAveragePool": lambda v, a: v[0].mean(dim=list(range(2, v[0].ndim)), keepdim=True),
        "Identity": lambda v, a: v[0],
        "MatMul": lambda v, a: v[0] @ v[1],
        "MaxPool": max_pool,
        "ReduceMean": mean,
        "Relu": lambda v, a: torch.relu(v[0]),
        "Sigmoid": lambda v, a: torch.sigmoid(v[0]),
        "Softmax": lambda v, a: torch.log_softmax(
            v[0], a.get("axis", -1)
        ),  # margins are the same, and finite
    }


def _padded(x: Any, attributes: dict[str, Any], value: float) -> Any:
    """x padded as a node says: ONNX lists all starts, then all ends; torch pairs, the last axis first."""
    import torch.nn.functional as F  # noqa: PLC0415

    if attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise UsageError("cannot differentiate auto_pad; export the model with explicit pads")
    pads = attributes.get("pads", [])
    if not any(pads):
        return x
    axes = len(pads) // 2
    return F.pad(x, [p for i in reversed(range(axes)) for p in (pads[i], pads[i + axes])], value=value)

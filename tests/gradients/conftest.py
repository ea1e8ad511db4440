"""Tiny ONNX models, made of a few nodes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphs import RNG, normal

MakeModel = Callable[..., Any]
Save = Callable[[Any], Path]


@pytest.fixture
def onnx_model() -> MakeModel:
    """Makes a ModelProto from x, of a shape, to outputs; the nodes are tuples, the arrays its initializers.

    A node: (operator, inputs, outputs, attributes), names parted by blanks. outputs: shapes by name.
    """
    onnx = pytest.importorskip("onnx")
    helper, to_tensor = onnx.helper, onnx.numpy_helper.from_array

    def make(
        nodes: Sequence[Any],
        shape: Sequence[int | str],
        outputs: Mapping[str, Sequence[int | str]],
        arrays: Mapping[str, Any],
        dtype: Any = np.float32,
        opset: int = 17,
    ) -> Any:
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        graph = helper.make_graph(
            [helper.make_node(op, i.split(), o.split(), **dict(*more)) for op, i, o, *more in nodes],
            "tiny",
            [helper.make_tensor_value_info("x", kind, shape)],
            [helper.make_tensor_value_info(name, kind, sizes) for name, sizes in outputs.items()],
            [to_tensor(np.asarray(array), name) for name, array in arrays.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)

    return make


@pytest.fixture(autouse=True)
def the_same_numbers() -> None:
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes a model and returns its path."""

    def write(model: Any) -> Path:
        (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
        return tmp_path / "net.onnx"

    return write


@pytest.fixture
def net(onnx_model: MakeModel) -> MakeModel:
    """A model with a layer of each kind that learns, softmax at its end: (n, 3, 8, 8) -> (n, 5)."""

    def make() -> Any:
        arrays = {
            "mean": normal(1, 3, 1, 1),
            "conv.weight": normal(4, 3, 3, 3),
            "conv.bias": normal(4),
            "scale": normal(4),
            "shift": normal(4),
            "statistics.mean": normal(4),
            "statistics.variance": np.abs(normal(4)) + 0.5,
            "up": normal(4, 2, 2, 2),
            "rows": normal(5, 6),
            "mixed": normal(6, 6) / 8,
            "last": normal(5),
        }
        nodes = [
            ("Sub", "x mean", "centred"),
            ("Conv", "centred conv.weight conv.bias", "a", {"strides": [2, 2]}),
            ("BatchNormalization", "a scale shift statistics.mean statistics.variance", "b"),
            ("Relu", "b", "c"),
            ("ConvTranspose", "c up", "d", {"strides": [2, 2]}),
            ("AveragePool", "d", "e", {"kernel_shape": [6, 2], "strides": [6, 2]}),
            ("Flatten", "e", "f"),
            ("MatMul", "f mixed", "g"),
            ("Transpose", "rows", "columns"),
            ("Gemm", "g columns last", "logits"),
            ("Softmax", "logits", "answers"),
        ]
        return onnx_model(nodes, ["n", 3, 8, 8], {"answers": ["n", 5]}, arrays)

    return make

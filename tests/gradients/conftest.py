"""Tiny ONNX models, made of a few nodes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

MakeModel = Callable[..., Any]


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

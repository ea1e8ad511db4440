"""Tiny ONNX graphs whose answers are easy to know."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeOnnx = Callable[..., str]


@pytest.fixture
def one_node(tmp_path: Path) -> MakeOnnx:
    """Writes a graph of one operator over the sum of its inputs, and returns its path."""
    onnx = pytest.importorskip("onnx")

    def make(
        operator: str,
        shape: list[int | str],
        answers: list[int | str],
        dtype: str = "FLOAT",
        answers_dtype: str | None = None,
        inputs: int = 1,
        **attributes: Any,
    ) -> str:
        def value(name: str, kind: str, of: list[int | str]) -> Any:
            return onnx.helper.make_tensor_value_info(name, getattr(onnx.TensorProto, kind), of)

        names = [f"x{i}" for i in range(inputs)]
        nodes = [onnx.helper.make_node("Sum", names, ["sum"])] if inputs > 1 else []
        last = "sum" if inputs > 1 else "x0"
        nodes.append(onnx.helper.make_node(operator, [last], ["answers"], **attributes))
        taken = [value(name, dtype, shape) for name in names]
        graph = onnx.helper.make_graph(
            nodes, "tiny", taken, [value("answers", answers_dtype or dtype, answers)]
        )
        opset = [onnx.helper.make_opsetid("", 17)]
        file = tmp_path / "net.onnx"
        onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), file)
        return str(file)

    return make


@pytest.fixture
def channel_means(one_node: MakeOnnx) -> MakeOnnx:
    """Writes a graph (batch, *shape) -> (batch, channels): the mean of each channel."""

    def make(
        shape: tuple[int | str, ...] = (3, 4, 4), batch: int | str = "n", channel_axis: int = 1, **more: Any
    ) -> str:
        axes = [axis for axis in range(1, len(shape) + 1) if axis != channel_axis]
        answers = [batch, shape[channel_axis - 1]]
        return one_node("ReduceMean", [batch, *shape], answers, axes=axes, keepdims=0, **more)

    return make

"""Tiny ONNX graphs whose answers are easy to know, and a server that answers as it is told."""

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from endpoint import serving
from posted import Served, means

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


@pytest.fixture
def several_outputs(tmp_path: Path) -> MakeOnnx:
    """Writes a graph (n, 3, 4, 4) whose outputs are 1, 2, 3 ... times the channel means.

    Each is named, with its dtype, or OPEN for floats of a rank that is not known.
    """
    onnx = pytest.importorskip("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto

    def make(**outputs: str) -> str:
        nodes = [
            helper.make_node("ReduceMean", ["x"], ["means"], axes=[2, 3], keepdims=0),
            helper.make_node("Shape", ["means"], ["size"]),
            helper.make_node("Compress", ["size", "all"], ["some"], axis=0),  # as many axes as it keeps
        ]
        values = [onnx.numpy_helper.from_array(np.array([True, True]), "all")]
        taken = [helper.make_tensor_value_info("x", kinds.FLOAT, ["n", 3, 4, 4])]
        told = []
        for k, (name, kind) in enumerate(outputs.items(), 1):
            values.append(onnx.numpy_helper.from_array(np.float32(k), f"times{k}"))
            nodes.append(helper.make_node("Mul", ["means", f"times{k}"], [f"scaled{k}"]))
            if kind == "OPEN":
                nodes.append(helper.make_node("Reshape", [f"scaled{k}", "some"], [name]))
                told.append(helper.make_tensor_value_info(name, kinds.FLOAT, None))
            else:
                nodes.append(helper.make_node("Cast", [f"scaled{k}"], [name], to=getattr(kinds, kind)))
                told.append(helper.make_tensor_value_info(name, getattr(kinds, kind), ["n", 3]))
        graph = helper.make_graph(nodes, "several", taken, told, values)
        file = tmp_path / "several.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), file)
        return str(file)

    return make


@pytest.fixture
def server() -> Iterator[Served]:
    """A server on this machine; what it answers and was asked is in what this gives."""
    served = Served()

    def answer(asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers["Content-Length"]))
        kind = asked.headers["Content-Type"]
        served.requests.append({"headers": dict(asked.headers), "kind": kind, "path": asked.path})
        reply = served.replies.pop(0) if len(served.replies) > 1 else served.replies[0]
        if "delay" in reply:
            time.sleep(reply["delay"])
        data = reply.get("body") or json.dumps({reply.get("key", "outputs"): means(body, kind).tolist()})
        data = reply["make"](body, kind) if "make" in reply else data
        asked.send_response(reply.get("status", 200))
        for name, value in reply.get("headers", {"Content-Type": "application/json"}).items():
            asked.send_header(name, value)
        asked.end_headers()
        asked.wfile.write(data if isinstance(data, bytes) else data.encode())

    with serving(answer) as served.address:
        yield served

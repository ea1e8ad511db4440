"""Graphs that cannot be hardened are refused by the command: an exit code, one line, no traceback."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from onnx import TensorProto, checker, helper, numpy_helper, save

from brittle.cli import cli

pytest.importorskip("torch")

CLASSES = 4
Node = tuple[str, str, str, dict[str, Any]]


def weights(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


RECURRENT: tuple[Sequence[Node], dict[str, Any]] = (
    [
        ("Squeeze", "x first", "rows", {}),
        ("Transpose", "rows", "steps", {"perm": [1, 0, 2]}),
        ("LSTM", "steps w r", "all last", {"hidden_size": 3}),
        ("Squeeze", "last zero", "state", {}),
        ("MatMul", "state head", "logits", {}),
    ],
    {
        "first": np.array([1]),
        "zero": np.array([0]),
        "w": weights(1, 12, 5),
        "r": weights(1, 12, 3),
        "head": weights(3, CLASSES),
    },
)
QUANTISED: tuple[Sequence[Node], dict[str, Any]] = (
    [
        ("Flatten", "x", "flat", {}),
        ("DynamicQuantizeLinear", "flat", "codes scale zero", {}),
        ("MatMulInteger", "codes w zero", "sums", {}),
        ("Cast", "sums", "floats", {"to": TensorProto.FLOAT}),
        ("Mul", "floats scale", "logits", {}),
    ],
    {"w": np.random.default_rng(0).integers(-9, 9, (30, CLASSES)).astype(np.int8)},
)


def write(path: Path, nodes: Sequence[Node], initializers: dict[str, Any]) -> None:
    """A graph of images (n, 1, 6, 5) that onnxruntime runs."""
    made = [
        helper.make_node(
            kind, inputs.split(), ["" if o == "all" else o for o in outputs.split()], **attributes
        )
        for kind, inputs, outputs, attributes in nodes
    ]
    graph = helper.make_graph(
        made,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 6, 5])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", CLASSES])],
        [numpy_helper.from_array(value, name) for name, value in initializers.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    save(model, str(path))


@pytest.mark.parametrize(
    ("graph", "reason", "remedy"),
    [
        (RECURRENT, "cannot differentiate LSTM", "give the model as package.module:function"),
        (
            QUANTISED,
            "is quantised (DynamicQuantizeLinear, MatMulInteger), so it has no gradients; ",
            "give the model as it was before, in floats",
        ),
    ],
    ids=["recurrent", "quantised"],
)
def test_a_graph_without_gradients_is_refused_in_one_line(
    graph: Any, reason: str, remedy: str, tmp_path: Path
) -> None:
    write(tmp_path / "net.onnx", *graph)
    x = np.random.default_rng(0).integers(0, 256, (200, 1, 6, 5)).astype(np.uint8)
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(200) % CLASSES)
    files = [str(tmp_path / name) for name in ("net.onnx", "data.npz")]
    played = ["audit", *files, "--budget", "5", "--limit", "2", "--out", str(tmp_path / "a")]
    assert CliRunner().invoke(cli, played).exit_code == 0  # it is a model for everything else
    done = CliRunner().invoke(cli, ["harden", *files, "--out", str(tmp_path / "h")])
    assert done.exit_code == 4, done.output
    [line] = done.stderr.splitlines()
    assert reason in line and remedy in line and "net.onnx" in line
    assert not done.stdout.strip() and "Traceback" not in done.output
    assert isinstance(done.exception, SystemExit)
    assert {path.name for path in (tmp_path / "h").iterdir()} <= {"question.json", "lock"}

"""ONNX files that cannot be trained, or answer otherwise in torch: one line that says why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import ModelError
from graphs import opened

torch: Any = pytest.importorskip("torch")
onnx: Any = pytest.importorskip("onnx")

Make = Callable[..., Any]
Save = Callable[[Any], Path]
REFUSED = [
    (
        [("LSTM", "x w r", "y"), ("Squeeze", "y", "answers")],
        "cannot differentiate LSTM in .*package.module:func",
    ),
    (
        [("QuantizeLinear", "x s z", "q"), ("DequantizeLinear", "q s z", "answers")],
        "is quantised .*in floats",
    ),
    ([("MaxPool", "x", "y i"), ("Cast", "i", "answers")], "the second output of MaxPool"),
    ([("Mul", "x thin", "answers")], "the sparse initializer thin"),
    ([("MatMul", "x bits", "answers")], "numbers of type BFLOAT16"),
]


@pytest.mark.parametrize(("nodes", "says"), REFUSED)
def test_what_torch_is_not_told_how_to_do_is_one_line(onnx_model: Make, nodes: Any, says: str) -> None:
    from brittle.gradients.onnx_nodes import nodes_of, tensor_of

    model = onnx_model(nodes, ["n", 3, 3], {"answers": ["n", 3]}, {})
    thin = model.graph.sparse_initializer.add()
    thin.values.name = "thin"
    bits = model.graph.initializer.add(
        name="bits", dims=[1], data_type=onnx.TensorProto.BFLOAT16, raw_data=b"ab"
    )
    with pytest.raises(ModelError, match=says) as caught:
        nodes_of(model, "answers", "'net.onnx'")
        tensor_of(bits, "'net.onnx'")
    assert "\n" not in str(caught.value) and "'net.onnx'" in str(caught.value)


def test_an_attribute_that_is_not_known_is_one_line(onnx_model: Make, save: Save) -> None:
    sides = {"kernel_shape": [2], "dilations": [2]}
    nodes = [("AveragePool", "x", "a", sides), ("Flatten", "a", "answers")]
    path = save(onnx_model(nodes, ["n", 1, 5], {"answers": ["n", 3]}, {}, opset=19))
    with pytest.raises(
        ModelError, match=r"cannot run AveragePool 'a' in .* 'dilations'; .*package"
    ) as caught:
        opened(path)
    assert "\n" not in str(caught.value)


def test_inputs_of_another_shape_are_one_line(onnx_model: Make, save: Save) -> None:
    nodes = [("Dropout", "x", "a"), ("TopK", "a k", "answers i", {"axis": 1})]
    model = onnx_model(nodes, ["n", 3], {"answers": ["n", 2]}, {"k": np.array([2])})
    graph = opened(save(model))
    with pytest.raises(ModelError, match=r"torch cannot run TopK 'answers' in .*; check the shape") as caught:
        graph(torch.zeros(2, 1))
    assert "\n" not in str(caught.value)


def test_answers_that_differ_from_onnxruntime_s_are_refused(
    net: Make, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    from brittle.gradients.operators.layers import LAYERS

    monkeypatch.setitem(LAYERS, "Softmax", LAYERS["LogSoftmax"])
    with pytest.raises(
        ModelError, match=r"answers otherwise in torch, by .* of the greatest answer; give the"
    ):
        opened(save(net()))


def test_what_is_no_onnx_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_text("no graph")
    with pytest.raises(
        ModelError, match=r"no ONNX file that can be read: .*; export the model again"
    ) as caught:
        opened(tmp_path / "bad.onnx")
    assert "\n" not in str(caught.value)
    (tmp_path / "bad.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match="no ONNX file that onnxruntime can load"):
        opened(tmp_path / "bad.onnx")

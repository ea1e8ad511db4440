"""ONNX files as torch modules: the same answers, the right parameters, and back into the same file."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import ModelError, UsageError
from graphs import answers, move, normal, off, opened, told, without

torch: Any = pytest.importorskip("torch")
onnx: Any = pytest.importorskip("onnx")

Make = Callable[..., Any]
Save = Callable[[Any], Path]
LEARNED = ["conv.weight", "conv.bias", "scale", "shift", "up", "mixed", "rows", "last"]


def test_it_answers_as_onnxruntime_at_every_batch(net: Make, save: Save) -> None:
    path = save(net())
    graph = opened(path)
    for n in (1, 2, 7):
        x = normal(n, 3, 8, 8)
        assert off(answers(graph, x), told(path, x)) < 1e-5


def test_a_graph_of_a_fixed_batch_takes_any(onnx_model: Make, save: Save) -> None:
    nodes = [("Reshape", "x sizes", "flat"), ("MatMul", "flat w", "answers")]
    arrays = {"sizes": np.array([3, 12]), "w": normal(12, 4)}
    path = save(onnx_model(nodes, [3, 3, 2, 2], {"answers": [3, 4]}, arrays))
    x = normal(7, 3, 2, 2)
    expected = np.concatenate([told(path, part) for part in (x[:3], x[3:6], x[[6, 6, 6]])])[:7]
    assert off(answers(opened(path), x), expected) < 1e-5


def test_its_logits_are_what_the_softmax_is_taken_of(net: Make, save: Save) -> None:
    model = net()
    path, x = save(model), 1e3 * normal(2, 3, 8, 8)
    model.graph.output[0].name = "logits"
    expected = told(model.SerializeToString(), x)
    assert off(opened(path).logits(torch.from_numpy(x)).detach().numpy(), expected) < 1e-5
    assert off(answers(opened(save(model)), x), expected) < 1e-5


def test_what_learns_are_weights_biases_and_scales(net: Make, save: Save) -> None:
    graph = opened(save(net()))
    assert graph.names == LEARNED and list(graph.initializers()) == LEARNED
    assert len(list(graph.parameters())) == len(LEARNED)
    assert sum(p.numel() for p in graph.parameters()) == 108 + 4 + 4 + 4 + 32 + 36 + 30 + 5


def test_gradients_are_those_of_onnxruntime_s_answers(net: Make, save: Save) -> None:
    graph, x, way, step = opened(save(net())), normal(4, 3, 8, 8), normal(4, 5), 2e-3
    shown = torch.from_numpy(x).requires_grad_(True)
    (graph(shown) * torch.from_numpy(way)).sum().backward()
    moves = [("x", shown.grad, x)] + [(name, w.grad, w.data) for name, w in graph.initializers().items()]
    assert len(moves) == 1 + len(LEARNED)
    for name, gradient, values in moves:
        towards = normal(*values.shape)
        changes = []
        for sign in (step, -step):
            moved = copy.deepcopy(graph)
            if name != "x":
                moved.initializers()[name].data += sign * torch.from_numpy(towards)
            seen = x + sign * towards if name == "x" else x
            changes.append((told(moved.to_onnx(), seen) * way).sum())
        measured = (changes[0] - changes[1]) / (2 * step)
        expected = float((gradient.numpy() * towards).sum())
        assert measured == pytest.approx(expected, rel=0.02, abs=2e-3), name


def test_batch_norm_keeps_its_statistics_in_training_mode(net: Make, save: Save) -> None:
    path, x = save(net()), normal(4, 3, 8, 8)
    graph = opened(path).train()
    for _ in range(2):
        assert off(graph(torch.from_numpy(x)).detach().numpy(), told(path, x)) < 1e-5


def test_a_copy_learns_alone(net: Make, save: Save) -> None:
    path, x = save(net()), normal(4, 3, 8, 8)
    graph = opened(path)
    other = copy.deepcopy(graph)
    optimiser = torch.optim.SGD(other.parameters(), 0.1)
    torch.nn.functional.cross_entropy(
        other.logits(torch.from_numpy(x)), torch.tensor([0, 1, 2, 3])
    ).backward()
    optimiser.step()
    assert off(answers(graph, x), told(path, x)) < 1e-5
    assert off(answers(other, x), told(path, x)) > 1e-3
    assert off(answers(other, x), told(other.to_onnx(), x)) < 1e-5


def test_one_initializer_of_several_nodes_is_one_parameter(onnx_model: Make, save: Save) -> None:
    nodes = [("MatMul", "x w", "a"), ("Identity", "w", "v"), ("MatMul", "a v", "b"), ("Tanh", "b", "answers")]
    graph = opened(save(onnx_model(nodes, ["n", 4], {"answers": ["n", 4]}, {"w": normal(4, 4)})))
    assert graph.names == ["w"] and len(list(graph.parameters())) == 1
    graph(torch.ones(1, 4)).sum().backward()
    assert graph.initializers()["w"].grad.any()


@pytest.mark.parametrize(
    ("nodes", "learned"),
    [
        ([("MatMul", "x w", "a"), ("Add", "a v", "answers")], ["w"]),  # a bias that was exported as Add
        ([("MatMul", "x w", "a"), ("Mul", "x w", "b"), ("Add", "a b", "answers")], []),  # read otherwise too
        ([("MatMul", "v w", "a"), ("MatMul", "x a", "answers")], ["w"]),
        ([("Exp", "w", "a"), ("MatMul", "x a", "answers")], []),
        ([("MatMul", "x w", "a"), ("MatMul", "x v", "unused"), ("Relu", "a", "answers")], ["w"]),
        ([("Constant", "", "a", {"value": "v"}), ("MatMul", "x a", "answers")], []),
        ([("Gemm", "x w s", "answers")], ["w", "s"]),
        ([("BatchNormalization", "x s s m s", "answers")], []),  # its variance is the same initializer
        ([("BatchNormalization", "x s m m s", "answers")], []),
    ],
)
def test_nothing_else_learns(onnx_model: Make, save: Save, nodes: list[Any], learned: list[str]) -> None:
    arrays = {"w": normal(3, 3), "v": normal(3, 3), "s": np.abs(normal(3)), "m": normal(3)}
    values = {"value": onnx.numpy_helper.from_array(arrays["v"])}
    given = [(*node[:3], values) if len(node) > 3 else node for node in nodes]
    path = save(onnx_model(given, [3, 3], {"answers": [3, 3]}, arrays))
    graph, x = opened(path), normal(3, 3)
    assert graph.names == learned
    assert off(answers(graph, x), told(path, x)) < 1e-5


def test_sizes_that_are_computed_follow_the_batch(onnx_model: Make, save: Save) -> None:
    nodes = [
        ("Shape", "x", "sizes"),
        ("Gather", "sizes zero", "count"),
        ("Unsqueeze", "count first", "counts"),
        ("Concat", "counts rest", "wanted", {"axis": 0}),
        ("Reshape", "x wanted", "flat"),
        ("ConstantOfShape", "counts", "zeros"),
        ("Cast", "zeros", "as_floats", {"to": 1}),
        ("Unsqueeze", "as_floats second", "column"),
        ("Add", "flat column", "sum"),
        ("MatMul", "sum w", "answers"),
    ]
    arrays = {"zero": np.array(0), "first": np.array([0]), "second": np.array([1]), "rest": np.array([-1])}
    path = save(onnx_model(nodes, ["n", 2, 3], {"answers": ["n", 4]}, {**arrays, "w": normal(6, 4)}))
    for n in (1, 5):
        x = normal(n, 2, 3)
        assert off(answers(opened(path), x), told(path, x)) < 1e-5


def test_what_is_constant_is_computed_once(onnx_model: Make) -> None:
    from brittle.gradients.onnx_nodes import last_read, nodes_of, without_constant

    nodes = [
        ("ConstantOfShape", "sizes", "ones"),
        ("Exp", "ones", "more"),
        ("Add", "x more", "a"),
        ("Mul", "a x", "b"),
        ("Mul", "b a", "answers"),
    ]
    model = onnx_model(nodes, ["n", 3], {"answers": ["n", 3]}, {"sizes": np.array([3])})
    known = {"sizes": torch.tensor([3])}
    left = without_constant(nodes_of(model, "answers", "tiny"), known)
    assert [node.kind for node in left] == ["Add", "Mul", "Mul"] and known["more"].tolist() == [1, 1, 1]
    assert last_read(left, ["answers"]) == [{"more"}, {"x"}, {"a", "b"}]


def test_the_output_is_the_one_that_is_audited(onnx_model: Make, save: Save) -> None:
    nodes = [
        ("MatMul", "x w", "logits"),
        ("Unsqueeze", "logits axes", "map"),
        ("MatMul", "x v", "other"),
        ("LSTM", "map w w", "unused"),
    ]
    arrays = {"w": normal(3, 4), "v": normal(3, 2), "axes": np.array([1])}
    path = save(onnx_model(nodes[:2], ["n", 3], {"map": ["n", 1, 4], "logits": ["n", 4]}, arrays))
    x = normal(2, 3)
    assert off(answers(opened(path), x), told(path, x, "logits")) < 1e-5
    path = save(onnx_model(nodes[:3], ["n", 3], {"logits": ["n", 4], "other": ["n", 2]}, arrays))
    with pytest.raises(ModelError, match=r"has 2 outputs, .* name one with --output-name"):
        opened(path)
    with pytest.raises(UsageError, match=r"has no output 'othe'; did you mean 'other'\?"):
        opened(path, "othe")
    graph = opened(path, "other")
    assert graph.names == ["v"]
    assert off(answers(graph, x), told(path, x, "other")) < 1e-5


def stored(array: Any, name: str, raw: bool) -> Any:
    """An initializer whose numbers stand in raw_data, or in the field of their type."""
    if raw:
        return onnx.numpy_helper.from_array(array, name)
    kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    return onnx.helper.make_tensor(name, kind, array.shape, array.flatten())


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize(("dtype", "near"), [(np.float32, 1e-5), (np.float64, 1e-8), (np.float16, 2e-2)])
def test_only_the_numbers_that_learn_are_written(
    onnx_model: Make, save: Save, dtype: Any, near: float, raw: bool
) -> None:
    nodes = [
        ("Sub", "x mean", "centred"),
        ("Gemm", "centred weight bias", "a"),
        ("BatchNormalization", "a scale shift statistics variance", "b"),
        ("MatMul", "b last", "answers"),
    ]
    names, learned = ("mean", "bias", "shift", "statistics"), ["weight", "bias", "scale", "shift", "last"]
    arrays = {name: normal(4) for name in names}
    arrays |= {"scale": normal(4), "variance": normal(4) ** 2, "weight": normal(4, 4), "last": normal(4, 3)}
    arrays = {name: array.astype(dtype) for name, array in arrays.items()}
    model = onnx_model(nodes, ["n", 4], {"answers": ["n", 3]}, arrays, dtype)
    for tensor in model.graph.initializer:
        tensor.CopyFrom(stored(onnx.numpy_helper.to_array(tensor), tensor.name, raw))
    model.producer_name, model.graph.doc_string = "somebody", "of something"
    model.metadata_props.add(key="classes", value="a, b")
    graph = opened(save(model))
    assert graph.to_onnx() == model.SerializeToString()
    move(graph)
    written = onnx.ModelProto.FromString(graph.to_onnx())
    assert without(graph.to_onnx(), learned) == without(model.SerializeToString(), learned)
    for old, new in zip(model.graph.initializer, written.graph.initializer, strict=True):
        assert (old == new) == (new.name not in learned), new.name
        assert new.data_type == old.data_type and new.HasField("raw_data") == raw
    x = normal(5, 4).astype(dtype)
    assert off(answers(graph, x.astype(np.float32)), told(graph.to_onnx(), x)) < max(near, 1e-5)
    assert off(answers(graph, x), told(graph.to_onnx(), x)) < near
    assert off(told(model.SerializeToString(), x), told(graph.to_onnx(), x)) > 1e-4


def test_external_data_are_read_and_written_into_the_file(net: Make, tmp_path: Path) -> None:
    model, path = net(), tmp_path / "net.onnx"
    onnx.save(
        copy.deepcopy(model), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    before = (path.read_bytes(), (tmp_path / "weights.bin").read_bytes())
    graph = opened(path)
    x = normal(2, 3, 8, 8)
    assert off(answers(graph, x), told(path, x)) < 1e-5
    move(graph)
    assert without(graph.to_onnx(), LEARNED) == without(onnx.load(path).SerializeToString(), LEARNED)
    assert off(answers(graph, x), told(graph.to_onnx(), x)) < 1e-5
    assert (path.read_bytes(), (tmp_path / "weights.bin").read_bytes()) == before


def test_a_torch_export_gives_the_gradients_of_its_module(tmp_path: Path) -> None:
    from brittle.gradients.local import open_local
    from brittle.models.export import export_onnx
    from brittle.models.options import ModelOptions

    nn, path = torch.nn, tmp_path / "net.onnx"
    layers = [nn.Conv2d(3, 8, 5, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    module = nn.Sequential(*layers, nn.Linear(8, 4)).eval()
    path.write_bytes(export_onnx(module, (3, 32, 32), ModelOptions()))
    x = normal(2, 3, 32, 32)
    ours, theirs = (torch.tensor(x, requires_grad=True) for _ in range(2))
    open_local(str(path)).logits(ours).square().sum().backward()
    module(theirs).square().sum().backward()
    assert torch.allclose(ours.grad, theirs.grad, rtol=1e-4, atol=1e-6)

"""Graphs with gradients as wholes: how inputs come in, what is differentiated, which graphs are refused."""

from typing import Any

import numpy as np
import pytest

from turned import agree, in_torch, model_of, off, turned, weights_for

pytest.importorskip("torch")
onnx: Any = pytest.importorskip("onnx")

RNG = np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


def net(shape: Any, channels_last: bool = False, opset: int = 17) -> Any:
    """Convolution, pool, mean and head over images or clips of 3 channels: 5 answers."""
    axes = len(shape) - 1
    first = [("Transpose", "x", "t", {"perm": [0, axes + 1, *range(1, axes + 1)]})] if channels_last else []
    nodes = [
        *first,
        ("Conv", f"{'t' if channels_last else 'x'} w", "a", {"strides": [2] * axes, "pads": [1] * 2 * axes}),
        ("Relu", "a", "b"),
        ("MaxPool", "b", "p", {"kernel_shape": [2] * axes, "strides": [1] * axes}),
        ("GlobalAveragePool", "p", "d"),
        ("Flatten", "d", "e"),
        ("Gemm", "e m c", "y"),
    ]
    rng = np.random.default_rng(5)
    sizes = {"w": (4, 3, *[3] * axes), "m": (4, 5), "c": (5,)}
    arrays = {name: rng.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    return model_of(nodes, shape, opset, **arrays)


def test_resizing_inside_is_resizing_before() -> None:
    from brittle.gradients.backward.graph import Entry
    from brittle.models.resize import matrix, resize

    model, asked = net((3, 9, 12)), normal(2, 5)
    for given in ((3, 14, 7), (3, 9, 20), (3, 5, 12)):
        x = RNG.random((2, *given), np.float32)
        answers, gradient = turned(model, x, asked, entry=Entry(given, (3, 9, 12)))
        expected, inner = in_torch(model, resize(x, (9, 12)), asked)
        assert off(answers, expected) < 1e-5
        assert off(gradient, matrix(given[1], 9).T @ inner @ matrix(given[2], 12)) < 1e-5


def test_signals_and_clips_are_resized_along_their_last_sides() -> None:
    from brittle.gradients.backward.graph import Entry
    from brittle.models.resize import matrix

    signal, x = net((3, 20)), normal(2, 3, 31)
    answers, _ = turned(signal, x, normal(2, 5), entry=Entry((3, 31), (3, 20)))
    assert off(answers, in_torch(signal, x @ matrix(31, 20).T, normal(2, 5))[0]) < 1e-5
    clip, x = net((3, 4, 8, 8)), normal(2, 3, 4, 9, 11)
    answers, _ = turned(clip, x, normal(2, 5), entry=Entry((3, 4, 9, 11), (3, 4, 8, 8)))
    inner = np.ascontiguousarray(matrix(9, 8) @ x @ matrix(11, 8).T)
    assert off(answers, in_torch(clip, inner, normal(2, 5))[0]) < 1e-5


@pytest.mark.parametrize("axis", [-1, 2])
def test_channels_last(axis: int) -> None:
    from brittle.gradients.backward.graph import Entry

    model, x, asked = net((8, 10, 3), channels_last=True), normal(2, 3, 8, 10), normal(2, 5)
    answers, gradient = turned(model, x, asked, entry=Entry((3, 8, 10), (8, 10, 3), axis))
    expected, inner = in_torch(model, np.ascontiguousarray(np.moveaxis(x, 1, -1)), asked)
    assert off(answers, expected) < 1e-5 and off(gradient, np.moveaxis(inner, -1, 1)) < 1e-5


def test_frames_first_and_resized() -> None:
    from brittle.gradients.backward.graph import Entry
    from brittle.models.resize import matrix

    nodes = [("Transpose", "x", "t", {"perm": [0, 2, 1, 3, 4]}), ("Mul", "t w", "y")]
    w = normal(3, 4, 8, 6)
    model, x = model_of(nodes, (4, 3, 8, 6), w=w), normal(2, 3, 4, 9, 6)
    asked = weights_for(model, normal(2, 4, 3, 8, 6))
    _, gradient = turned(model, x, asked, entry=Entry((3, 4, 9, 6), (4, 3, 8, 6), 1))
    assert off(gradient, matrix(9, 8).T @ (w * asked.reshape(2, 3, 4, 8, 6))) < 1e-5


@pytest.mark.parametrize(
    ("given", "taken"), [((3, 8, 8), (1, 8, 8)), ((3, 4, 8, 8), (3, 5, 8, 8)), ((3, 8), (3, 8, 8))]
)
def test_what_resizing_does_not_lead_to_is_refused(given: Any, taken: Any) -> None:
    from brittle.gradients.backward.graph import Entry, Unknown

    with pytest.raises(Unknown, match="an input of"):
        turned(net(taken), normal(1, *given), normal(1, 5), entry=Entry(given, taken))


@pytest.mark.parametrize("opset", [9, 10, 11, 12, 13, 18, 20, 22])
def test_graphs_of_every_opset(opset: int) -> None:
    agree(net((3, 9, 12), opset=opset), normal(2, 3, 9, 12))


def test_initializers_may_be_inputs_and_come_first() -> None:
    model, x, asked = net((3, 9, 12)), normal(2, 3, 9, 12), normal(2, 5)
    weight = onnx.helper.make_tensor_value_info("w", onnx.TensorProto.FLOAT, [4, 3, 3, 3])
    expected = turned(model, x, asked)[1]
    model.graph.input.insert(0, weight)
    assert np.array_equal(turned(model, x, asked)[1], expected)


@pytest.mark.parametrize("kind", ["Softmax", "LogSoftmax"])
def test_a_last_softmax_is_left_out(kind: str) -> None:
    nodes = [("Flatten", "x", "a"), ("Gemm", "a w", "b"), (kind, "b", "y", {"axis": 1})]
    w, x, asked = normal(12, 5), 100 * normal(2, 3, 4), normal(2, 5)
    model = model_of(nodes, (3, 4), w=w)
    del model.graph.node[-1]
    model.graph.node[-1].output[0] = "answers"
    answers, gradient = turned(model, x, asked)
    assert off(answers, x.reshape(2, 12) @ w) < 1e-5
    assert off(gradient, (asked @ w.T).reshape(2, 3, 4)) < 1e-5


def test_losses_are_torch_s() -> None:
    model, x = net((3, 9, 12)), normal(3, 3, 9, 12)
    asked = np.array([[1, -1, -1, -1, -1], [-1, 1, -1, 1, -1], [0, -1, 1, 0, -1]], np.float32)
    for loss in ("margin", "away", "along"):
        for found, expected in zip(
            turned(model, x, asked, loss), in_torch(model, x, asked, loss), strict=True
        ):
            assert off(found, expected) < 1e-5


def test_the_margin_is_that_of_the_best_of_several_classes() -> None:
    w, x = normal(4, 5), normal(1, 4)
    model = model_of([("MatMul", "x w", "y")], (4,), w=w)
    asked = np.array([[1, 1, -1, -1, 0]], np.float32)
    logits, gradient = turned(model, x, asked, "margin")
    own, other = logits[0, :2].argmax(), 2 + logits[0, 2:4].argmax()
    assert off(gradient[0], w[:, own] - w[:, other]) < 1e-6


def test_a_row_alone_and_in_a_batch() -> None:
    """The same batch gives the same numbers; in another, a product of matrices may add up in another order.

    Of the networks in test_real_graphs.py a row alone has the same answers, and but for two the gradient.
    """
    model, x, asked = net((3, 9, 12)), normal(7, 3, 9, 12), normal(7, 5)
    together = turned(model, x, asked)
    alone = [turned(model, x[k : k + 1], asked[k : k + 1]) for k in range(7)]
    for whole, rows in zip(together, zip(*alone, strict=True), strict=True):
        assert off(whole, np.concatenate(rows)) < 1e-6
    again = turned(model, x, asked)
    assert all(np.array_equal(one, other) for one, other in zip(together, again, strict=True))


def test_what_moves_in_steps_hands_nothing_down() -> None:
    nodes = [("Floor", "x", "a"), ("Mul", "a x", "b"), ("Greater", "x w", "c"), ("Where", "c b x", "y")]
    agree(model_of(nodes, (4,), w=normal(4)), 3 * normal(2, 4))


def test_what_only_a_second_output_leads_to_is_not_left_out() -> None:
    from brittle.gradients.backward.graph import Unknown

    nodes = [("TopK", "x k", "a i"), ("Cast", "i", "b", {"to": 1}), ("Mul", "b a", "y")]
    model = model_of(nodes, (4,), k=np.array([2]))
    with pytest.raises(Unknown, match="the second output of TopK"):
        turned(model, normal(2, 4), normal(2, 2))


def test_what_has_no_rule_is_named() -> None:
    from brittle.gradients.backward.graph import Unknown

    x, asked = normal(1, 3, 4), normal(1, 12)
    refused: dict[str, list[Any]] = {
        "Sin": [("Sin", "x", "y")],
        "Cast to another type": [("Cast", "x", "a", {"to": 7}), ("Cast", "a", "y", {"to": 1})],
        "Pad by mirrored": [("Pad", "x pads", "y", {"mode": "reflect"})],
        "more than a list": [("Gather", "x table", "y", {"axis": 1})],
        "does not depend on its input": [("Floor", "x", "y")],
    }
    arrays: dict[str, Any] = {"pads": np.array([0, 0, 1, 0, 0, 1]), "table": np.array([[0, 1]])}
    for words, nodes in refused.items():
        read = {name: array for name, array in arrays.items() if name in nodes[0][1]}
        with pytest.raises(Unknown, match=words):
            turned(model_of(nodes, (3, 4), **read), x, asked)


def test_a_part_that_nobody_reads_may_be_infinite() -> None:
    nodes = [("Split", "x", "a b", {"axis": 1}), ("Neg", "a", "y")]
    x = np.array([[1, 2, np.inf, 4]], np.float32)
    _, gradient = turned(model_of(nodes, (4,)), x, np.ones((1, 2), np.float32))
    assert np.array_equal(gradient, [[-1, -1, 0, 0]])

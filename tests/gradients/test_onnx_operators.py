"""Every operator in torch answers as onnxruntime does, in the forms of the opsets that it takes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

torch: Any = pytest.importorskip("torch")
onnx: Any = pytest.importorskip("onnx")

RNG = np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


def ints(*values: int) -> Any:
    return np.array(values, np.int64)


def one(value: float) -> Any:
    return np.array(value, np.float32)


def case(operator: str, *inputs: Any, opset: int = 17, outputs: int = 1, **attributes: Any) -> Any:
    """One call; inputs are arrays, None where one is left out, and the first is the graph's own."""
    words = ",".join(f"{name}={value}" for name, value in attributes.items() if not hasattr(value, "dims"))
    return pytest.param(operator, inputs, opset, outputs, attributes, id=f"{operator}{opset}-{words}")


IMAGE, SIGNAL, CLIP, ROWS = normal(2, 4, 9, 8), normal(2, 4, 11), normal(2, 4, 5, 6, 7), normal(3, 6)
FILTERS, BIAS = normal(6, 4, 3, 2), normal(6)
SIZES, FLAGS = ints(2, 3, 5, 7), np.array([True, False, True])

UNARY = (
    "Abs Ceil Cos Dropout Elu Erf Exp Floor HardSigmoid Identity LeakyRelu Neg Reciprocal Relu Round "
    "Selu Sigmoid Sign Sin Softplus Softsign Tanh Mish:18 HardSwish Gelu:20"
)
BINARY = "Add Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mul Pow PRelu Sub Sum"


def pointwise() -> Iterator[Any]:
    for name in UNARY.split():
        operator, _, opset = name.partition(":")
        yield case(operator, IMAGE, opset=int(opset or 17))
    yield from (case(operator, np.abs(IMAGE)) for operator in ("Log", "Sqrt"))
    yield from (case(operator, np.abs(IMAGE), normal(4, 1, 1)) for operator in BINARY.split())
    yield from (
        case(operator, IMAGE, IMAGE[::-1].copy(), IMAGE[:1]) for operator in ("Max", "Mean", "Min", "Sum")
    )
    yield from (case(operator, FLAGS, FLAGS[::-1].copy()) for operator in ("And", "Or"))
    yield case("Not", FLAGS)
    yield case("Div", ints(7, -7, 9), ints(2, 2, -4))
    yield case("Mod", ints(7, -7, 9), ints(2, 2, -4))
    yield case("Mod", ints(7, -7, 9), ints(2, 2, -4), fmod=1)
    yield case("Pow", SIZES, one(2.0))
    yield case("Where", FLAGS, normal(2, 3), normal(2, 1))
    yield case("Elu", IMAGE, alpha=0.3)
    yield case("Selu", IMAGE, alpha=1.1, gamma=0.7)
    yield case("LeakyRelu", IMAGE, alpha=0.2)
    yield case("HardSigmoid", IMAGE, alpha=0.4, beta=0.1)
    yield case("Gelu", IMAGE, opset=20, approximate="tanh")
    yield case("Dropout", IMAGE, opset=11, ratio=0.4)
    yield case("Dropout", IMAGE, one(0.4))
    yield case("Clip", IMAGE, one(-0.1), one(0.3))
    yield case("Clip", IMAGE, None, one(0.3))
    yield case("Clip", IMAGE, one(-0.1))
    yield case("Clip", IMAGE)
    yield case("Clip", IMAGE, opset=10, min=-0.1, max=0.3)
    yield case("Clip", IMAGE, opset=10, min=-0.1)


def shapes() -> Iterator[Any]:
    yield from (case("Cast", IMAGE, to=kind) for kind in (1, 6, 7, 9, 10, 11))
    yield case("Cast", ints(0, 3), opset=19, to=1)
    yield from (case("Concat", IMAGE, IMAGE[::-1].copy(), axis=axis) for axis in (1, -1))
    yield case("ConstantOfShape", ints(2, 0, 3))
    yield case("ConstantOfShape", ints(2, 3), value=onnx.numpy_helper.from_array(ints(7)))
    yield from (case("DepthToSpace", IMAGE, blocksize=2, mode=mode) for mode in ("DCR", "CRD"))
    yield case("DepthToSpace", normal(2, 12, 3, 2), blocksize=2)
    yield case("SpaceToDepth", normal(2, 3, 6, 4), blocksize=2)
    yield from (case("Expand", normal(3, 1), ints(*sizes)) for sizes in ((2, 3, 4), (3, 4), (1, 1)))
    yield from (case("Flatten", IMAGE, axis=axis) for axis in (0, 1, 2, 4, -1))
    yield case("Flatten", IMAGE)
    yield from (
        case("Gather", IMAGE, index, axis=1) for index in (ints(2, -1), np.array(-2), np.array([[0, 1]]))
    )
    yield case("Gather", SIZES, np.array(0))
    yield case("GatherElements", ROWS, np.array([[0, -1], [2, 3], [5, 1]]), axis=1)
    yield from (
        case("Pad", IMAGE, ints(0, 0, 1, 2, 0, 0, 3, 0), mode=m) for m in ("constant", "edge", "reflect")
    )
    yield case("Pad", IMAGE, ints(0, 0, 1, 2, 0, 0, 3, 0), opset=19, mode="wrap")
    yield case("Pad", IMAGE, ints(0, 0, -1, 2, 0, 0, 3, -2), one(0.7))
    yield case("Pad", IMAGE, ints(1, 0, 0, 2), one(0.7), ints(-1, 1), opset=18)
    yield case("Pad", IMAGE, ints(1, 0, 0, 2), None, ints(-1, 1), opset=18, mode="edge")
    yield case("Pad", IMAGE, opset=10, pads=[0, 0, 1, 2, 0, 0, 3, 0], value=0.7)
    yield case("Range", np.array(1), np.array(8), np.array(3))
    yield case("Range", one(1.0), one(-1.0), one(-0.5))
    yield from (case("Reshape", IMAGE, ints(*sizes)) for sizes in ((0, -1), (-1, 4, 72), (0, 0, 72)))
    yield case("Reshape", normal(0, 3), ints(3, 0), allowzero=1)
    yield case("Shape", IMAGE)
    yield case("Shape", IMAGE, start=-2)
    yield case("Shape", IMAGE, start=1, end=-1)
    yield case("Size", IMAGE)
    yield case("Slice", IMAGE, ints(1, -3), ints(9, 2**62), ints(1, -1))
    yield case("Slice", IMAGE, ints(-1, 7), ints(-(2**62), 1), ints(2, 3), ints(-2, -3))
    yield case("Slice", IMAGE, ints(0, 1), ints(1, 3))
    yield case("Slice", IMAGE, ints(5), ints(2), ints(2))
    yield case("Slice", SIZES, ints(2), ints(0), ints(0), ints(-1))
    yield case("Slice", IMAGE, opset=9, starts=[1, -3], ends=[9, 8], axes=[1, 3])
    yield case("Split", IMAGE, ints(1, 3), outputs=2, axis=1)
    yield case("Split", IMAGE, outputs=4, axis=-1)
    yield case("Split", IMAGE, opset=11, outputs=3, axis=2)
    yield case("Split", IMAGE, opset=11, outputs=2, axis=1, split=[3, 1])
    yield from (case("Split", IMAGE, opset=18, outputs=k, axis=2, num_outputs=k) for k in (2, 4))
    yield case("Squeeze", normal(2, 1, 3, 1))
    yield case("Squeeze", normal(2, 1, 3, 1), ints(-1))
    yield case("Squeeze", normal(2, 1, 3, 1), opset=11, axes=[1, -1])
    yield case("Tile", ROWS, ints(2, 3))
    yield case("TopK", ROWS, ints(2), outputs=2)
    yield case("TopK", ROWS, ints(2), outputs=2, axis=0, largest=0)
    yield case("TopK", ROWS, opset=9, outputs=2, k=2)
    yield case("Transpose", IMAGE)
    yield case("Transpose", IMAGE, perm=[0, 2, 3, 1])
    yield case("Unsqueeze", ROWS, ints(-1, 1))
    yield case("Unsqueeze", ROWS, ints(0, 3))
    yield case("Unsqueeze", ROWS, opset=11, axes=[1, -1])


def reductions() -> Iterator[Any]:
    for name in ("L1", "L2", "Max", "Mean", "Min", "Sum", "SumSquare"):
        old = {"opset": 11} if name == "Sum" else {}
        yield case(f"Reduce{name}", IMAGE, **old, axes=[1, -1])
        yield case(f"Reduce{name}", IMAGE, **old, keepdims=0)
        yield case(f"Reduce{name}", IMAGE, ints(-2, 3), opset=18, keepdims=0)
        yield case(f"Reduce{name}", IMAGE, opset=18)
    yield case("ReduceSum", IMAGE, noop_with_empty_axes=1)
    yield case("ReduceMax", SIZES, axes=[0], keepdims=0)


def windows() -> Iterator[Any]:
    inputs = {1: SIGNAL, 2: IMAGE, 3: CLIP}
    for axes, x in inputs.items():
        kernel = [3, 2, 3][:axes]
        yield case("Conv", x, normal(6, 4, *kernel), BIAS, pads=[1] * axes + [0] * axes, strides=[2] * axes)
        yield case("ConvTranspose", x, normal(4, 6, *kernel), BIAS, pads=[1] * 2 * axes, strides=[2] * axes)
        yield case("MaxPool", x, kernel_shape=kernel, pads=[1] * axes + [0] * axes, strides=[2] * axes)
        yield case("AveragePool", x, kernel_shape=kernel, pads=[1] * axes + [0] * axes, strides=[2] * axes)
        yield case("GlobalAveragePool", x)
        yield case("GlobalMaxPool", x)
    yield case("Conv", IMAGE, FILTERS)
    yield case("Conv", IMAGE, FILTERS, BIAS, pads=[1, 1, 1, 1], dilations=[2, 1], kernel_shape=[3, 2])
    yield case("Conv", IMAGE, normal(4, 1, 3, 3), normal(4), group=4, pads=[1, 1, 1, 1])
    for pads in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        yield case("Conv", IMAGE, FILTERS, BIAS, auto_pad=pads, strides=[2, 3])
        yield case("MaxPool", IMAGE, kernel_shape=[3, 2], auto_pad=pads, strides=[2, 3])
        yield case("AveragePool", IMAGE, kernel_shape=[3, 2], auto_pad=pads, strides=[2, 3])
        yield case("ConvTranspose", IMAGE, normal(4, 6, 3, 3), BIAS, auto_pad=pads, strides=[2, 2])
    yield case("ConvTranspose", IMAGE, normal(4, 3, 3, 3), group=2, dilations=[2, 1], pads=[1, 0, 2, 1])
    yield case("ConvTranspose", IMAGE, normal(4, 6, 3, 3), BIAS, strides=[2, 3], output_padding=[1, 2])
    yield case("ConvTranspose", IMAGE, normal(4, 6, 3, 3), BIAS, strides=[2, 3], output_shape=[18, 23])
    for ceil in (0, 1):
        yield case("MaxPool", IMAGE, kernel_shape=[3, 3], strides=[2, 3], dilations=[2, 1], ceil_mode=ceil)
        for kernel, strides in (([3, 3], [2, 3]), ([2, 2], [3, 2]), ([1, 3], [2, 4])):
            sides: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "ceil_mode": ceil}
            yield case("MaxPool", IMAGE, **sides, pads=[0, 1, 0, 1])
            for counted in (0, 1):
                yield case("AveragePool", IMAGE, **sides, pads=[0, 1, 0, 1], count_include_pad=counted)


def layers() -> Iterator[Any]:
    per_channel = [normal(4), normal(4), normal(4), np.abs(normal(4)) + 0.1]
    yield from (
        case("BatchNormalization", x, *per_channel, epsilon=0.01) for x in (IMAGE, CLIP, normal(3, 4))
    )
    yield case("BatchNormalization", IMAGE, *per_channel, opset=9, momentum=0.5)
    yield case("Einsum", ROWS, normal(6, 2), equation="ij,jk->ki")
    yield case("Gemm", ROWS, normal(6, 2))
    yield case("Gemm", ROWS, normal(2, 6), normal(2), transB=1, alpha=0.5, beta=2.0)
    yield case("Gemm", ROWS, normal(2, 3), normal(6, 1), transA=1, transB=1)
    yield case("InstanceNormalization", IMAGE, normal(4), normal(4), epsilon=0.01)
    yield case("LRN", IMAGE, size=3, alpha=0.1, beta=0.5, bias=2.0)
    yield case("LayerNormalization", IMAGE, normal(8), normal(8))
    yield case("LayerNormalization", IMAGE, normal(9, 8), axis=-2, epsilon=0.01)
    yield from (case("MatMul", x, normal(6, 2)) for x in (ROWS, normal(6), normal(2, 3, 6)))
    yield case("MatMul", normal(2, 5, 3, 6), normal(5, 6, 2))
    for operator in ("LogSoftmax", "Softmax"):
        yield case(operator, IMAGE)
        yield case(operator, IMAGE, axis=1)
        yield case(operator, IMAGE, opset=11)
        yield case(operator, IMAGE, opset=11, axis=-1)


CASES = [*pointwise(), *shapes(), *reductions(), *windows(), *layers()]


@pytest.mark.parametrize(("operator", "inputs", "opset", "outputs", "attributes"), CASES)
def test_an_operator_answers_as_onnxruntime_does(
    operator: str, inputs: Any, opset: int, outputs: int, attributes: dict[str, Any]
) -> None:
    from brittle.gradients.onnx_nodes import nodes_of

    names = ["" if x is None else f"x{i}" for i, x in enumerate(inputs)]
    told = [f"y{k}" for k in range(outputs)]
    helper, values = onnx.helper, dict(zip(names, inputs, strict=True))
    kind = helper.np_dtype_to_tensor_dtype(inputs[0].dtype)
    graph = helper.make_graph(
        [helper.make_node(operator, names, told, **attributes)],
        "tiny",
        [helper.make_tensor_value_info("x0", kind, inputs[0].shape)],
        [onnx.ValueInfoProto(name=name) for name in told],
        [onnx.numpy_helper.from_array(values[name], name) for name in names[1:] if name],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    session = ort.InferenceSession(model.SerializeToString())
    found: dict[str, Any] = {
        name: None if x is None else torch.from_numpy(x.copy()) for name, x in values.items()
    }
    for node in nodes_of(model, told[-1], "tiny"):
        node.run(found)
    for name, expected in zip(told, session.run(told, {"x0": inputs[0]}), strict=True):
        answer = found[name].numpy()
        assert answer.shape == expected.shape and answer.dtype == expected.dtype
        np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("form", "value", "dtype"),
    [
        ("value_int", 3, torch.int64),
        ("value_ints", [3, 4], torch.int64),
        ("value_float", 0.5, torch.float32),
        ("value_floats", [0.5, 2.0], torch.float32),
        ("value", onnx.numpy_helper.from_array(np.array([3.5])), torch.float64),
    ],
)
def test_a_constant_of_every_form(form: str, value: Any, dtype: Any) -> None:
    from brittle.gradients.onnx_nodes import nodes_of

    node = onnx.helper.make_node("Constant", [], ["y"], **{form: value})
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "tiny", [], []))
    found: dict[str, Any] = {}
    nodes_of(model, "y", "tiny")[0].run(found)
    assert found["y"].dtype == dtype
    assert found["y"].tolist() == ([3.5] if form == "value" else value)


def test_every_operator_is_tested() -> None:
    from brittle.gradients.operators import operators

    assert {*operators(17)} == {str(case.values[0]) for case in CASES} | {"Constant"}

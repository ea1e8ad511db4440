"""The rule of every operator gives the gradient that torch gives."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from turned import agree, model_of, turned

pytest.importorskip("torch")
onnx: Any = pytest.importorskip("onnx")

RNG = np.random.default_rng(0)
N = 3


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


def ints(*values: int) -> Any:
    return np.array(values, np.int64)


def one(value: float) -> Any:
    return np.array(value, np.float32)


IMAGE, ROW, SIGNAL = (4, 5, 6), (6,), (4, 9)


def case(shape: Sequence[int], *nodes: Any, opset: int = 17, name: str = "", **arrays: Any) -> Any:
    """Nodes from x to y."""
    words = name or " ".join(f"{key}={value}" for node in nodes for key, value in dict(*node[3:]).items())
    title = f"{nodes[-1][0]}{opset} {words}".replace("\n", "")
    return pytest.param(shape, nodes, arrays, opset, id=title)


def pointwise() -> Iterator[Any]:
    simple = "Dropout Exp HardSigmoid Identity LeakyRelu Neg Relu Sigmoid Tanh"
    yield from (case(IMAGE, (kind, "x", "y")) for kind in simple.split())
    yield case(IMAGE, ("Exp", "x", "a"), ("Sqrt", "a", "y"))
    yield case(IMAGE, ("LeakyRelu", "x", "y", {"alpha": 0.3}))
    yield case(IMAGE, ("HardSigmoid", "x", "y", {"alpha": 0.4, "beta": 0.1}))
    yield case(IMAGE, ("Cast", "x", "y", {"to": 1}))
    for kind in ("Add", "Sub", "Mul", "Div"):
        for wide in (normal(4, 1, 1), normal(3, 1, 5, 1), normal(N, 4, 5, 6)):
            wide = np.sign(wide) * (0.5 + np.abs(wide))
            yield case(IMAGE, (kind, "x w", "y"), w=wide, name=f"by {wide.shape}")
            yield case(IMAGE, (kind, "w x", "y"), w=wide, name=f"of {wide.shape}")
        yield case((1, 5, 6), (kind, "x w", "y"), w=normal(4, 1, 6), name="both repeated")
        yield case(IMAGE, ("Exp", "x", "a"), (kind, "x a", "y"), name="of itself")
    for limits in ("x low high", "x low", "x  high", "x"):
        yield case(IMAGE, ("Clip", limits, "y"), name=limits, low=one(-0.4), high=one(0.6))
    yield case(IMAGE, ("Clip", "x", "y", {"min": -0.5, "max": 0.5}), opset=10)
    yield case(IMAGE, ("Where", "some x w", "y"), some=RNG.random((5, 6)) < 0.5, w=normal(6), name="then")
    yield case(IMAGE, ("Where", "some w x", "y"), some=RNG.random((5, 6)) < 0.5, w=normal(6), name="else")
    yield case(IMAGE, ("Greater", "x w", "a"), ("Where", "a x w", "y"), w=normal(6), name="by itself")


def curves() -> Iterator[Any]:
    yield from (case(IMAGE, (kind, "x", "y")) for kind in ("Abs", "Elu", "Erf", "HardSwish", "Softplus"))
    yield case(IMAGE, ("Elu", "x", "y", {"alpha": 0.3}))
    yield case(IMAGE, ("Mul", "x five", "a"), ("HardSwish", "a", "y"), five=one(5), name="beyond 3")
    for kind in ("Log", "Reciprocal"):
        yield case(IMAGE, ("Exp", "x", "a"), (kind, "a", "y"))
    for how in ("none", "tanh"):
        yield case(IMAGE, ("Gelu", "x", "y", {"approximate": how}), opset=20)
    yield case(IMAGE, ("Pow", "x p", "y"), p=one(2), name="square")
    yield case(IMAGE, ("Pow", "x p", "y"), p=np.array(3), name="whole number")
    powers = np.array([0.5, -1, 2, 1, 3, 0], np.float32)
    yield case(IMAGE, ("Exp", "x", "a"), ("Pow", "a p", "y"), p=powers, name="of a row")
    yield case((1, 5, 1), ("Exp", "x", "a"), ("Pow", "a p", "y"), p=powers, name="both repeated")
    for kind in ("Max", "Min", "Sum"):
        yield case((1, 5, 6), (kind, "x w x v", "y"), w=normal(4, 1, 6), v=one(0.1), name="of several")
        yield case(IMAGE, (kind, "x", "y"), name="of one")


def shapes() -> Iterator[Any]:
    for axis in (1, -1):
        yield case(IMAGE, ("Neg", "x", "a"), ("Concat", "a x a", "y", {"axis": axis}))
    for axis in (1, 2, -1):
        nodes = [("Flatten", "x", "a", {"axis": axis}), ("Reshape", "a sizes", "y")]
        yield case(IMAGE, *nodes, sizes=ints(-1, 120))
    yield case(IMAGE, ("Reshape", "x sizes", "y"), sizes=ints(0, -1, 3))
    yield case(IMAGE, ("Transpose", "x", "y", {"perm": [0, 3, 1, 2]}))
    yield case(IMAGE, ("Transpose", "x", "y"), ("Transpose", "y", "z"), name="twice")
    yield case((4, 1, 3), ("Squeeze", "x axes", "y"), axes=ints(-2))
    yield case((4, 1, 3), ("Squeeze", "x", "y", {"axes": [2]}), opset=11)
    yield case(IMAGE, ("Unsqueeze", "x axes", "y"), axes=ints(-1, 1))
    yield case((4, 1, 3), ("Expand", "x sizes", "y"), sizes=ints(4, 5, 3), name="rows")
    nodes = [("Expand", "x sizes", "a"), ("ReduceSum", "a first", "y", {"keepdims": 0})]
    yield case((4, 3), *nodes, sizes=ints(2, 1, 1, 3), first=ints(0), name="more axes")
    yield case(IMAGE, ("Split", "x", "a y", {"axis": 1}), ("Neg", "y", "z"), name="one part unused")
    yield case(
        IMAGE,
        ("Split", "x cut", "a b c", {"axis": -1}),
        ("Concat", "c a", "y", {"axis": 3}),
        cut=ints(1, 3, 2),
    )
    yield case(IMAGE, ("Split", "x", "a y", {"axis": 2, "split": [2, 3]}), ("Neg", "a", "z"), opset=11)
    yield case(IMAGE, ("Pad", "x pads", "y"), pads=ints(0, 0, 1, 2, 0, 0, 3, 0))
    yield case(IMAGE, ("Pad", "x pads value", "y"), pads=ints(0, 1, -1, 2, 0, 0, 3, -2), value=one(0.7))
    yield case(
        IMAGE,
        ("Pad", "x pads value axes", "y"),
        pads=ints(1, -1, 0, 2),
        value=one(0.7),
        axes=ints(-1, 1),
        opset=18,
    )
    yield from gathers()


def gathers() -> Iterator[Any]:
    for which in (np.array(2), np.array(-1), ints(2, 0, -1, 2, 2), ints(1)):
        for axis in (1, -1, 2):
            yield case(IMAGE, ("Gather", "x which", "y", {"axis": axis}), which=which, name=f"{which} {axis}")


def reductions() -> Iterator[Any]:
    for kind in ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"):
        older = 11 if kind == "ReduceSum" else 17
        for keep in (0, 1):
            yield case(IMAGE, (kind, "x", "y", {"axes": [-1, 1], "keepdims": keep}), opset=older)
            yield case(IMAGE, (kind, "x axes", "y", {"keepdims": keep}), axes=ints(2, -1), opset=18)
        yield case(IMAGE, (kind, "x none", "y", {"noop_with_empty_axes": 1}), none=ints(), opset=18)
        if kind != "ReduceMean":
            yield case(IMAGE, (kind, "x", "a"), ("Mul", "a x", "y"), name=f"{kind} of all axes")
    yield case(IMAGE, ("GlobalAveragePool", "x", "y"))
    yield case(SIGNAL, ("GlobalAveragePool", "x", "y"))
    for largest in (0, 1):
        yield case(IMAGE, ("TopK", "x k", "y i", {"axis": 1, "largest": largest}), k=ints(2))
    yield case(IMAGE, ("TopK", "x k", "y i"), k=ints(3), name="last axis")


# A transpose that stands right before Gemm is folded into it.
TURNED = [("Transpose", "x", "t"), ("Sigmoid", "t", "u")]


def layers() -> Iterator[Any]:
    for a in (0, 1):
        for b in (0, 1):
            how = {"transA": a, "transB": b, "alpha": 0.5, "beta": 2.0}
            left, start = (TURNED, "u") if a else ([], "x")
            w = normal(3, 6) if b else normal(6, 3)
            yield case(ROW, *left, ("Gemm", f"{start} w c", "y", how), w=w, c=normal(3), name=f"left {a}{b}")
            yield case(
                ROW, *left, ("Gemm", f"{start} w", "y", {**how, "alpha": 1.0}), w=w, name=f"bare {a}{b}"
            )
            right, end = (TURNED, "u") if b else ([], "x")
            yield case(ROW, *right, ("Gemm", f"w {end}", "y", how), w=normal(N, N), name=f"right {a}{b}")
    yield case(ROW, ("Gemm", "v w x", "y", {"beta": 0.3}), v=normal(3, 2), w=normal(2, 6), name="added")
    yield case(ROW, ("MatMul", "x w", "y"), w=normal(6, 2))
    yield case((5, 6), ("MatMul", "x w", "y"), w=normal(6, 2), name="batched by one matrix")
    yield case((5, 6), ("MatMul", "w x", "y"), w=normal(2, 5), name="one matrix by batched")
    yield case(IMAGE, ("MatMul", "x w", "y"), w=normal(4, 6, 2), name="batched by batched")
    yield case((1, 5, 6), ("MatMul", "x w", "y"), w=normal(4, 6, 2), name="repeated")
    yield case((5, 6), ("Transpose", "x", "t", {"perm": [0, 2, 1]}), ("MatMul", "x t", "y"), name="of itself")
    stored = {"s": normal(4), "b": normal(4), "m": normal(4), "v": np.abs(normal(4)) + 0.1}
    for shape in (IMAGE, SIGNAL, (4,)):
        nodes = [("Sigmoid", "x", "a"), ("BatchNormalization", "a s b m v", "y", {"epsilon": 0.01})]
        yield case(shape, *nodes, **stored, name=f"{len(shape)} axes")
    for axis in (-1, 2):
        parts = {"s": normal(*IMAGE[axis if axis < 0 else axis - 1 :]), "b": normal(6)}
        how = {"axis": axis, "epsilon": 0.01}
        yield case(IMAGE, ("LayerNormalization", "x s b", "y", how), **parts, name=f"from {axis}")
        yield case(IMAGE, ("LayerNormalization", "x s", "y", {"axis": axis}), **parts, name=f"bare {axis}")
    for kind in ("Softmax", "LogSoftmax"):
        yield from (case(IMAGE, (kind, "x", "y", {"axis": axis})) for axis in (1, -1, 2))
        yield case(IMAGE, (kind, "x", "y"), opset=11)


def slices() -> Iterator[Any]:
    forms = {
        "some axes": (ints(1, -3), ints(9, 2**62), ints(1, -1), ints(1, 1)),
        "steps": (ints(0, 1), ints(99, 6), ints(2, 3), ints(2, 3)),
        "backwards": (ints(-1, 4), ints(-(2**62), 0), ints(2, 3), ints(-2, -3)),
        "both ways": (ints(3, 0), ints(0, 6), ints(1, 3), ints(-1, 4)),
        "one": (ints(2), ints(3), ints(-2), ints(1)),
    }
    for name, arrays in forms.items():
        given = dict(zip(("s", "e", "a", "t"), arrays, strict=True))
        yield case(IMAGE, ("Slice", "x s e a t", "y"), **given, name=name)
    yield case(IMAGE, ("Slice", "x s e", "y"), s=ints(0, 1, 0), e=ints(2**31 - 1, 3, 9), name="no axes")
    turned = {"s": ints(1), "e": ints(9), "a": ints(1), "t": ints(3)}
    swapped = ("Transpose", "x", "a1", {"perm": [1, 2, 0, 3]})
    yield case(
        IMAGE,
        swapped,
        ("Slice", "a1 s e a t", "b"),
        ("Transpose", "b", "y", {"perm": [2, 0, 1, 3]}),
        **turned,
        name="batch in the middle",
    )


CASES = [*pointwise(), *curves(), *shapes(), *slices(), *reductions(), *layers()]


@pytest.mark.parametrize(("shape", "nodes", "arrays", "opset"), CASES)
def test_a_rule_gives_torch_s_gradient(shape: Any, nodes: Any, arrays: Mapping[str, Any], opset: int) -> None:
    agree(model_of(nodes, shape, opset, **arrays), normal(N, *shape))


def test_a_value_on_a_bound_can_still_be_moved() -> None:
    model = model_of([("Clip", "x low high", "y")], (5,), low=one(0), high=one(1))
    x = np.array([[-0.1, 0, 0.5, 1, 1.1]], np.float32)
    agree(model, x)
    assert turned(model, x, np.ones((1, 5), np.float32))[1].tolist() == [[0, 1, 1, 1, 0]]


WINDOWS = ("Conv", "MaxPool", "AveragePool")  # see test_backward_windows.py


def test_every_rule_is_tried() -> None:
    from brittle.gradients.backward.graph import RULES

    assert {node[0] for tried in CASES for node in tried.values[1]} | set(WINDOWS) >= set(RULES)

"""A surrogate shows patchwork where clips are weak, too."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle

onnx: Any = pytest.importorskip("onnx")

SHAPE, CLASSES = (3, 4, 12, 12), 5
COMMON = np.random.default_rng(0).normal(size=(CLASSES, int(np.prod(SHAPE))))


def linear(path: Path, seed: int) -> Any:
    """A linear model of clips that has most of its weights in common with the others; returns them."""
    weights = COMMON + 0.6 * np.random.default_rng(seed).normal(size=COMMON.shape)
    weights = (0.05 * weights).astype(np.float32)
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", kind, ["n", *SHAPE])],
        [helper.make_tensor_value_info("y", kind, ["n", CLASSES])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))
    return weights


def test_a_clip_flips_sooner_and_nearer_with_a_surrogate(tmp_path: Path) -> None:
    weights = linear(tmp_path / "victim.onnx", 1)
    linear(tmp_path / "other.onnx", 2)
    x = np.random.default_rng(3).integers(0, 256, (6, *SHAPE), np.uint8)
    y = (x.reshape(len(x), -1) / 255 @ weights.T).argmax(axis=1)
    np.savez(tmp_path / "clips.npz", x=x, y=y, rate=np.array(25.0))
    found = []
    for surrogates in ((), (str(tmp_path / "other.onnx"),)):
        run = brittle.audit(
            tmp_path / "victim.onnx",
            tmp_path / "clips.npz",
            search="patchwork",
            budget=50,
            surrogates=surrogates,
            out=tmp_path / f"run{len(surrogates)}",
        )
        found.append(run.summary())
    alone, guided = found
    assert guided["samples"] == alone["samples"] == 6 and guided["asr"] == 1.0
    assert guided["l2"]["median"] < 0.7 * alone["l2"]["median"]
    assert guided["queries"]["median"] < alone["queries"]["median"]
    assert guided["notes"]["surrogate_rows"]["median"] > 0

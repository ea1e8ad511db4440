"""What onnxruntime and torch answer of one ONNX graph, and what of it is not to change."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

RNG = np.random.default_rng(0)  # begun anew before every test of gradients/


def told(model: Any, x: Any, output: str | None = None) -> Any:
    """What onnxruntime answers, of a file or its bytes, with the first output or the one that is named."""
    session = ort.InferenceSession(model)
    return session.run(output and [output], {session.get_inputs()[0].name: x})[0]


def answers(graph: Any, x: Any) -> Any:
    """What torch answers."""
    import torch

    with torch.no_grad():
        return graph(torch.from_numpy(x)).numpy()


def off(found: Any, expected: Any) -> float:
    """The greatest difference, of the greatest answer."""
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def move(graph: Any) -> None:
    """Change each number of its parameters by about a hundredth."""
    import torch

    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in graph.parameters():
            weight *= 1 + 0.01 * torch.randn(weight.shape, generator=generator).to(weight.dtype)


def without(model: bytes, names: Sequence[str]) -> bytes:
    """A model whose initializers of these names hold nothing."""
    import onnx

    bare = onnx.ModelProto.FromString(model)
    for tensor in bare.graph.initializer:
        if tensor.name in names:
            for field in ("raw_data", "float_data", "double_data", "int32_data"):
                tensor.ClearField(field)
    data: bytes = bare.SerializeToString()
    return data


def normal(*shape: int) -> Any:
    """Weights or inputs at random."""
    return RNG.normal(size=shape).astype(np.float32)


def opened(path: Path, output: str | None = None) -> Any:
    """The graph of a file, as a torch module."""
    from brittle.gradients.onnx_graph import trainable_graph

    return trainable_graph(path, output)

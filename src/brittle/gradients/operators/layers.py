"""ONNX operators that multiply matrices, normalise, or share out by softmax."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F

from brittle.gradients.operators.pointwise import Operator
from brittle.gradients.operators.shapes import flatten


def gemm(
    x: Any, y: Any, z: Any = None, *, alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0
) -> Any:
    """alpha x y + beta z."""
    left, right = x.T if transA else x, y.T if transB else y
    return alpha * (left @ right) if z is None else torch.addmm(z, left, right, beta=beta, alpha=alpha)


def batch_norm(
    x: Any, scale: Any, bias: Any, mean: Any, variance: Any, *, epsilon: float = 1e-5, momentum: float = 0.9
) -> Any:
    """With its stored statistics."""
    return F.batch_norm(x, mean, variance, scale, bias, training=False, eps=epsilon)


def layer_norm(
    x: Any, scale: Any, bias: Any = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Any:
    """Over the axes from this one on."""
    out = F.layer_norm(x, x.shape[axis:], eps=epsilon) * scale
    return out if bias is None else out + bias


def flattened(run: Callable[[Any, int], Any]) -> Operator:
    """Along all axes from this one on as if they were one, as before opset 13."""
    return lambda x, *, axis=1: run(flatten(x, axis=axis), 1).reshape(x.shape)


LAYERS: Mapping[str, Operator] = {
    "BatchNormalization": batch_norm,
    "Einsum": lambda *x, equation: torch.einsum(equation, *x),
    "Gemm": gemm,
    "InstanceNormalization": lambda x, scale, bias, *, epsilon=1e-5: F.instance_norm(
        x, weight=scale, bias=bias, eps=epsilon
    ),
    "LRN": lambda x, *, size, alpha=1e-4, beta=0.75, bias=1.0: F.local_response_norm(
        x, size, alpha, beta, bias
    ),
    "LayerNormalization": layer_norm,
    "LogSoftmax": lambda x, *, axis=-1: torch.log_softmax(x, axis),
    "MatMul": torch.matmul,
    "Softmax": lambda x, *, axis=-1: torch.softmax(x, axis),
}
OLD_LAYERS: Mapping[str, Operator] = {
    "LogSoftmax": flattened(torch.log_softmax),
    "Softmax": flattened(torch.softmax),
}

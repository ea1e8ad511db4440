"""ONNX operators that answer element by element: arithmetic, comparisons, activations."""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import torch
import torch.nn.functional as F

Operator = Callable[..., Any]


def clip(
    x: Any, low: Any = None, high: Any = None, *, min: float | None = None, max: float | None = None
) -> Any:
    """Bounds are attributes before opset 11, then scalars."""
    bounds = (min if low is None else low.item(), max if high is None else high.item())
    return x if bounds == (None, None) else torch.clamp(x, *bounds)


def divide(x: Any, y: Any) -> Any:
    """Whole numbers are divided towards 0, as sizes are."""
    return x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")


POINTWISE: Mapping[str, Operator] = {
    "Abs": torch.abs,
    "Add": torch.add,
    "And": torch.logical_and,
    "Ceil": torch.ceil,
    "Clip": clip,
    "Cos": torch.cos,
    "Div": divide,
    "Dropout": lambda x, *_, **__: x,
    "Elu": lambda x, *, alpha=1.0: F.elu(x, alpha),
    "Equal": torch.eq,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "Gelu": lambda x, *, approximate="none": F.gelu(x, approximate=approximate),
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "HardSigmoid": lambda x, *, alpha=0.2, beta=0.5: torch.clamp(alpha * x + beta, 0, 1),
    "HardSwish": F.hardswish,
    "Identity": lambda x: x,
    "LeakyRelu": lambda x, *, alpha=0.01: F.leaky_relu(x, alpha),
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Log": torch.log,
    "Max": lambda *x: reduce(torch.maximum, x),
    "Mean": lambda *x: reduce(torch.add, x) / len(x),
    "Min": lambda *x: reduce(torch.minimum, x),
    "Mish": F.mish,
    "Mod": lambda x, y, *, fmod=0: torch.fmod(x, y) if fmod else torch.remainder(x, y),
    "Mul": torch.mul,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Or": torch.logical_or,
    "PRelu": lambda x, slope: torch.where(x < 0, slope * x, x),
    "Pow": lambda x, y: torch.pow(x, y).to(x.dtype),
    "Reciprocal": torch.reciprocal,
    "Relu": torch.relu,
    "Round": torch.round,
    "Selu": lambda x, *, alpha=1.67326319217681884765625, gamma=1.05070102214813232421875: (
        gamma * F.elu(x, alpha)
    ),
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Softplus": F.softplus,
    "Softsign": F.softsign,
    "Sqrt": torch.sqrt,
    "Sub": torch.sub,
    "Sum": lambda *x: reduce(torch.add, x),
    "Tanh": torch.tanh,
    "Where": torch.where,
}

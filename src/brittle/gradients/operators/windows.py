"""ONNX operators that slide a window: convolutions and pools, over one, two or three axes."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import torch
import torch.nn.functional as F

from brittle.gradients.operators.pointwise import Operator

CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
MAX_POOLS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGE_POOLS = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}

Sizes = Sequence[int]


def conv(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    kernel_shape: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    pads: Sizes = (),
    auto_pad: str = "NOTSET",
    group: int = 1,
) -> Any:
    """Torch pads both ends alike; other pads are laid on before."""
    axes, kernel = x.ndim - 2, weight.shape[2:]
    strides, dilations = strides or [1] * axes, dilations or [1] * axes
    before, after = _pads(x.shape[2:], _reach(kernel, dilations), strides, pads, auto_pad)
    if before != after:
        x, before = _padded(x, before, after, 0.0), [0] * axes
    return CONVOLUTIONS[axes](x, weight, bias, strides, before, dilations, group)


def conv_transpose(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    kernel_shape: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    pads: Sizes = (),
    auto_pad: str = "NOTSET",
    group: int = 1,
    output_padding: Sizes = (),
    output_shape: Sizes = (),
) -> Any:
    """The whole output, cut or prolonged at its ends, then the bias."""
    axes = x.ndim - 2
    strides, dilations = strides or [1] * axes, dilations or [1] * axes
    more = output_padding or [0] * axes
    out = TRANSPOSED[axes](x, weight, None, strides, 0, 0, group, dilations)
    if auto_pad.startswith("SAME") and not output_shape:
        output_shape = [n * s for n, s in zip(x.shape[2:], strides, strict=True)]
    if output_shape:
        sizes = zip(out.shape[2:], more, output_shape, strict=True)
        before, after = _halves([n + m - wanted for n, m, wanted in sizes], auto_pad == "SAME_UPPER")
    else:
        before, after = _stated(pads, axes)
    out = _padded(out, [-n for n in before], [m - n for m, n in zip(more, after, strict=True)], 0.0)
    return out if bias is None else out + bias.reshape(-1, *[1] * axes)


def max_pool(
    x: Any,
    *,
    kernel_shape: Sizes,
    strides: Sizes = (),
    dilations: Sizes = (),
    pads: Sizes = (),
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    storage_order: int = 0,
) -> Any:
    """Its second output, the places, is not given."""
    axes = x.ndim - 2
    strides, dilations = strides or [1] * axes, dilations or [1] * axes
    reach = _reach(kernel_shape, dilations)
    before, after = _pads(x.shape[2:], reach, strides, pads, auto_pad)
    if ceil_mode:
        after = _with_ceil(x.shape[2:], reach, strides, before, after)
    return MAX_POOLS[axes](_padded(x, before, after, -torch.inf), kernel_shape, strides, 0, dilations)


def average_pool(
    x: Any,
    *,
    kernel_shape: Sizes,
    strides: Sizes = (),
    pads: Sizes = (),
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
) -> Any:
    """The mean over what a window holds: padding counts if it says so, what ceil_mode adds never."""
    axes, sides = x.ndim - 2, x.shape[2:]
    strides = strides or [1] * axes
    before, after = _pads(sides, kernel_shape, strides, pads, auto_pad)
    counted = _padded(x.new_ones(1, 1, *sides), before, after, 1.0 if count_include_pad else 0.0)
    more = [0] * axes
    if ceil_mode:
        last = _with_ceil(sides, kernel_shape, strides, before, after)
        more = [m - n for m, n in zip(last, after, strict=True)]
        after = last
    pool = AVERAGE_POOLS[axes]
    means = pool(_padded(x, before, after, 0.0), kernel_shape, strides)
    return means / pool(_padded(counted, [0] * axes, more, 0.0), kernel_shape, strides)


WINDOWS: Mapping[str, Operator] = {
    "AveragePool": average_pool,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "GlobalAveragePool": lambda x: x.mean(tuple(range(2, x.ndim)), keepdim=True),
    "GlobalMaxPool": lambda x: x.amax(tuple(range(2, x.ndim)), keepdim=True),
    "MaxPool": max_pool,
}


def _reach(kernel: Sizes, dilations: Sizes) -> list[int]:
    """From the first to the last element of a window, both counted."""
    return [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]


def _pads(
    sides: Sizes, reach: Sizes, strides: Sizes, pads: Sizes, auto_pad: str
) -> tuple[list[int], list[int]]:
    """What is added before and after each axis."""
    if not auto_pad.startswith("SAME"):
        return _stated(pads, len(sides))
    sizes = zip(sides, reach, strides, strict=True)
    return _halves([max((ceil(n / s) - 1) * s + r - n, 0) for n, r, s in sizes], auto_pad == "SAME_UPPER")


def _stated(pads: Sizes, axes: int) -> tuple[list[int], list[int]]:
    """ONNX lists the starts of all axes, then the ends."""
    pads = list(pads) or [0] * 2 * axes
    return pads[:axes], pads[axes:]


def _halves(totals: Sizes, upper: bool) -> tuple[list[int], list[int]]:
    """Both ends alike; what is odd goes to the upper, or else the lower end."""
    less, more = [n // 2 for n in totals], [n - n // 2 for n in totals]
    return (less, more) if upper else (more, less)


def _with_ceil(sides: Sizes, reach: Sizes, strides: Sizes, before: Sizes, after: Sizes) -> list[int]:
    """The ends such that the last window is whole; one that would start behind the sides is left out."""
    ends = []
    for n, r, s, b, a in zip(sides, reach, strides, before, after, strict=True):
        windows = ceil((n + b + a - r) / s) + 1
        windows -= (windows - 1) * s >= n + b
        ends.append((windows - 1) * s + r - n - b)
    return ends


def _padded(x: Any, before: Sizes, after: Sizes, value: float) -> Any:
    """Torch lists pairs, the last axis first; a negative one cuts."""
    pairs = [size for ends in reversed(list(zip(before, after, strict=True))) for size in ends]
    return F.pad(x, pairs, value=value) if any(pairs) else x

"""ONNX operators that make, move, cut and measure tensors."""

from collections.abc import Mapping
from math import ceil, prod
from typing import Any

import onnx
import torch
import torch.nn.functional as F

from brittle.gradients.operators.pointwise import Operator

DTYPES = {
    onnx.TensorProto.FLOAT16: torch.float16,
    onnx.TensorProto.FLOAT: torch.float32,
    onnx.TensorProto.DOUBLE: torch.float64,
    onnx.TensorProto.UINT8: torch.uint8,
    onnx.TensorProto.INT8: torch.int8,
    onnx.TensorProto.INT16: torch.int16,
    onnx.TensorProto.INT32: torch.int32,
    onnx.TensorProto.INT64: torch.int64,
    onnx.TensorProto.BOOL: torch.bool,
}


def whole(given: Any) -> Any:
    """A list of the whole numbers of an input or an attribute; None where there is none."""
    return given.tolist() if isinstance(given, torch.Tensor) else given


def constant(**value: Any) -> Any:
    """A tensor; or a number or numbers, which stand under other names."""
    (given,) = value.values()
    return torch.as_tensor(given)


def constant_of_shape(shape: Any, *, value: Any = None) -> Any:
    """Zeros, or copies of one value."""
    filling = torch.zeros(1) if value is None else value
    return filling.to(shape.device).expand(whole(shape)).clone()


def depth_to_space(x: Any, *, blocksize: int, mode: str = "DCR") -> Any:
    """Channels into squares; they come first in the order of channels, in mode CRD last."""
    if mode == "DCR":
        x = x.unflatten(1, (blocksize**2, -1)).transpose(1, 2).flatten(1, 2)
    return F.pixel_shuffle(x, blocksize)


def space_to_depth(x: Any, *, blocksize: int) -> Any:
    """Squares into channels, which they come first in."""
    return F.pixel_unshuffle(x, blocksize).unflatten(1, (-1, blocksize**2)).transpose(1, 2).flatten(1, 2)


def flatten(x: Any, *, axis: int = 1) -> Any:
    """Two axes: those before axis, and the others."""
    axis = axis % x.ndim if axis < 0 else axis
    return x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))


def gather(x: Any, index: Any, *, axis: int = 0) -> Any:
    """Parts along an axis, as NumPy's take; counted from the end where negative."""
    return x[(slice(None),) * (axis % x.ndim) + (index,)]


def gather_elements(x: Any, index: Any, *, axis: int = 0) -> Any:
    """An element for each of index along an axis."""
    return x.gather(axis, torch.where(index < 0, index + x.shape[axis], index))


def pad(
    x: Any,
    sizes: Any = None,
    filling: Any = None,
    axes: Any = None,
    *,
    pads: list[int] | None = None,
    value: float = 0.0,
    mode: str = "constant",
) -> Any:
    """Starts of all axes, then ends; negative ones cut. Attributes before opset 11."""
    given = whole(pads if sizes is None else sizes) or []
    chosen = [axis % x.ndim for axis in whole(axes) or range(len(given) // 2)]
    before, after = dict.fromkeys(range(x.ndim), 0), dict.fromkeys(range(x.ndim), 0)
    before.update(zip(chosen, given[: len(chosen)], strict=True))
    after.update(zip(chosen, given[len(chosen) :], strict=True))
    if mode == "constant":
        pairs = [size for axis in reversed(range(x.ndim)) for size in (before[axis], after[axis])]
        return F.pad(x, pairs, value=value if filling is None else filling.item())
    for axis in chosen:
        n = x.shape[axis]
        place = torch.arange(-before[axis], n + after[axis], device=x.device)
        if mode == "reflect":
            place = (n - 1) - ((n - 1) - place % max(2 * n - 2, 1)).abs()
        x = x.index_select(axis, place % n if mode == "wrap" else place.clamp(0, n - 1))
    return x


def reshape(x: Any, shape: Any, *, allowzero: int = 0) -> Any:
    """0 keeps a size, and -1 is what is left."""
    sizes = enumerate(shape.tolist())
    return x.reshape([x.shape[i] if n == 0 and not allowzero else n for i, n in sizes])


def slices(
    x: Any,
    first: Any = None,
    last: Any = None,
    along: Any = None,
    steps: Any = None,
    *,
    starts: list[int] | None = None,
    ends: list[int] | None = None,
    axes: list[int] | None = None,
) -> Any:
    """As NumPy's slices; attributes before opset 10."""
    begin, end = whole(starts if first is None else first) or [], whole(ends if last is None else last) or []
    where = whole(axes if along is None else along) or range(len(begin))
    for start, stop, axis, step in zip(begin, end, where, whole(steps) or [1] * len(begin), strict=True):
        chosen = range(*slice(start, stop, step).indices(x.shape[axis]))
        if step > 0:
            x = x[(slice(None),) * (axis % x.ndim) + (slice(chosen.start, chosen.stop, step),)]
        else:
            x = x.index_select(axis, torch.tensor(chosen, dtype=torch.int64, device=x.device))
    return x


def split(
    x: Any, sizes: Any = None, *, num_outputs: int, axis: int = 0, split: list[int] | None = None
) -> Any:
    """Parts of these sizes, or else alike as far as it goes; onnx_nodes says num_outputs for every opset."""
    parts = whole(split if sizes is None else sizes)
    if parts is None:
        n, alike = x.shape[axis], ceil(x.shape[axis] / num_outputs)
        parts = [max(min(n - k * alike, alike), 0) for k in range(num_outputs)]
    return x.split(parts, axis)


def squeeze(x: Any, along: Any = None, *, axes: list[int] | None = None) -> Any:
    """Without these axes, or all of size 1; an attribute before opset 13."""
    chosen = whole(axes if along is None else along)
    return x.squeeze() if chosen is None else x.squeeze(chosen)


def top_k(x: Any, count: Any = None, *, k: int = 0, axis: int = -1, largest: int = 1, sorted: int = 1) -> Any:
    """The greatest or least values along an axis and their places; k is an attribute before opset 10."""
    return tuple(x.topk(k if count is None else int(count), axis, bool(largest), bool(sorted)))


def unsqueeze(x: Any, along: Any = None, *, axes: list[int] | None = None) -> Any:
    """With axes of size 1, counted as they stand in the output; an attribute before opset 13."""
    chosen = whole(axes if along is None else along) or []
    rank = x.ndim + len(chosen)
    for axis in sorted(axis % rank for axis in chosen):
        x = x.unsqueeze(axis)
    return x


SHAPES: Mapping[str, Operator] = {
    "Cast": lambda x, *, to, saturate=1: x.to(DTYPES[to]),
    "Concat": lambda *x, axis: torch.cat(x, axis),
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "DepthToSpace": depth_to_space,
    "Expand": lambda x, shape: x.expand(torch.broadcast_shapes(x.shape, whole(shape))),
    "Flatten": flatten,
    "Gather": gather,
    "GatherElements": gather_elements,
    "Pad": pad,
    "Range": lambda start, limit, delta: torch.arange(
        start.item(), limit.item(), delta.item(), dtype=start.dtype
    ),
    "Reshape": reshape,
    "Shape": lambda x, *, start=0, end=None: torch.tensor(
        x.shape[start:end], dtype=torch.int64, device=x.device
    ),
    "Size": lambda x: torch.tensor(x.numel(), device=x.device),
    "Slice": slices,
    "SpaceToDepth": space_to_depth,
    "Split": split,
    "Squeeze": squeeze,
    "Tile": lambda x, repeats: x.tile(whole(repeats)),
    "TopK": top_k,
    "Transpose": lambda x, *, perm=None: x.permute(perm or tuple(reversed(range(x.ndim)))),
    "Unsqueeze": unsqueeze,
}

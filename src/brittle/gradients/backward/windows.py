"""Gradients of ONNX operators that slide a window over the input, and add up what it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.gradients.backward.tape import Rule, Tape, Unknown
from brittle.gradients.onnx_read import attribute


@dataclass(frozen=True)
class Windows:
    """Where the windows of a node lie along one axis.

    large, small: size of its input and output. kernel: elements of a window, dilation apart. stride: from
    window to window. before: what is added before the input.
    """

    large: int
    small: int
    kernel: int
    stride: int
    dilation: int
    before: int

    @property
    def reach(self) -> int:
        """From the first to the last element of a window, both counted."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def taps(self) -> int:
        """How many windows hold one element of the input, at most."""
        return -(-self.reach // self.stride)


def windows_of(tape: Tape, node: Any, kernel: Sequence[int]) -> list[Windows]:
    """The windows of a Conv or a pool, along each axis behind batch and channels. Raises Unknown."""
    ones, zeros, how = [1] * len(kernel), [0] * len(kernel), attribute(node, "auto_pad", "NOTSET")
    sizes = [tape.sides(node.input[0]), tape.sides(node.output[0]), kernel]
    stated = [attribute(node, name, ones) for name in ("strides", "dilations")]
    before = attribute(node, "pads", zeros)[: len(kernel)]
    found = [Windows(*line) for line in zip(*sizes, *stated, before, strict=True)]
    return [_same_sized(line, how) for line in found] if how.startswith("SAME") else found


def _same_sized(line: Windows, how: str) -> Windows:
    """With as much before the input as SAME_UPPER or SAME_LOWER says."""
    total = max((line.small - 1) * line.stride + line.reach - line.large, 0)
    return replace(line, before=total // 2 if how == "SAME_UPPER" else total - total // 2)


def written_out(weight: NDArray[Any], windows: Sequence[Windows]) -> NDArray[Any]:
    """A kernel (out, in, *kernel) with zeros where dilations leave elements out, (out, in, *reach)."""
    whole = np.zeros((*weight.shape[:2], *(line.reach for line in windows)), weight.dtype)
    whole[(slice(None), slice(None), *(slice(None, None, line.dilation) for line in windows))] = weight
    return whole


def back_through(
    tape: Tape, node: Any, dy: str, weight: NDArray[Any], windows: Sequence[Windows], group: int
) -> str:
    """From the gradient of a node's output to that of its input, which it weighs and adds up in windows.

    That is a convolution with the kernel turned round. Element s q + f of the padded input, at stride s, is
    the sum over t of dy[q - t] weight[s t + f]: all elements of one phase f are made by one small kernel, as
    channels of their own, and then put side by side. onnxruntime does that faster than its ConvTranspose.
    weight: (out, in / group, *reach).
    """
    places = [max(-(-(line.large + line.before) // line.stride), line.small) for line in windows]
    pads = [line.taps - 1 for line in windows]
    pads += [place - line.small for place, line in zip(places, windows, strict=True)]
    x = tape.add("Conv", dy, tape.constant(_phases(weight, windows, group)), pads=pads, group=group)
    strides = [line.stride for line in windows]
    if max(strides) > 1:
        channels, axes = tape.size(node.input[0], 1), len(windows)
        x = tape.add("Reshape", x, tape.whole(0, channels, *strides, *places))
        order = [a for phase in range(2, 2 + axes) for a in (axes + phase, phase)]
        x = tape.add("Transpose", x, perm=[0, 1, *order])
        places = [place * stride for place, stride in zip(places, strides, strict=True)]
        x = tape.add("Reshape", x, tape.whole(0, channels, *places))
    ends = [line.large + line.before - place for place, line in zip(places, windows, strict=True)]
    starts = {axis: -line.before for axis, line in enumerate(windows, 2)}
    return tape.padded(x, 2 + len(windows), starts, dict(enumerate(ends, 2)))


def _phases(weight: NDArray[Any], windows: Sequence[Windows], group: int) -> NDArray[Any]:
    """A kernel (out, in / group, *reach) as (in * phases, out / group, *taps), turned round."""
    out, inside, axes = *weight.shape[:2], len(windows)
    taps, strides = [line.taps for line in windows], [line.stride for line in windows]
    more = [(0, line.taps * line.stride - line.reach) for line in windows]
    cut = [n for line in windows for n in (line.taps, line.stride)]
    parts = np.pad(weight, [(0, 0), (0, 0), *more]).reshape(group, out // group, inside, *cut)
    tap_axes, phase_axes = range(3, 3 + 2 * axes, 2), range(4, 4 + 2 * axes, 2)
    parts = parts.transpose(0, 2, *phase_axes, 1, *tap_axes)
    parts = parts.reshape(group * inside * prod(strides), out // group, *taps)
    return np.flip(parts, tuple(range(2, 2 + axes)))


def _conv(tape: Tape, node: Any, dy: str, place: int) -> str:
    if place != 0 or node.input[1] not in tape.constants:
        raise Unknown("Conv with a kernel that is computed")
    weight = tape.constants[node.input[1]]
    windows = windows_of(tape, node, weight.shape[2:])
    return back_through(tape, node, dy, written_out(weight, windows), windows, attribute(node, "group", 1))


WINDOWS: Mapping[str, Rule] = {"Conv": _conv}

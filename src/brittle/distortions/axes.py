"""Where a pattern lies in an input: axes are found by name, and all others are broadcast over.

A video's frames, for one, all wear the same pattern, whatever the order of the axes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import InputSpec

IMAGE = ("height", "width")


def length(spec: InputSpec, axis: str) -> int:
    """Elements along the axis of this name, 1 where there is no such axis."""
    return spec.shape[spec.axes.index(axis)] if axis in spec.axes else 1


def image_axes(spec: InputSpec) -> tuple[int, int]:
    """Indices of height and width."""
    return spec.axes.index("height"), spec.axes.index("width")


def placed(pattern: NDArray[Any], axes: tuple[str, ...], spec: InputSpec) -> NDArray[Any]:
    """A pattern over the named axes as a view that broadcasts against an input of spec.

    An axis that spec lacks must have length 1 in the pattern.
    """
    order = sorted(range(len(axes)), key=lambda i: spec.axes.index(axes[i]) if axes[i] in spec.axes else -1)
    shape = [size if name in axes else 1 for name, size in zip(spec.axes, spec.shape, strict=True)]
    return np.transpose(pattern, order).reshape(shape)

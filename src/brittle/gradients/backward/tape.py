"""What a gradient graph is written on: nodes, constants, and the shapes of what they name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

Shape = tuple[int | None, ...]
"""Sizes of a value; None for the batch axis, and where a size is not known."""


class Unknown(Exception):
    """What has no gradient here, in words. Never reaches the user as it is."""


@dataclass
class Tape:
    """Adds nodes to those of a model. constants: by name. shapes: of the model's own values."""

    constants: dict[str, NDArray[Any]]
    shapes: dict[str, Shape]
    nodes: list[Any] = field(default_factory=list)
    _known: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One more node with one output; returns the name of that."""
        name = f"backward/{len(self.nodes)}/{kind}"
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """A constant; the same values have one name."""
        array = np.array(values, dtype, order="C")
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = f"backward/constant/{len(self._known)}"
            self.constants[self._known[key]] = array
        return self._known[key]

    def whole(self, *values: int) -> str:
        """A constant list of whole numbers."""
        return self.constant(values, np.int64)

    def zeros(self, name: str) -> str:
        """Zeros in the shape of a value."""
        return self.add("Expand", self.constant(0), self.add("Shape", name))

    def shape(self, name: str) -> Shape:
        """Sizes of a value of the model. Raises Unknown where nothing of it is known."""
        if name in self.constants:
            return self.constants[name].shape
        if name not in self.shapes:
            raise Unknown(f"the shape of {name}")
        return self.shapes[name]

    def rank(self, name: str) -> int:
        """How many axes a value has. Raises Unknown."""
        return len(self.shape(name))

    def size(self, name: str, axis: int) -> int:
        """The size of a value along an axis. Raises Unknown."""
        size = self.shape(name)[axis]
        if size is None:
            raise Unknown(f"the shape of {name}")
        return size

    def sides(self, name: str) -> list[int]:
        """Sizes of a value behind the batch and the channel axis. Raises Unknown."""
        return [self.size(name, axis) for axis in range(2, self.rank(name))]

    def values(self, name: str) -> list[int]:
        """The whole numbers of a constant. Raises Unknown where it is computed."""
        if name not in self.constants:
            raise Unknown("a shape that is computed")
        return [int(value) for value in self.constants[name].reshape(-1)]

    def reshaped_as(self, gradient: str, name: str) -> str:
        """A gradient in the shape that a value of the model has."""
        return self.add("Reshape", gradient, self.add("Shape", name))

    def summed_to(self, gradient: str, large: Shape, name: str) -> str:
        """The gradient of a value of the model that was repeated along some axes. large: its own shape."""
        small = self.shape(name)
        missing = len(large) - len(small)
        repeated = (a for a in range(missing, len(large)) if small[a - missing] == 1 and large[a] != 1)
        axes = [*range(missing), *repeated]
        if not axes:
            return gradient
        gradient = self.add("ReduceSum", gradient, self.whole(*axes), keepdims=1)
        return self.reshaped_as(gradient, name) if missing else gradient

    def padded(
        self, x: str, rank: int, before: Mapping[int, int], after: Mapping[int, int], value: float = 0
    ) -> str:
        """A number, as often as said before and after some axes; a negative count cuts."""
        if not any([*before.values(), *after.values()]):
            return x
        pads = [ends.get(axis, 0) for ends in (before, after) for axis in range(rank)]
        return self.add("Pad", x, self.whole(*pads), self.constant(value))

    def spread(self, x: str, sizes: Shape, steps: Mapping[int, int]) -> str:
        """With step - 1 zeros behind every element along some axes. sizes: of x. Raises Unknown."""
        if all(step == 1 for step in steps.values()):
            return x
        whole = _for_reshape(sizes)
        by = [steps.get(axis, 1) for axis in range(len(sizes))]
        x = self.add("Reshape", x, self.whole(*(n for size in whole for n in (size, 1))))
        x = self.add("Pad", x, self.whole(*[0] * 2 * len(by), *(n for step in by for n in (0, step - 1))))
        return self.add("Reshape", x, self.whole(*(n * step for n, step in zip(whole, by, strict=True))))

    def interleaved(self, parts: Sequence[str], axis: int, sizes: Shape) -> str:
        """Values of one shape as one, an element of each in turn along an axis. sizes: of one of them."""
        if len(parts) == 1:
            return parts[0]
        beside = [self.add("Unsqueeze", part, self.whole(axis + 1)) for part in parts]
        joined = self.add("Concat", *beside, axis=axis + 1)
        whole = _for_reshape(sizes)
        whole[axis] *= len(parts)
        return self.add("Reshape", joined, self.whole(*whole))


def _for_reshape(sizes: Shape) -> list[int]:
    """Sizes as Reshape takes them: one that is not known is what is left. Raises Unknown for several."""
    if sizes.count(None) > 1:
        raise Unknown("a value of which two sizes are not known")
    return [-1 if size is None else size for size in sizes]


Rule = Callable[[Tape, Any, str, int], str]
"""tape, node, gradient of its first output, which of its inputs -> the gradient of that input."""

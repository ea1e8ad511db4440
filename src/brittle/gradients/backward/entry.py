"""How inputs come to a model: at another size, or with the channels on another axis than its own."""

from dataclasses import dataclass

import onnx

from brittle.gradients.backward.tape import Tape, Unknown
from brittle.models.resize import matrix


@dataclass(frozen=True)
class Entry:
    """The way of an input to a model. given: its shape, channel first; taken: the shape that the model takes.

    axis: on which of its own the model has the channels. The last two sides, or the one that there is, are
    resized on the way where they differ, as models/resize.py does it.
    """

    given: tuple[int, ...]
    taken: tuple[int, ...]
    axis: int = 0

    @property
    def sides(self) -> tuple[int, ...]:
        """What the model takes, channel first. Raises Unknown where resizing does not lead there."""
        taken = list(self.taken)
        channels = taken.pop(self.axis)
        sides = (channels, *taken)
        resized = min(2, len(sides) - 1)
        if len(sides) != len(self.given) or sides[:-resized] != self.given[:-resized]:
            raise Unknown(f"an input of {self.given} for a model of {self.taken}")
        return sides

    def write(self, tape: Tape, inputs: str, target: str) -> None:
        """Adds the nodes that lead from inputs, (n, *given), to the model's own input, (n, *taken)."""
        x, shape = inputs, list(self.given)
        for axis in range(len(shape) - 1, 0, -1):
            old, new = shape[axis], self.sides[axis]
            if old == new:
                continue
            last = axis == len(shape) - 1
            weights = tape.constant(matrix(old, new).T if last else matrix(old, new))
            x = tape.add("MatMul", *((x, weights) if last else (weights, x)))
            shape[axis] = new
            tape.shapes[x] = (None, *shape)
        if self.axis:
            order = list(range(2, len(shape) + 1))
            order.insert(self.axis % len(shape), 1)
            x = tape.add("Transpose", x, perm=[0, *order])
            tape.shapes[x] = (None, *self.taken)
        tape.nodes.append(onnx.helper.make_node("Identity", [x], [target]))

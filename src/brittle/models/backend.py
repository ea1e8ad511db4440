"""A backend to a classifier: how to ask it, and what is known about it before asking."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from brittle.core.rows import Meter
from brittle.core.sample import Array
from brittle.models.options import ModelOptions

Ask = Callable[[Array], NDArray[Any]]
LANES = 2  # batches that a local model is asked at the same time, where that is faster


@dataclass(frozen=True)
class Backend:
    """An opened model.

    name:    as the user wrote it.
    ask:     inputs (n, *shape), channel first, -> raw answers (n, classes).
    shape:   the input it wants, channel first, without batch axis; None entries are free, None says nothing.
    classes: class names, if the model or the options know them.
    outputs: number of classes, if known before asking.
    sha256:  of the model's files or weights, or of a function's code; "" where there is none (an endpoint).
    weights_hashed: sha256 says by itself which model it is; another is asked the identity rows as well.
    local:   it may be asked for a measurement at no cost (False for an endpoint).
    settings: the options in force.
    bounds:  least and greatest input value, if the model states them.
    fit:     a better backend for inputs of one known shape, where there is one; may take seconds.
    device:  what it computes on, cpu or cuda; of an endpoint or a function that is not known.
    module:  the torch.nn.Module, where it is one: what gradients are taken through.
    graph:   the ONNX file or its bytes, where it is one.
    meter:   counts the rows that the model is shown, however it is asked.
    close:   ends waits and connections, where there are any; nothing is asked any more.
    concurrent: another ask, for several threads at the same time; of a local model they share the CPUs
             without waiting for each other, so that it answers more in all, and one batch more slowly.
    lanes:   how many threads that is for.
    integers: it takes whole numbers, within its bounds.
    """

    name: str
    ask: Ask
    shape: tuple[int | None, ...] | None
    classes: tuple[str, ...] | None
    outputs: int | None
    sha256: str
    local: bool
    settings: ModelOptions
    bounds: tuple[float, float] | None = None
    fit: Callable[[tuple[int, ...]], "Backend"] | None = None
    concurrent: Callable[[], Ask] | None = None
    lanes: int = LANES
    integers: bool = False
    weights_hashed: bool = False
    device: str | None = None
    module: Any = None
    graph: str | bytes | None = field(default=None, repr=False)
    meter: Meter = field(default_factory=Meter)
    close: Callable[[], None] = lambda: None

    def fitted(self, shape: tuple[int, ...]) -> "Backend":
        """The best backend for inputs of this shape, (channel, ...); rows go on counting on this meter."""
        return self if self.fit is None else replace(self.fit(shape), meter=self.meter)

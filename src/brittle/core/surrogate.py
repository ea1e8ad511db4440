"""Local models that a search may learn from: asking them costs no query, and they give gradients."""

from collections.abc import Sequence
from typing import Protocol

from brittle.core.goal import Goal
from brittle.core.sample import Array, Sample


class Lead(Protocol):
    """What a surrogate knows of one sample. rows: asked of it so far. classes: how many of its own it has.

    margin: what gradient lowers, at the last row that it was asked; nats, 0 before.
    """

    @property
    def name(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def margin(self) -> float: ...
    @property
    def classes(self) -> int: ...

    def gradient(self, x: Array, rivals: Sequence[int] = ()) -> Array:
        """Of what a flip lowers, by each input, (n, *shape) -> (n, *shape).

        rivals: the audited model's classes that count as others; none for all.
        """

    def along(self, x: Array, weights: Array) -> Array:
        """Of the sum of its own logits with these weights, (classes,), by each input, as gradient does it."""


class Surrogate(Protocol):
    """A local model of another make that takes the same inputs.

    name: as users wrote it. sha256: of its file or weights.
    """

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...

    def on(self, sample: Sample, goal: Goal) -> Lead:
        """Its lead on one sample."""

"""What a domain must offer."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Assignment, Layer
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec


class Domain(Protocol):
    """One kind of input; registered as a class without arguments. axes: those of its inputs, in order."""

    @property
    def name(self) -> str: ...
    @property
    def axes(self) -> tuple[str, ...]: ...

    def cell(self, spec: InputSpec) -> tuple[int, ...]:
        """The cell to use where the user names none, in elements along each spatial axis."""

    def parse_cell(self, text: str, spec: InputSpec) -> tuple[int, ...]:
        """The cell that a user wrote. Raises UsageError."""

    def suffix(self, spec: InputSpec) -> str:
        """End of the name of a stored input's file."""

    def to_bytes(self, x: Array, spec: InputSpec) -> bytes:
        """An input as the contents of its file; exact for x as spec quantises it."""

    def from_bytes(self, data: bytes, spec: InputSpec) -> Array:
        """The inverse of to_bytes. Raises DataError if data are damaged or of another form."""

    def companions(self, name: str, spec: InputSpec) -> dict[str, str]:
        """Text files that other programs need beside the stored input `name`: suffix -> content."""

    def picture(self, x: Array, spec: InputSpec, beside: Sequence[Array] = ()) -> bytes:
        """A PNG of an input, to look at. beside: inputs that are shown beside it, all on one scale."""

    def extent(self, spec: InputSpec) -> str:
        """What of an input its picture shows, in words; empty where that is all."""

    def animation(self, inputs: Sequence[Array], spec: InputSpec) -> bytes | None:
        """An animated PNG of inputs side by side and in step, to look at; None where nothing moves."""

    def change(self, x: Array, changed: Array, spec: InputSpec) -> bytes:
        """A PNG of changed - x about mid-grey, amplified to its own greatest value."""

    def cells_touched(
        self,
        x: Array,
        grid: Grid,
        assignment: Assignment,
        spec: InputSpec,
        layers: Sequence[Layer] | None = None,
        beside: Sequence[Array] = (),
    ) -> bytes:
        """A PNG of x, dimmed, its touched cells tinted: by layer, or by distortion if layers are given.

        beside: as of picture.
        """

    def explained(
        self, x: Array, values: Array, spec: InputSpec, mask: NDArray[np.bool_] | None = None
    ) -> bytes:
        """A PNG of x under its map, the greatest shares in colours; what a mask keeps is marked.

        values, mask: (*sides) over the spatial axes.
        """

    def region(self, mask: NDArray[np.bool_], spec: InputSpec) -> bytes:
        """A PNG of a mask (*sides), of the input's own size: white is kept."""

"""What an input is: its shape, axes and bounds, and one labelled example of it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import DataError

Array = NDArray[np.float32]
Codes = NDArray[Any]


@dataclass(frozen=True)
class InputSpec:
    """The form of every input a classifier takes.

    shape:  without the batch axis, e.g. (3, 224, 224).
    axes:   one name per axis, of channel, frame, height, width, time; all but channel can be cut into cells.
    bounds: least and greatest value, in the input's own units.
    bits:   of the quantised form samples come in (8 for photos), None for free floats.
    rate:   samples per second along time or frame, where there is one.
    unit:   of a value ("intensity", "mV").
    channels: names of the channels where they have some (ECG leads).
    """

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    bounds: tuple[float, float] = (0.0, 1.0)
    bits: int | None = None
    rate: float | None = None
    unit: str = "intensity"
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.shape) != len(self.axes):
            raise DataError(f"expected one axis name for each of {self.shape}, got {self.axes}")

    @property
    def spatial(self) -> tuple[int, ...]:
        """Indices of the axes that can be cut into cells."""
        return tuple(i for i, name in enumerate(self.axes) if name != "channel")

    @property
    def span(self) -> float:
        """Greatest minus least value."""
        return self.bounds[1] - self.bounds[0]

    @property
    def code(self) -> float:
        """From one quantised value to the next; 0 where there are none."""
        return 0.0 if self.bits is None else self.span / (2**self.bits - 1)

    @property
    def code_type(self) -> type[Any]:
        """NumPy type that holds one quantised value: the smallest that fits, or float32 where none is."""
        if self.bits is None:
            return np.float32
        return np.uint8 if self.bits <= 8 else np.uint16 if self.bits <= 16 else np.uint32

    def encode(self, x: Array) -> Codes:
        """The quantised form of x (nearest value, clipped to the bounds); x clipped where there is none."""
        if self.bits is None:
            return np.clip(x, *self.bounds).astype(np.float32, copy=False)
        top = 2**self.bits - 1
        exact = np.float32 if self.bits <= 16 else np.float64
        scaled = np.subtract(x, self.bounds[0], dtype=exact)
        scaled *= top / self.span
        codes: Codes = np.clip(np.rint(scaled, out=scaled), 0, top, out=scaled).astype(self.code_type)
        return codes

    def decode(self, codes: Codes, out: Array | None = None) -> Array:
        """The values that quantised codes stand for; exact inverse of encode on its own results."""
        values = np.empty(codes.shape, np.float32) if out is None else out
        if self.bits is None:
            np.copyto(values, codes)
            return values
        step, low, most = self._ruler
        np.multiply(codes, step, out=values, dtype=np.float32, casting="unsafe")
        if low:
            values += low
        if most is not None:
            np.minimum(values, most, out=values)
        return values

    @cached_property
    def _ruler(self) -> tuple[np.float32, np.float32, np.float32 | None]:
        """Between two codes, value of the first, and of the last where float32 would round it up."""
        top, low = 2 ** (self.bits or 0) - 1, np.float32(self.bounds[0])
        step = np.float32(self.span / top)
        above = np.float32(top) * step + low > self.bounds[1]
        return step, low, np.float32(self.bounds[1]) if above else None

    def check(self, x: NDArray[Any], name: str) -> None:
        """Raise DataError unless x has this shape, is finite and lies within the bounds."""
        if x.shape != self.shape:
            raise DataError(f"{name}: expected shape {self.shape} ({', '.join(self.axes)}), got {x.shape}")
        if not np.isfinite(x).all():
            bad = int(x.size - np.isfinite(x).sum())
            raise DataError(f"{name}: {bad} values are NaN or infinite; clean or drop this sample")
        low, high, slack = float(x.min()), float(x.max()), 1e-6 * self.span
        if low < self.bounds[0] - slack or high > self.bounds[1] + slack:
            raise DataError(
                f"{name}: expected values in [{self.bounds[0]:g}, {self.bounds[1]:g}], "
                f"got [{low:g}, {high:g}]; rescale the data or state its bounds"
            )


@dataclass(frozen=True)
class Sample:
    """One example: x of spec.shape in spec's units; label None where the model's own answer must flip."""

    id: str
    x: Array
    label: int | None
    spec: InputSpec

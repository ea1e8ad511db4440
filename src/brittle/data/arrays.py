"""Arrays as samples: how they are arranged, what their values mean, one row at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import DataError
from brittle.core.sample import InputSpec, Sample
from brittle.data.classes import Naming, check_label, naming
from brittle.data.dataset import Wanted
from brittle.data.options import DataOptions
from brittle.data.signals import BOUNDS, check_lead, resampled

AXES = {
    2: ("channel", "time"),
    3: ("channel", "height", "width"),
    4: ("channel", "frame", "height", "width"),
}
CHANNELS = (1, 3)
CHUNK = 2**18
"""Values looked at together, so that a check of all of x never holds a second copy of it."""


@dataclass(frozen=True, eq=False)
class ArraySet:
    """Rows of an array as a Dataset; x (n, *spec.shape) is held once and a sample copies its row only."""

    name: str
    spec: InputSpec
    classes: tuple[str, ...] | None
    ids: tuple[str, ...]
    sha256: str
    x: NDArray[Any]
    labels: tuple[str, ...] | None
    naming: Naming
    outputs: int | None

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        return {id: row for row, id in enumerate(self.ids)}

    def open(self, id: str) -> Sample:
        """Copy one row, checked."""
        row = self._rows.get(id)
        if row is None:
            raise DataError(f"no sample '{id}' in {self.name}")
        where = f"{self.name}, sample {id}"
        label = None
        if self.labels is not None:
            text = self.labels[row]
            if text in self.naming.unknown:
                raise DataError(f"{where}: {self.naming.unknown[text]}")
            label = self.naming.index[text]
            check_label(label, self.outputs, where)
        codes = np.ascontiguousarray(self.x[row])
        if codes.dtype.kind == "f":
            with np.errstate(over="ignore"):
                values = codes.astype(np.float32)
            if self.spec.rate is not None and "time" in self.spec.axes:
                for lead in values:
                    check_lead(lead, self.spec.rate, where)
            self.spec.check(values, where)
            codes = self.spec.encode(values)
        return Sample(id, self.spec.decode(codes), label, self.spec)


def array_set(
    name: str,
    x: NDArray[Any],
    y: NDArray[Any] | None,
    sha256: str,
    wanted: Wanted,
    options: DataOptions,
    rate: float | None = None,
    unit: str = "mV",
    ids: Sequence[str] | None = None,
) -> ArraySet:
    """A Dataset of the rows of x (n, ...), labelled by y (n,). rate: of signals and clips; unit: of
    signals; ids: what the samples are called, their row numbers where None.

    Raises DataError if they do not fit.
    """
    if x.dtype not in (np.uint8, np.uint16) and x.dtype.kind != "f":
        raise DataError(f"{name}: expected x of uint8 (0 to 255) or floats, got {x.dtype}; convert it")
    if x.ndim < 2 or not x.size:
        raise DataError(f"{name}: expected samples in x, got shape {x.shape}")
    labels = None if y is None else _label_texts(name, y, len(x))
    wants_signals = wanted.shape is not None and len(wanted.shape) == 2
    if wants_signals and rate is not None and options.sampling_rate not in (None, rate):
        x = resampled(x, rate, float(options.sampling_rate or rate))
        name += f" (resampled from {rate:g} to {options.sampling_rate:g} Hz)"
    x = _arranged(name, x, wanted)
    if options.size not in (None, x.shape[-2:]) or options.frames not in (None, x.shape[2]):
        raise DataError(
            f"{name}: arrays are not resized; leave --size and --frames out or resize x, now {x.shape[1:]}"
        )
    names = naming(labels or (), wanted, name)
    count = len(x) if options.limit is None else min(options.limit, len(x))
    called = tuple(ids[:count] if ids is not None else (f"{row:06d}" for row in range(count)))
    spec = _spec(name, x, options.bounds)
    if "time" in spec.axes:
        spec = replace(spec, unit=unit, channels=options.leads or ())
    if not {"time", "frame"}.isdisjoint(spec.axes):
        spec = replace(spec, rate=options.sampling_rate or rate)
    return ArraySet(name, spec, names.classes, called, sha256, x, labels, names, wanted.outputs)


def _label_texts(name: str, y: NDArray[Any], rows: int) -> tuple[str, ...]:
    """The label of each row as text; of floats, which must be whole, NaN is none."""
    if y.shape != (rows,):
        raise DataError(f"{name}: expected one label for each of {rows} samples in x, got y {y.shape}")
    if y.dtype.kind == "f" and np.array_equal(y, np.rint(y), equal_nan=True):
        return tuple("" if np.isnan(label) else f"{label:.0f}" for label in y)
    if y.dtype.kind not in "iuU":
        raise DataError(
            f"{name}: expected labels y as whole numbers or class names, got {y.dtype}; "
            "give the index of each sample's class"
        )
    try:
        return tuple(map(str, y.tolist()))
    except SystemError as error:  # NumPy's, of characters beyond Unicode
        raise DataError(f"{name}: expected labels y as texts, but they are damaged: {error}") from error


def _arranged(name: str, x: NDArray[Any], wanted: Wanted) -> NDArray[Any]:
    """A view of x with the channel axis second, as the model takes it."""
    axes = max(3, x.ndim - 1) if wanted.shape is None else len(wanted.shape)
    if axes in AXES and x.ndim == axes:
        x = x[:, None]
    if axes in AXES and x.ndim == axes + 1:
        ways = [np.moveaxis(x, axis, 1) for axis in ((1, -1) if axes < 4 else (1, -1, 2))]
        ways.sort(key=lambda way: way.shape[1] not in CHANNELS)
        for way in ways:
            if wanted.takes(way.shape[1:]):
                return way
    expected = wanted if wanted.shape else "channels x height x width"
    raise DataError(f"{name}: expected samples of {expected}, got x {x.shape} (samples first)")


def _spec(name: str, x: NDArray[Any], bounds: tuple[float, float] | None) -> InputSpec:
    shape, axes = x.shape[1:], AXES[x.ndim - 1]
    if x.dtype.kind == "u":
        return InputSpec(shape, axes, bounds or (0.0, 1.0), bits=8 * x.dtype.itemsize)
    if "time" in axes:
        return InputSpec(shape, axes, bounds or _signal_bounds(x))
    spec = InputSpec(shape, axes, bounds or _bounds(name, x))
    if _is_eight_bit(x, spec):
        return InputSpec(shape, axes, spec.bounds, bits=8)
    return spec


def _bounds(name: str, x: NDArray[Any]) -> tuple[float, float]:
    low = min((float(values.min()) for values in _finite(x)), default=0.0)
    high = max((float(values.max()) for values in _finite(x)), default=0.0)
    for top in (1.0, 255.0):
        if low >= -1e-6 and high <= top + 1e-6:
            return (0.0, top)
    raise DataError(
        f"{name}: expected values in [0, 1] or [0, 255], got [{low:g}, {high:g}]; "
        f"state the least and greatest possible value (bounds)"
    )


def _signal_bounds(x: NDArray[Any]) -> tuple[float, float]:
    """The usual bounds of an ECG, doubled until all values fit."""
    low, high = BOUNDS
    for values in _finite(x):
        while values.min() < low or values.max() > high:
            low, high = 2 * low, 2 * high
    return low, high


def _is_eight_bit(x: NDArray[Any], spec: InputSpec) -> bool:
    """Whether all values are 255ths of the span, but for the rounding of float32."""
    for values in _finite(x):
        codes = (values.astype(np.float64) - spec.bounds[0]) * (255 / spec.span)
        if np.abs(codes - np.rint(codes)).max() > 1e-3:
            return False
    return True


def _finite(x: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """All finite values, some rows at a time."""
    for rows in chunks(x):
        values = rows[np.isfinite(rows)]
        if values.size:
            yield values


def chunks(x: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """All rows of x, some at a time."""
    rows = max(1, CHUNK * len(x) // max(1, x.size))
    yield from (x[start : start + rows] for start in range(0, len(x), rows))

"""Recordings as samples: windows of them, checked, in mV. Every reader of records builds on this."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import scipy
from numpy.typing import NDArray

from brittle.core.errors import BrittleError, DataError
from brittle.core.identity import hash_contents, hash_rows
from brittle.core.paths import is_file
from brittle.core.sample import InputSpec, Sample
from brittle.data.classes import check_label
from brittle.data.dataset import Wanted
from brittle.data.options import DataOptions

AXES = ("channel", "time")
BOUNDS = (-8.192, 8.19175)
"""mV, in 16 bits: codes 0.25 µV apart, which hold the usual 200, 250, 500 and 1000 codes per mV exactly."""
TO_MV = {"mV": 1.0, "uV": 1e-3, "µV": 1e-3, "V": 1e3, "nV": 1e-6}
"""What 1 of each unit is in mV."""
STUCK = 0.2
"""Seconds at its own greatest or least value from which on a lead counts as saturated."""


class Record(Protocol):
    """A recording. rate: samples per second; samples: how many; leads: their names; files: it stands in."""

    @property
    def rate(self) -> float: ...
    @property
    def samples(self) -> int: ...
    @property
    def leads(self) -> Sequence[str]: ...
    @property
    def files(self) -> Sequence[Path]: ...

    def read(self, start: int, stop: int, leads: Sequence[str]) -> NDArray[np.float64]:
        """Samples of these leads in mV, (leads, stop - start); NaN in gaps."""


@dataclass(frozen=True)
class Window:
    """Where one sample lies: from `start` seconds of a record on. problem: why it cannot be used."""

    id: str
    path: Path
    start: float = 0.0
    label: int | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class SignalSet:
    """Windows of recordings as a Dataset. resample: whether other rates are brought to spec's, or refused."""

    name: str
    spec: InputSpec
    classes: tuple[str, ...] | None
    ids: tuple[str, ...]
    windows: dict[str, Window]
    open_record: Callable[[Path], Record]
    resample: bool
    outputs: int | None

    @cached_property
    def sha256(self) -> str:
        """Of ids, labels and contents of all files of the records. Raises DataError for one too large."""
        windows = self.windows.values()
        paths = dict.fromkeys(window.path for window in windows)
        contents = {path: " ".join(map(hash_contents, self._files(path))) for path in paths}
        return hash_rows(
            (w.id, w.start, w.label, w.problem.replace(str(w.path), w.path.name), contents[w.path])
            for w in windows
        )

    def _files(self, path: Path) -> Sequence[Path]:
        """The files of a record; of one that cannot be opened the one that was found."""
        try:
            return self.open_record(path).files if is_file(path) else (path,)
        except DataError:
            return (path,)

    def open(self, id: str) -> Sample:
        """Read one window, resampled where that was asked for, rounded to the codes of spec."""
        if id not in self.windows:
            raise DataError(f"no sample '{id}' in {self.name}")
        window = self.windows[id]
        if window.problem:
            raise DataError(f"{id}: {window.problem}")
        check_label(window.label, self.outputs, id)
        record = self.open_record(window.path)
        self._check(record, id)
        x = _read(record, window, self.spec)
        for lead, name in zip(x, self.spec.channels, strict=True):
            check_lead(lead, record.rate, f"{id}: lead {name}")
        x = _at_rate(x, record.rate, self.spec)
        self.spec.check(x, id)
        return Sample(id, self.spec.decode(self.spec.encode(x.astype(np.float32))), window.label, self.spec)

    def _check(self, record: Record, id: str) -> None:
        missing = [lead for lead in self.spec.channels if lead not in record.leads]
        if missing:
            has = ", ".join(record.leads)
            raise DataError(f"{id}: expected the lead {missing[0]}, got {has}; name others with --leads")
        if not self.resample and record.rate != self.spec.rate:
            raise DataError(
                f"{id}: expected {self.spec.rate:g} samples per second as the first record, got "
                f"{record.rate:g}; state the model's rate with --sampling-rate to resample all to it"
            )


def signal_set(
    name: str,
    windows: Iterable[Window],
    wanted: Wanted,
    options: DataOptions,
    open_record: Callable[[Path], Record],
    classes: tuple[str, ...] | None = None,
) -> SignalSet:
    """A Dataset of these windows in their order. Raises DataError if they do not fit the model."""
    chosen = list(windows)[: options.limit]
    if wanted.shape is not None and len(wanted.shape) != 2:
        raise DataError(f"{name} holds signals (leads x samples), but the model takes {wanted}")
    first = _first_record(chosen, open_record)
    channels, length = wanted.shape or (None, None)
    leads = options.leads or tuple(first.leads[: channels or len(first.leads)])
    if channels is not None and len(leads) != channels:
        raise DataError(
            f"{name}: the model takes {channels} leads, got {len(leads)} ({', '.join(leads)}); name them "
            "with --leads"
        )
    rate = float(options.sampling_rate or first.rate)
    if rate != first.rate:
        name += f" (resampled from {first.rate:g} to {rate:g} Hz)"
    length = length or int(first.samples * rate / first.rate)
    spec = InputSpec((len(leads), length), AXES, options.bounds or BOUNDS, 16, rate, "mV", leads)
    return SignalSet(
        name=name,
        spec=spec,
        classes=classes,
        ids=tuple(window.id for window in chosen),
        windows={window.id: window for window in chosen},
        open_record=open_record,
        resample=options.sampling_rate is not None,
        outputs=wanted.outputs,
    )


def to_mv(unit: str, lead: str, path: Path) -> float:
    """What samples in this unit are multiplied by to be in mV. Raises DataError if it is no voltage."""
    if unit not in TO_MV:
        raise DataError(f"{path}: expected lead {lead} in mV, µV or V, got {unit}")
    return TO_MV[unit]


def check_lead(lead: NDArray[Any], rate: float, name: str) -> None:
    """Raise DataError if a lead has gaps (NaN), is flat, or stays at its greatest or least value."""
    gaps = ~np.isfinite(lead)
    if gaps.any():
        start, length = _longest_run(gaps)
        raise DataError(
            f"{name} has a gap: {length} samples ({1000 * length / rate:.3g} ms) from {start / rate:.3g} s "
            "on are NaN; fill it or drop this sample"
        )
    low, high = lead.min(), lead.max()
    if low == high:
        raise DataError(f"{name} is flat at {low:g}; the electrode was off: drop this sample")
    for value in (low, high):
        start, length = _longest_run(lead == value)
        if length > max(2, STUCK * rate):
            raise DataError(
                f"{name} is saturated: it stays at {value:g} for {1000 * length / rate:.3g} ms from "
                f"{start / rate:.3g} s on; drop this sample"
            )


def _longest_run(marks: NDArray[np.bool_]) -> tuple[int, int]:
    """Start and length of the longest stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], marks.astype(np.int8), [0]))))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    longest = int(lengths.argmax())
    return int(starts[longest]), int(lengths[longest])


def resampled(x: NDArray[Any], rate: float, wanted: float) -> NDArray[Any]:
    """x (..., time) at another rate, by a polyphase filter that lets through what the lower rate can hold."""
    ratio = Fraction(wanted / rate).limit_denominator(1000)
    resample = scipy.signal.resample_poly  # loaded when it is wanted: it takes longer than all of brittle
    return np.asarray(resample(x, ratio.numerator, ratio.denominator, axis=-1, padtype="line"))


def _read(record: Record, window: Window, spec: InputSpec) -> NDArray[np.float64]:
    """The window at the record's own rate, (leads, time); NaN where the record has gaps."""
    length, rate = spec.shape[1], spec.rate or record.rate
    start, needed = round(window.start * record.rate), ceil(length * record.rate / rate)
    if start < 0 or start + needed > record.samples:
        got = min(start + needed, record.samples) - max(start, 0)
        raise DataError(
            f"{window.id}: expected a window of {length} samples ({length / rate:.3g} s), but the record has "
            f"only {max(0, got)} of the {needed} needed there; drop this sample"
        )
    return record.read(start, start + needed, spec.channels)


def _at_rate(x: NDArray[np.float64], rate: float, spec: InputSpec) -> NDArray[np.float64]:
    """x at spec's rate and of its length."""
    if spec.rate is None or rate == spec.rate:
        return x
    out = resampled(x, rate, spec.rate)[:, : spec.shape[1]]
    return np.pad(out, ((0, 0), (0, spec.shape[1] - out.shape[1])), mode="edge")


def _first_record(windows: Sequence[Window], open_record: Callable[[Path], Record]) -> Record:
    """The first record that opens; the others must be like it."""
    problem: Exception = DataError("there are no records")
    for path in dict.fromkeys(window.path for window in windows):
        try:
            return open_record(path)
        except BrittleError as error:
            if not isinstance(error, DataError):
                raise
            problem = error
    raise DataError(f"none of the records can be read; {problem}")

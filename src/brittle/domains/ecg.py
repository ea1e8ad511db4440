"""Signals: channel (lead), time. Any signal is cut and stored like this; it is drawn as an ECG."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageColor

from brittle.core.canvas import Assignment, Layer
from brittle.core.errors import DataError, UsageError
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec
from brittle.domains.ecg_paper import PAPER, RGB, Band, drawn, fitting_gain, on_paper, written
from brittle.domains.glow import SHADE
from brittle.domains.heat import shares_of
from brittle.domains.stored import from_npy, to_npy
from brittle.domains.stretches import stretches, with_times
from brittle.domains.tints import tint, tints

DEFAULT_CELL = 0.0333
"""Seconds: two periods of 60 Hz, and the third of HPE's four segment lengths."""
MIDDLE = 2**15
STRIP = 24
"""Pixels that the picture of a mask is high."""


@dataclass(frozen=True)
class Ecg:
    """Signals over time, cut into segments across all leads; 16-bit ones are stored as WFDB records."""

    name: str = "ecg"
    axes: tuple[str, ...] = ("channel", "time")

    def cell(self, spec: InputSpec) -> tuple[int, ...]:
        """Segments of 33.3 ms; a sixtieth of the signal where its rate is not known."""
        length = spec.shape[1] / 60 if spec.rate is None else DEFAULT_CELL * spec.rate
        return (min(spec.shape[1], max(1, round(length))),)

    def parse_cell(self, text: str, spec: InputSpec) -> tuple[int, ...]:
        """Samples of "12", or of "10ms", "0.05 s" to the nearest sample (at least one). Raises UsageError."""
        found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(ms|s|)", text.strip())
        if found is None or (not found[2] and "." in found[1]):
            raise UsageError(f"expected a cell as a duration, such as 10ms, or in samples, got '{text}'")
        length = float(found[1])
        if found[2]:
            if spec.rate is None:
                raise UsageError(f"the sampling rate is not known: give the cell in samples, not as '{text}'")
            length *= spec.rate / (1000 if found[2] == "ms" else 1)
        return Grid(spec, (max(1, round(length)) if found[2] else int(length),)).cell

    def suffix(self, spec: InputSpec) -> str:
        """.dat (WFDB format 16) for 16-bit signals, which it holds exactly, else .npy."""
        return ".dat" if spec.bits == 16 else ".npy"

    def to_bytes(self, x: Array, spec: InputSpec) -> bytes:
        """Little-endian 16-bit codes, lead by lead within a sample, or the float32 values as npy."""
        if spec.bits == 16:
            return (spec.encode(x).astype(np.int32) - MIDDLE).astype("<i2").T.tobytes()
        return to_npy(x)

    def from_bytes(self, data: bytes, spec: InputSpec) -> Array:
        """The inverse of to_bytes. Raises DataError."""
        if spec.bits != 16:
            return from_npy(data, spec, "signal")
        channels, samples = spec.shape
        if len(data) != 2 * channels * samples:
            raise DataError(
                f"expected a stored signal of {2 * channels * samples} bytes ({channels} x {samples} samples "
                f"of 16 bits), got {len(data)}"
            )
        codes = np.frombuffer(data, "<i2").reshape(samples, channels).T.astype(np.int32) + MIDDLE
        return spec.decode(codes.astype(np.uint16))

    def companions(self, name: str, spec: InputSpec) -> dict[str, str]:
        """The .hea that makes a WFDB record of a .dat, readable by any PhysioNet tool."""
        if spec.bits != 16:
            return {}
        channels, samples = spec.shape
        record = re.sub(r"[^A-Za-z0-9_-]", "_", name)
        # A lead's value is (code - baseline) / gain. WFDB takes code -32768, the lower bound, for a gap.
        gain = (2**16 - 1) / spec.span
        baseline = round(-spec.bounds[0] * gain) - MIDDLE
        names = spec.channels or tuple(f"lead{k + 1}" for k in range(channels))
        lines = [f"{record} {channels} {spec.rate or 1:.10g} {samples}"]
        lines += [f"{name}.dat 16 {gain:.10g}({baseline})/{spec.unit} 16 0 0 0 0 {lead}" for lead in names]
        return {".hea": "\n".join(lines) + "\n"}

    def picture(self, x: Array, spec: InputSpec, beside: Sequence[Array] = ()) -> bytes:
        """PNG of the trace on ECG paper; all that are side by side have paper of one size, and one gain."""
        return on_paper(x, spec, beside=beside)

    def extent(self, spec: InputSpec) -> str:
        """Empty: all of it."""
        return ""

    def animation(self, inputs: Sequence[Array], spec: InputSpec) -> bytes | None:
        """None: a trace stands still."""
        return None

    def change(self, x: Array, changed: Array, spec: InputSpec) -> bytes:
        """PNG of changed - x on ECG paper, at up to four times the standard gain."""
        difference = changed - x
        return on_paper(difference, spec, gain=fitting_gain(difference, most=40.0))

    def cells_touched(
        self,
        x: Array,
        grid: Grid,
        assignment: Assignment,
        spec: InputSpec,
        layers: Sequence[Layer] | None = None,
        beside: Sequence[Array] = (),
    ) -> bytes:
        """PNG of x on ECG paper; the paper of touched segments is shaded, by layer or by distortion."""
        side, length = grid.cell[0], spec.shape[1]
        bands = [
            Band(int(cell) * side, min(length, (int(cell) + 1) * side), _shade(int(assignment[cell]), layers))
            for cell in np.flatnonzero(assignment)
        ]
        return on_paper(x, spec, bands, beside=beside)

    def explained(
        self, x: Array, values: Array, spec: InputSpec, mask: NDArray[np.bool_] | None = None
    ) -> bytes:
        """PNG of x on ECG paper, shaded by the shares of the map, the mask's stretches marked with times."""
        numbers = shares_of(values)
        shaded = [
            Band(start, stop, SHADE[number])
            for number in range(len(SHADE))
            for start, stop in stretches(numbers == number)
        ]
        return written(with_times(drawn(x, spec, shaded), mask, spec))

    def region(self, mask: NDArray[np.bool_], spec: InputSpec) -> bytes:
        """PNG of a mask (time,) as a strip, a pixel a sample: white is kept."""
        out = io.BytesIO()
        strip = np.broadcast_to(np.where(mask, np.uint8(255), np.uint8(0)), (STRIP, len(mask)))
        Pillow.fromarray(np.ascontiguousarray(strip)).save(out, "PNG")
        return out.getvalue()


def _shade(layer: int, layers: Sequence[Layer] | None) -> RGB:
    """A pale tint, so that the trace stays readable on it."""
    name = tint(layer - 1) if layers is None else tints(layers)[layers[layer - 1].distortion]
    red, green, blue = (
        round(0.55 * t + 0.45 * p) for t, p in zip(ImageColor.getrgb(name)[:3], PAPER, strict=True)
    )
    return red, green, blue

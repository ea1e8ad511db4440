"""When one flip changes its clip: frame by frame, for each distortion of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.grid import Grid
from brittle.core.result import Flip
from brittle.core.sample import Array, InputSpec
from brittle.report.wording import change_unit, number
from brittle.store.manifest import Manifest


@dataclass(frozen=True)
class Row:
    """One distortion over time. shades: of each frame, 0 to 1; alt: for a reader who cannot see them."""

    name: str
    shades: tuple[float, ...]
    alt: str


@dataclass(frozen=True)
class Moments:
    """All rows of one flip. greatest: the change of the darkest shade; first, last: the ends of the clip."""

    rows: tuple[Row, ...]
    greatest: str
    first: str
    last: str


def moments(manifest: Manifest, flip: Flip, x: Array, changed: Array) -> Moments | None:
    """The RMS change of every frame, by distortion; of all cells where none is known. None but of clips."""
    spec = manifest.spec
    if "frame" not in spec.axes:
        return None
    scale, unit = change_unit(spec)
    found = {
        name: scale * frame_rms(np.where(where, changed - x, 0), spec)
        for name, where in _touched(manifest, flip).items()
    }
    greatest = max((float(rms.max()) for rms in found.values()), default=0.0)
    rows = [
        Row(name, tuple((rms / (greatest or 1.0)).round(3).tolist()), _in_words(name, rms, unit))
        for name, rms in found.items()
    ]
    return Moments(tuple(rows), f"RMS {number(greatest)} {unit}", moment(0, spec), moment(-1, spec))


def frame_rms(difference: Array, spec: InputSpec) -> NDArray[np.float64]:
    """Root mean square of each frame, (frames,)."""
    others = tuple(axis for axis, name in enumerate(spec.axes) if name != "frame")
    return np.asarray(np.sqrt(np.square(difference, dtype=np.float64).mean(axis=others)))


def moment(place: int, spec: InputSpec) -> str:
    """A frame and, where the rate is known, its time: frame 20, 3.8 s. place: from 0, or -1 for the last."""
    at = range(spec.shape[spec.axes.index("frame")])[place]
    return f"frame {at + 1}" + ("" if spec.rate is None else f", {at / spec.rate:.3g} s")


def _touched(manifest: Manifest, flip: Flip) -> dict[str, NDArray[np.bool_]]:
    """The elements that each distortion touched, most cells first, of the shape of one channel."""
    spec = manifest.spec
    if flip.assignment is None:
        return {"whole input": np.ones((1, *spec.shape[1:]), bool)}
    names = np.array(["", *(layer.distortion for layer in manifest.palette)])
    of_cell = names[np.asarray(flip.assignment)]
    used, counts = np.unique(of_cell[of_cell != ""], return_counts=True)
    grid = Grid(spec, manifest.cell)
    return {str(name): grid.spread(of_cell == name) for name in used[np.argsort(-counts, kind="stable")]}


def _in_words(name: str, rms: NDArray[np.float64], unit: str) -> str:
    most = int(rms.argmax())
    touched = int(np.count_nonzero(rms))
    return f"{name}: {touched} of {rms.size} frames, most in frame {most + 1}, RMS {number(rms[most])} {unit}"

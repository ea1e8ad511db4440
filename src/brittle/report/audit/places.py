"""When and where the closest flips of a run change clips."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import BrittleError
from brittle.core.result import Status
from brittle.report.audit.moments import frame_rms
from brittle.report.pictures import inputs_of
from brittle.report.wording import change_unit
from brittle.store.run import Run

MOST_READ = 200
"""Flips that are read, spread evenly over the run."""


@dataclass(frozen=True)
class Places:
    """What the flips have in common. flips: how many were read, of all there are.

    touched: share of them that change each frame at all, (frames,); rms: their mean RMS change in each frame,
    (frames,); where: their mean absolute change at each place, (height, width). In grey levels.
    """

    flips: int
    of: int
    touched: NDArray[np.float64]
    rms: NDArray[np.float64]
    where: NDArray[np.float64]


def places(run: Run) -> Places | None:
    """When and where the flips of a run of clips change them; None of other inputs and where none flipped."""
    spec = run.manifest.spec
    if "frame" not in spec.axes:
        return None
    numbers = [n for n, r in enumerate(run.results()) if r.status is Status.FLIPPED and r.closest]
    step = max(1, -(-len(numbers) // MOST_READ))
    wanted = set(numbers[::step])
    scale = change_unit(spec)[0]
    rms: list[NDArray[np.float64]] = []
    where = np.zeros(spec.shape[2:])
    for number, result in enumerate(run.results()):
        if number not in wanted or result.closest is None:
            continue
        try:
            x, changed = inputs_of(run, result, result.closest)
        except (BrittleError, OSError, ValueError):
            continue  # the gallery says so
        rms.append(scale * frame_rms(changed - x, spec))
        where += scale * np.abs(changed - x).mean(axis=(0, 1), dtype=np.float64)
    if not rms:
        return None
    by_flip = np.stack(rms)
    return Places(len(rms), len(numbers), (by_flip > 0).mean(axis=0), by_flip.mean(axis=0), where / len(rms))

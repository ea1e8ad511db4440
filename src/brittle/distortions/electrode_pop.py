"""Electrode pop: the contact jumps, the trace with it, and creeps back."""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.signals import TIME, Signal, added, along_time, leads, seconds

RECOVERY = 0.24
"""Seconds to fall to 37 %: the time constant of the 0.67 Hz high-pass of monitors (IEC 60601-2-27)."""


@dataclass(frozen=True)
class ElectrodePop:
    """Sudden steps up or down every 0.2 to 0.6 seconds, which decay as the high-pass of a monitor does.

    The level is the height of the greatest step; others are at least half of it. Sources: abrupt baseline
    shifts in Friesen et al., "A comparison of the noise sensitivity of nine QRS detection algorithms", IEEE
    TBME 37(1), 1990; Clifford, Azuaje & McSharry, "Advanced Methods and Tools for ECG Data Analysis", 2006,
    chapter 3 (electrode pop).
    """

    name: str = "electrode_pop"
    needs: tuple[str, ...] = TIME
    levels: tuple[float, ...] = (0.25, 0.5, 1.0)
    unit: str = "height of the step, mV (or the unit of the signal)"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x with the steps on it, clipped to the bounds."""
        pops = np.stack([_pops(seconds(spec), rng) for _ in range(int(np.prod(leads(spec))))])
        return added(x, along_time(level * pops.reshape(*leads(spec), -1), spec), spec)


def _pops(time: Signal, rng: np.random.Generator) -> Signal:
    """Decaying steps of at most 1 in height, shape (time,)."""
    out, at = np.zeros(len(time)), rng.uniform(0, min(0.3, time[-1] / 2))
    while at < time[-1]:
        height = rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0)
        out += np.where(time >= at, height * np.exp(-np.maximum(time - at, 0) / RECOVERY), 0)
        at += rng.uniform(0.2, 0.6)
    return out / max(float(np.abs(out).max()), 1e-30)

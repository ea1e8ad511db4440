"""Powerline interference: the mains hum of 50 or 60 Hz."""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.signals import TIME, added, along_time, leads, rate_of, seconds


@dataclass(frozen=True)
class Powerline:
    """A sine of 50 or 60 Hz, as the draw has it, with up to 30 % of its third harmonic.

    The level is the amplitude of the fundamental in the lead that hums most. The mains frequency is off by at
    most 1 % (EN 50160). Source: Friesen et al., "A comparison of the noise sensitivity of nine QRS detection
    algorithms", IEEE TBME 37(1), 1990, whose amplitudes reach half of the ECG's own.
    """

    name: str = "powerline"
    needs: tuple[str, ...] = TIME
    levels: tuple[float, ...] = (0.05, 0.1, 0.25)
    unit: str = "amplitude, mV (or the unit of the signal)"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x with the hum on it, clipped to the bounds."""
        mains = float(rng.choice((50.0, 60.0))) * rng.uniform(0.99, 1.01)
        share, phases = rng.uniform(0, 0.3), rng.uniform(0, 2 * np.pi, 2)
        gain = rng.uniform(0.3, 1.0, (*leads(spec), 1))
        angle = 2 * np.pi * mains * seconds(spec)
        hum = np.sin(angle + phases[0])
        if rate_of(spec, fastest=mains) > 6 * mains:
            hum = hum + share * np.sin(3 * angle + phases[1])
        return added(x, along_time(level * gain / gain.max() * hum, spec), spec)

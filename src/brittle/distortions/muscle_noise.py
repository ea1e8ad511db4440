"""Muscle noise: other muscles than the heart, picked up by the same electrodes."""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.signals import TIME, added_at, band_noise


@dataclass(frozen=True)
class MuscleNoise:
    """Electromyographic noise of 20 to 150 Hz, at a stated SNR, another in every lead.

    Where half the sampling rate is below 150 Hz, it ends there. Sources: Friesen et al., "A comparison of the
    noise sensitivity of nine QRS detection algorithms", IEEE TBME 37(1), 1990; muscle artefact in Moody,
    Muldrow & Mark, Computers in Cardiology 1984; lower edge of the EMG band after De Luca et al., "Filtering
    the surface EMG signal", J. Biomechanics 43(8), 2010.
    """

    name: str = "muscle_noise"
    needs: tuple[str, ...] = TIME
    levels: tuple[float, ...] = (18.0, 12.0, 6.0)
    unit: str = "SNR, dB"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x with the noise on it, clipped to the bounds."""
        return added_at(level, x, band_noise(spec, 20.0, 150.0, rng), spec)

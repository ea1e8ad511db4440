"""Baseline wander: breathing and sweat move the whole trace slowly up and down."""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.signals import TIME, added_at, in_every_lead, seconds


@dataclass(frozen=True)
class BaselineWander:
    """Four slow sines of 0.15 to 0.5 Hz, at a stated SNR in every lead; all leads breathe together.

    Sources: respiration in Friesen et al., "A comparison of the noise sensitivity of nine QRS detection
    algorithms", IEEE TBME 37(1), 1990 (0.15 to 0.3 Hz); Sörnmo & Laguna, "Bioelectrical Signal Processing in
    Cardiac and Neurological Applications", 2005, section 7.1 (usually below 0.5 Hz).
    """

    name: str = "baseline_wander"
    needs: tuple[str, ...] = TIME
    levels: tuple[float, ...] = (12.0, 6.0, 3.0)
    unit: str = "SNR, dB"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x with the wander on it, clipped to the bounds."""
        frequency, phase = rng.uniform(0.15, 0.5, 4), rng.uniform(0, 2 * np.pi, 4)
        waves = np.sin(2 * np.pi * np.outer(frequency, seconds(spec)) + phase[:, None])
        return added_at(level, x, in_every_lead(waves.sum(axis=0), spec), spec)

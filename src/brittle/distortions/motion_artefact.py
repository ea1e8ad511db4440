"""Motion artefact: the electrode moves on stretching skin."""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.signals import TIME, added_at, band_noise


@dataclass(frozen=True)
class MotionArtefact:
    """Smooth noise of 1 to 10 Hz, at a stated SNR, another in every lead.

    It overlaps the QRS complex, so that no filter takes it away. Sources: electrode motion in Moody, Muldrow
    & Mark, "A noise stress test for arrhythmia detectors", Computers in Cardiology 1984, with SNRs of 24 to
    -6 dB; band after Thakor & Zhu, "Applications of adaptive filtering to ECG analysis", IEEE TBME 38(8),
    1991.
    """

    name: str = "motion_artefact"
    needs: tuple[str, ...] = TIME
    levels: tuple[float, ...] = (18.0, 12.0, 6.0)
    unit: str = "SNR, dB"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x with the artefact on it, clipped to the bounds."""
        return added_at(level, x, band_noise(spec, 1.0, 10.0, rng), spec)

"""Detached device: an electrode or cable comes off, and the lead shows a straight line."""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.signals import TIME, along_time, leads


@dataclass(frozen=True)
class DetachedDevice:
    """A straight line for as long as the touched cells last: flat (level 0), or some way towards a rail.

    The level is the distance from the median of the lead; the draw says which leads go up and which down. All
    leads come off together. 5 mV is the rail: the input range that a recorder must have at least (IEC
    60601-2-47, IEC 60601-2-27). Source: electrode contact noise in Friesen et al., "A comparison of the noise
    sensitivity of nine QRS detection algorithms", IEEE TBME 37(1), 1990; segments of 3.33 to 10 ms are those
    of HPE's detached device (see the presets).
    """

    name: str = "detached_device"
    needs: tuple[str, ...] = TIME
    levels: tuple[float, ...] = (0.0, 0.25, 1.0, 5.0)
    unit: str = "distance from the baseline, mV (or the unit of the signal); 0 is flat"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """Straight lines of the shape of x, clipped to the bounds."""
        side = rng.choice((-1.0, 1.0), (*leads(spec), 1))
        line = np.median(x, axis=spec.axes.index("time"), keepdims=True) + level * along_time(side, spec)
        return np.asarray(np.clip(np.broadcast_to(line, x.shape), *spec.bounds), np.float32)

"""Flicker: the light of the scene pulses, as lamps on the mains do under a camera of another rate."""

from dataclasses import dataclass
from math import pi

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import length, placed
from brittle.distortions.frames import FRAME
from brittle.distortions.light import GAMMA, lit


@dataclass(frozen=True)
class Flicker:
    """Whole frames are lit more and less in turn; each draw has its own beat and phase.

    The beat of lamp and shutter is 2 to 10 frames long. The level is the change of light in the frame that
    changes most: half a stop either way is 33 % flicker as lamps are rated (greatest minus least light, over
    their sum), 0.25 is 17 % and 1 is 60 %. Sources: Sheinin, Schechner & Kutulakos, "Computational imaging on
    the electric grid", CVPR 2017; percent flicker, IEEE 1789-2015.
    """

    name: str = "flicker"
    needs: tuple[str, ...] = FRAME
    levels: tuple[float, ...] = (0.25, 0.5, 1.0)
    unit: str = "greatest change, stops of light"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x under pulsing light, clipped to the bounds."""
        beat, phase = rng.uniform(0.1, 0.5), rng.uniform(0, 2 * pi)
        pulse = np.sin(2 * pi * beat * np.arange(length(spec, "frame")) + phase)
        gain = np.exp2(level / GAMMA * pulse / np.abs(pulse).max()).astype(np.float32)
        return lit(x, placed(gain, FRAME, spec), spec)

"""Rolling bands: the light changes while a rolling shutter reads a frame row by row."""

from dataclasses import dataclass
from math import pi

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import length, placed
from brittle.distortions.frames import VIDEO
from brittle.distortions.light import GAMMA, lit


@dataclass(frozen=True)
class RollingBands:
    """Horizontal bands, lighter and darker, that move up or down; each draw has its own number and speed.

    1 to 4 bands over the height (lamps pulse 100 or 120 times a second, and reading a frame takes 1/100 to
    1/30 s), which move by 3 to 30 % of a band per frame. The level is the change of light in the middle of a
    band. Sources: Sheinin, Schechner & Kutulakos, "Rolling shutter imaging on the electric grid", ICCP 2018;
    Tajbakhsh & Grigat, "Illumination flicker frequency classification in rolling shutter camera systems",
    SPPRA 2007.
    """

    name: str = "rolling_bands"
    needs: tuple[str, ...] = VIDEO
    levels: tuple[float, ...] = (0.25, 0.5, 1.0)
    unit: str = "greatest change, stops of light"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x under bands of light, clipped to the bounds."""
        bands, phase = rng.uniform(1, 4), rng.uniform(0, 1)
        speed = rng.choice((-1, 1)) * rng.uniform(0.03, 0.3)
        frames, rows = np.ogrid[: length(spec, "frame"), : length(spec, "height")]
        wave = np.sin(2 * pi * (bands * rows / length(spec, "height") + speed * frames + phase))
        gain = np.exp2(level / GAMMA * wave).astype(np.float32)
        return lit(x, placed(gain, ("frame", "height"), spec), spec)

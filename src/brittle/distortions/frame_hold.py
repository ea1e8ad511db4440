"""Frame hold: the picture freezes for a while, then goes on where it would have been."""

from dataclasses import dataclass

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.distortions.axes import length
from brittle.distortions.frames import FRAME, frames_in, shown


@dataclass(frozen=True)
class FrameHold:
    """A run of frames repeats the frame before it; each draw freezes at another time.

    The level is the length of the run, at least one frame. A stronger level holds the frames of a weaker one,
    and the first frame is kept. Sources: freeze in Schiappa et al., CVPR 2023 (UCF101-P); Qi & Dai, "The
    effect of frame freezing and frame skipping on video quality", IIH-MSP 2006.
    """

    name: str = "frame_hold"
    needs: tuple[str, ...] = FRAME
    levels: tuple[float, ...] = (0.1, 0.25, 0.5)
    unit: str = "share of the frames"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        """A copy of x that freezes once."""
        held = frames_in(level, spec)
        order = np.arange(length(spec, "frame"))
        # Where a run may start, scaled: the longer one starts no later and ends no earlier.
        start = 1 + int(rng.uniform() * (len(order) - held))
        order[start : start + held] = start - 1
        return shown(x, order, spec)

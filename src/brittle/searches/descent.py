"""Fields made by many steps of gradient on surrogates, for one query.

Projected gradient descent (Madry et al., ICLR 2018) with momentum (MI-FGSM; Dong et al., CVPR 2018), and at
every step noise and a random shift (input diversity; Xie et al., CVPR 2019), so that what is found holds on
models that were not asked. The surrogates take turns: as many steps of one each led further than a third of
them on all three.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Field, as_input, unit
from brittle.core.sample import Array, Sample
from brittle.core.surrogate import Lead


@dataclass(frozen=True)
class Descent:
    """How to go down. steps: how many, each on one surrogate.

    first, last: lengths of the first and the last step, shares of the radius. noise: L2 of the noise at each
    step, a share of the radius. shift: greatest shift, a share of each side. decay: of the momentum.
    """

    steps: int
    first: float
    last: float
    noise: float
    shift: float = 0.027
    decay: float = 0.8

    def stride(self, step: int) -> float:
        """The length of a step, along half a period of a cosine."""
        share = (1 + np.cos(np.pi * step / max(1, self.steps - 1))) / 2
        return float(self.last + (self.first - self.last) * share)


TRANSFER = Descent(steps=48, first=0.2, last=0.01, noise=0.25)
"""From white noise to a change that many models take for another class."""


def descended(
    sample: Sample,
    leads: Sequence[Lead],
    weights: NDArray[np.float64],
    start: Array,
    radius: float,
    how: Descent,
    rng: np.random.Generator,
    rivals: Sequence[int] = (),
) -> Array:
    """The field of norm 1 that these steps lead to from another one; both (channels, *sides).

    weights: how often each lead is asked, (leads,). radius: L2 of the inputs on the way.
    rivals: the audited model's classes to go to; none for whichever is nearest on each surrogate.
    """
    spec, fields = sample.spec, Field(sample.spec)
    clean, field = fields.of(sample.x), start
    momentum = np.zeros_like(start)
    sides, reaches = tuple(range(1, start.ndim)), [round(how.shift * n) for n in fields.sides]
    for step, turn in enumerate(turns(weights, how.steps)):
        x = np.clip(clean + np.float32(radius) * field, *spec.bounds)
        x += np.float32(how.noise * radius) * noise_field(fields, rng)
        shift = [int(rng.integers(-reach, reach + 1)) for reach in reaches]
        seen = np.ascontiguousarray(as_input(np.roll(x, shift, sides), spec))
        gradient = fields.of(leads[turn].gradient(seen[None], rivals)[0])
        momentum *= np.float32(how.decay)
        momentum += unit(np.roll(gradient, [-s for s in shift], sides))
        field = unit(field - np.float32(how.stride(step)) * unit(momentum))
    return field


def turns(weights: NDArray[np.float64], steps: int) -> Iterator[int]:
    """Who is asked at each step: every one as often as its weight says, evenly spread."""
    due = np.zeros(len(weights))
    for _ in range(steps):
        due += weights / weights.sum()
        turn = int(due.argmax())
        due[turn] -= 1
        yield turn


def noise_field(fields: Field, rng: np.random.Generator) -> Array:
    """White noise of norm 1, (channels, *sides)."""
    return unit(rng.standard_normal((fields.channels, *fields.sides), np.float32))

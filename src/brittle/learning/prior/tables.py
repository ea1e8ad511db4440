"""What priors of waves are learned from: how far many waves lower the margin of local models."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Field, Waves, usual_l2
from brittle.core.search import Game, InputBoard, Search
from brittle.core.seeds import generator
from brittle.core.sphere import L2Sphere
from brittle.searches.ripple.features import wave_features
from brittle.searches.ripple.tuning import TUNING
from brittle.searches.ripple.waves import Observations, no_observations

ROUND = 8  # waves shown at once
ANCHORS, OWN = 64, 32  # waves that all tables share, and others
RADII = 0.6, 1.2  # of a table, as a share of the usual L2


@dataclass(frozen=True)
class WaveTable:
    """Waves tried on one sample and one model.

    x: (n, f) features, those of the anchors first. falls: (n,), how far each lowered the margin, nats, as
    all of them were shown at one L2. clean: the untouched input's margin, nats.
    """

    x: NDArray[np.float32]
    falls: NDArray[np.float32]
    clean: float


@dataclass(frozen=True)
class Tabulate:
    """The search that fills tables: anchors, then by turns waves at random and waves near the best so far.

    keep: is given every sample's id and table. seed: of the anchors. anchors, own: multiples of ROUND.
    """

    keep: Callable[[str, WaveTable], None]
    seed: int
    anchors: int = ANCHORS
    own: int = OWN
    name: ClassVar[str] = "tabulate"
    board: ClassVar[str] = "input"

    @property
    def budget(self) -> int:
        """Queries that a sample takes: clean and verifications beside the waves."""
        return self.anchors + self.own + 4

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Shows every wave once."""
        field, sphere = Field(game.sample.spec), L2Sphere(game.sample)
        clean = float(game.goal.margin(game.clean[None])[0])
        radius = usual_l2(game.sample.spec) * float(np.exp(game.rng.uniform(*np.log(RADII))))
        seen, anchors = no_observations(field), anchor_waves(field, self.seed, self.anchors)
        for start in range(0, self.anchors + self.own, ROUND):
            waves = anchors.pick(slice(start, start + ROUND))
            if start >= self.anchors:
                waves = _own(seen, field, game.rng)
            rows = np.stack([sphere.at(field.wave(waves.pick([i])), radius).codes for i in range(ROUND)])
            seen = _after(seen, waves, clean - game.goal.margin((yield rows)))
        x, falls = wave_features(seen.waves, field), seen.falls
        self.keep(game.sample.id, WaveTable(x.astype(np.float32), falls.astype(np.float32), clean))


def anchor_waves(field: Field, seed: int, count: int = ANCHORS) -> Waves:
    """Waves at random that tables share; their features are the same for inputs of any size."""
    return field.random_waves(count, generator(seed, "anchors"))


def _own(seen: Observations, field: Field, rng: np.random.Generator) -> Waves:
    """A round of waves, half at random and half near the best three."""
    near = rng.choice(seen.best(TUNING.refined_waves), ROUND - ROUND // 2)
    return field.random_waves(ROUND // 2, rng).join(
        field.waves_near(seen.waves.pick(near), rng, TUNING.near_spread)
    )


def _after(seen: Observations, waves: Waves, falls: NDArray[np.float64]) -> Observations:
    """With these observed too."""
    return Observations(seen.waves.join(waves), np.append(seen.falls, falls))

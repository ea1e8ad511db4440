"""Which wave to try next, after a prior that was learned on other models: it knows which waves often work."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.errors import UsageError
from brittle.core.field import Field, Waves
from brittle.core.search import Game, InputBoard
from brittle.optimise.acquisition import log_expected_improvement
from brittle.optimise.gp import posterior
from brittle.optimise.history import History
from brittle.optimise.learned import open_prior
from brittle.optimise.prior import Prior
from brittle.searches.ripple.features import feature_count, wave_features
from brittle.searches.ripple.waves import Observations, candidates, ucb_wave

SHIPPED = Path(__file__).parent / "priors" / "imagenet.safetensors"
AGAIN = "make one with brittle train --kind prior --model MODEL --data DATA"


@dataclass(frozen=True, eq=False)
class WavePrior:
    """A learned prior of functions of a wave: minus how far it lowers the margin, nats.

    axes, channels: of the inputs that it was learned on. name: of its file.
    """

    prior: Prior
    axes: tuple[str, ...]
    channels: int
    name: str

    def fits(self, field: Field) -> bool:
        """Whether inputs of this field are of the same kind."""
        axes = tuple(field.spec.axes[i] for i in field.spec.spatial)
        return axes == self.axes and field.channels == self.channels

    def best(self, observations: Observations, waves: Waves, field: Field, clean: float) -> Waves:
        """The wave that is expected to lower the margin most beyond 0, from clean, nats: to flip."""
        history = History(wave_features(observations.waves, field), -observations.falls)
        expected = posterior(self.prior, history)
        mean, deviation = expected(wave_features(waves, field))
        flip = (-clean - expected.given.shift) / expected.given.scale
        return waves.pick([int(log_expected_improvement(mean, deviation, flip).argmax())])


def next_wave(
    prior: WavePrior | None,
    observations: Observations,
    field: Field,
    clean: float,
    rng: np.random.Generator,
) -> Waves:
    """The best of some candidates by the prior; where there is none, by the hand-made process."""
    if prior is None:
        return ucb_wave(observations, field, rng)
    return prior.best(observations, candidates(observations, field, rng), field, clean)


def fitting_prior(name: str, game: Game[InputBoard]) -> WavePrior | None:
    """The prior of this name where it fits the sample; the game's notes say which, or that it does not."""
    prior = read_wave_prior(name)
    if prior is None:
        return None
    fits = prior.fits(Field(game.sample.spec))
    game.notes["prior"] = prior.name if fits else f"{prior.name}, not used: it is of other axes or channels"
    return prior if fits else None


@lru_cache(maxsize=4)
def read_wave_prior(name: str) -> WavePrior | None:
    """The prior of a file, of "shipped", or of "none". Raises UsageError with one line."""
    if name == "none" or (name == "shipped" and not SHIPPED.is_file()):
        return None
    path = SHIPPED if name == "shipped" else Path(name)
    learned = open_prior(path)
    waves: Any = learned.of.get("waves")
    if not isinstance(waves, dict):
        raise UsageError(f"'{path}' is a prior of {dict(learned.of)}, not of waves; {AGAIN}")
    try:
        axes, channels = tuple(map(str, waves["axes"])), int(waves["channels"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"'{path}' does not say what its waves are; {AGAIN}") from error
    if learned.features != feature_count(len(axes), channels):
        raise UsageError(f"'{path}' has {learned.features} features, its waves have not; {AGAIN}")
    return WavePrior(learned.prior, axes, channels, learned.name)

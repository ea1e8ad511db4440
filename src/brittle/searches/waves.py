"""The first phase of ripple as a search of its own: whole-input waves, each picked by a Gaussian process."""

from typing import ClassVar, Self

from pydantic import model_validator

from brittle.core.field import Field
from brittle.core.search import Game, InputBoard, Search
from brittle.core.sphere import L2Sphere
from brittle.searches.radius import l2_radius
from brittle.searches.ripple.learned import fitting_prior, next_wave, read_wave_prior
from brittle.searches.ripple.update import smaller_radius
from brittle.searches.ripple.waves import no_observations
from brittle.settings import Settings, setting


class WavesAlone(Settings):
    """Waves and nothing else: no tiles, no climb.

    Candidates are at the distance max_l2 of the terms, or without one at that of ripple; after a flip they
    are nearer.
    """

    name: ClassVar[str] = "waves"
    board: ClassVar[str] = "input"
    prior: str = setting(
        "shipped",
        "'shipped' (used where the input's axes and channels fit), 'none', or a file of brittle train",
    )

    @model_validator(mode="after")
    def _read_prior(self) -> Self:
        """Raise UsageError now if the prior cannot be read, and not when the first sample is played."""
        read_wave_prior(self.prior)
        return self

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, one row at a time, for ever."""
        field, sphere = Field(game.sample.spec), L2Sphere(game.sample)
        prior = fitting_prior(self.prior, game)
        clean = float(game.goal.margin(game.clean[None])[0])
        radius, observations = l2_radius(game), no_observations(field)
        while True:
            wave = next_wave(prior, observations, field, clean, game.rng)
            shown = sphere.at(field.wave(wave), radius)
            margin = float(game.goal.margin((yield shown.codes[None]))[0])
            observations = observations.after(wave, clean - margin)
            if margin < 0:
                radius = smaller_radius(shown.l2, margin, clean)

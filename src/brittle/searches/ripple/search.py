"""Interference: waves picked by a Gaussian process, then a hill climb by operators that earn credit.

An input is changed by a field at a fixed L2 distance, the radius. First whole-input waves (and learned tiles,
where there are any) are tried; then small steps are added to the best field, and a step is kept when the
margin falls. After a flip the radius shrinks and the climb goes on.

Where the ideas come from: classifiers react to single frequencies far more than to white noise (Yin et al.,
"A Fourier Perspective on Model Robustness in Computer Vision", NeurIPS 2019; Tsuzuku and Sato, "On the
Structural Sensitivity of Deep Convolutional Networks to the Directions of Fourier Basis Functions", CVPR
2019); procedural textures transfer between inputs and models (Co et al., "Procedural Noise Adversarial
Examples for Black-Box Attacks on Deep CNNs", CCS 2019); accept-if-better climbing is as in SimBA (Guo et al.,
ICML 2019) and Square (Andriushchenko et al., ECCV 2020); operators compete by adaptive pursuit (Thierens,
GECCO 2005).
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from brittle.core.play import Play, play_out
from brittle.core.search import Game, InputBoard, Search
from brittle.searches.ripple.deciders import DECIDERS
from brittle.searches.ripple.guided import GuidedPlay
from brittle.searches.ripple.learned import fitting_prior, read_wave_prior
from brittle.searches.ripple.play import RipplePlay
from brittle.searches.ripple.tuning import TUNING
from brittle.settings import Settings, setting
from brittle.store.tiles import Tiles, read_tiles

SHIPPED = Path(__file__).parent / "tiles" / "imagenet.safetensors"


class Ripple(Settings):
    """Interference waves and learned tiles, then a climb by credited operators; the player of the L2 track.

    Candidates are at the distance max_l2 of the terms. Where there is none they begin at L2 5 for a photo and
    as much per element elsewhere, 5 * span * sqrt(elements / 150528), and go farther when nothing helps.
    """

    name: ClassVar[str] = "ripple"
    board: ClassVar[str] = "input"
    takes_surrogates: ClassVar[bool] = True
    waves: int = setting(
        TUNING.waves, "whole-input waves tried before the climb, at most a tenth of the budget", ge=1
    )
    tile: str = setting(
        "shipped",
        "'shipped' (used where the input's axes and channels fit), 'none', or a file of brittle train",
    )
    prior: str = setting(
        "shipped",
        "of waves: 'shipped' (where inputs are of its kind, without surrogates), 'none', or a trained file",
    )
    first: Literal["tiles", "waves"] = setting("tiles", "which are shown first, 'tiles' or 'waves'")
    trust: Literal["schedule", "bandit", "open"] = setting(
        "schedule",
        "with surrogates, who decides when to follow them: 'schedule', 'bandit', or 'open', the odds that an "
        "agent corrects",
    )

    @model_validator(mode="after")
    def _read_files(self) -> Self:
        """Raise UsageError now if tiles or prior cannot be read, and not when the first sample is played."""
        _tiles(self.tile)
        read_wave_prior(self.prior)
        return self

    @property
    def sees_trust(self) -> bool:
        """Whether the view holds what is known of surrogates: then there must be some."""
        return self.trust == "open"

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, one row at a time, for ever."""
        return play_out(self.play(game), game)

    def play(self, game: Game[InputBoard]) -> Play[Any, Any]:
        """The moves of one game; with leaps where local models have leads."""
        tiles = _tiles(self.tile)
        values = tiles.for_spec(game.sample.spec) if tiles else np.empty((0,), np.float32)
        if tiles and len(values):
            game.notes["tile"] = tiles.name
        clean = float(game.goal.margin(game.clean[None])[0])
        prior = fitting_prior("none" if game.leads and self.prior == "shipped" else self.prior, game)
        alone = RipplePlay(
            game.sample, game.terms, clean, values, self.waves, prior, waves_first=self.first == "waves"
        )
        if not game.leads:
            return alone
        decider = DECIDERS[self.trust]
        return GuidedPlay(
            alone, game.leads, game.clean, game.goal, decider=decider, sees_trust=self.sees_trust
        )


@lru_cache(maxsize=4)
def _tiles(name: str) -> Tiles | None:
    if name == "none" or (name == "shipped" and not SHIPPED.is_file()):
        return None
    return read_tiles(SHIPPED if name == "shipped" else name)

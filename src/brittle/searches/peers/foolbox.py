"""The natural attacks of foolbox: noise, blur, salt and pepper, less contrast. Rauber et al., 2017.

They know the model through foolbox's NumPyModel only, so that no deep-learning framework is needed. Settings
are foolbox's defaults; it is the referee's budget that ends them.
"""

from importlib import import_module
from math import prod, sqrt
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import model_validator

from brittle.core.errors import MissingExtraError
from brittle.core.search import Game, InputBoard, Search
from brittle.searches.peers.oracle import Oracle, play_peer, within
from brittle.settings import Settings, setting

NOISE_LEVELS = (0.01, 0.02, 0.04, 0.06, 0.08, 0.12, 0.16, 0.24, 0.32, 0.48)  # RMS as a share of the span


class _FoolboxPeer(Settings):
    """What the members share. board: whole inputs; made only where foolbox is installed."""

    board: ClassVar[str] = "input"
    name: ClassVar[str] = ""
    images_only: ClassVar[bool] = False

    @model_validator(mode="after")
    def _is_installed(self) -> Self:
        _foolbox(self.name)
        return self

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample in a thread of its own."""
        return play_peer(game, self.name, self._play, images_only=self.images_only)

    def _play(self, oracle: Oracle) -> None:
        self._run(self._attack(_foolbox(self.name).attacks), oracle)

    def _attack(self, attacks: Any) -> Any:
        raise NotImplementedError

    def _run(self, attack: Any, oracle: Oracle, **settings: Any) -> None:
        """Let foolbox play; it leaves the label's class, or it does not."""
        foolbox = _foolbox(self.name)
        model = foolbox.NumPyModel(oracle, bounds=oracle.spec.bounds, data_format="channels_first")
        attack.run(model, oracle.x[None].copy(), np.array([oracle.label]), **settings)


class GaussianNoise(_FoolboxPeer):
    """Repeated additive Gaussian noise that knows of clipping, from foolbox: weak noise first, then stronger.

    Rauber and Bethge, 2020 (arXiv 2007.07677). repeats: draws at each strength. levels: RMS change as a share
    of the span; those beyond the audit's max_l2 are left out, and that limit itself is tried last.
    """

    name: ClassVar[str] = "foolbox-noise"
    repeats: int = setting(20, "draws of noise at each level", ge=1)
    levels: tuple[float, ...] = setting(NOISE_LEVELS, "RMS change, as a share of the span; weak to strong")

    def _attack(self, attacks: Any) -> Any:
        return attacks.L2ClippingAwareRepeatedAdditiveGaussianNoiseAttack(
            repeats=self.repeats, check_trivial=False
        )

    def _play(self, oracle: Oracle) -> None:
        attack = self._attack(_foolbox(self.name).attacks)
        unit, limit = sqrt(prod(oracle.spec.shape)) * oracle.spec.span, oracle.game.terms.max_l2
        radii = [level * unit for level in self.levels]
        if limit is not None:
            radii = [*(r for r in radii if r < limit), within(limit, oracle.spec)]
        for radius in radii:
            self._run(attack, oracle, epsilon=radius)


class GaussianBlur(_FoolboxPeer):
    """Gaussian blur, from foolbox: a thousand strengths from none to the image's size, weak ones first."""

    name: ClassVar[str] = "foolbox-blur"
    images_only: ClassVar[bool] = True
    strengths: int = setting(1000, "strengths of blur that are tried", ge=1)

    def _attack(self, attacks: Any) -> Any:
        return attacks.GaussianBlurAttack(steps=self.strengths)


class SaltAndPepper(_FoolboxPeer):
    """Salt and pepper, from foolbox: more and more elements at their extremes, fewer after a flip."""

    name: ClassVar[str] = "foolbox-salt-and-pepper"
    draws: int = setting(1000, "amounts of salt and pepper that are tried", ge=1)

    def _attack(self, attacks: Any) -> Any:
        return attacks.SaltAndPepperNoiseAttack(steps=self.draws)


class Contrast(_FoolboxPeer):
    """Less contrast, from foolbox: a binary search between the input and plain grey."""

    name: ClassVar[str] = "foolbox-contrast"
    halvings: int = setting(15, "steps of the binary search", ge=1)

    def _attack(self, attacks: Any) -> Any:
        return attacks.BinarySearchContrastReductionAttack(binary_search_steps=self.halvings)


def _foolbox(name: str) -> Any:
    """foolbox. Raises MissingExtraError."""
    try:
        return import_module("foolbox")
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"the search {name}", "peers") from error

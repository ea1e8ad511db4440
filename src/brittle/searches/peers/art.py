"""Square, SimBA, HopSkipJump and Boundary as the Adversarial Robustness Toolbox (ART) plays them.

Settings are those of the papers. Iterations are many: it is the referee's budget that ends a peer, so that no
schedule is squeezed into it.
"""

import logging
from importlib import import_module
from math import inf
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import model_validator

from brittle.core.errors import MissingExtraError
from brittle.core.sample import Array
from brittle.core.search import Game, InputBoard, Search
from brittle.searches.peers.oracle import Oracle, play_peer, within
from brittle.settings import Settings, setting

START_TRIES = 100  # random images that HopSkipJump and Boundary try as a start; ART's init_size


class _ArtPeer(Settings):
    """What the members share. board: whole inputs; made only where ART is installed."""

    board: ClassVar[str] = "input"
    name: ClassVar[str] = ""

    @model_validator(mode="after")
    def _is_installed(self) -> Self:
        _attacks(self.name)
        return self

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample in a thread of its own."""
        return play_peer(game, self.name, self._attack)

    def _attack(self, oracle: Oracle) -> None:
        raise NotImplementedError


class SquareL2(_ArtPeer):
    """Square Attack within an L2 distance, from ART: random squares that keep what lowers the margin.

    Andriushchenko et al., 2020 (arXiv 1912.00049); p_init and the schedule of 10,000 queries as published
    for L2. eps: L2 radius; None is the audit's max_l2, or 5 times the span without one.
    """

    name: ClassVar[str] = "art-square-l2"
    eps: float | None = setting(
        None, "L2 radius; default max_l2 of the audit, or 5 times the span without one", gt=0
    )
    p_init: float = setting(0.1, "share of the elements in the first squares", gt=0, le=1)
    max_iter: int = setting(10_000, "iterations of the schedule; the budget ends it before", ge=1)

    def _attack(self, oracle: Oracle) -> None:
        limit = self.eps or oracle.game.terms.max_l2 or 5.0 * oracle.spec.span
        eps = within(limit, oracle.spec)
        _square(oracle, norm=2, eps=eps, p_init=self.p_init, max_iter=self.max_iter)


class SquareLinf(_ArtPeer):
    """Square Attack within an L-infinity distance, from ART: stripes, then random squares.

    Andriushchenko et al., 2020 (arXiv 1912.00049); p_init and the schedule of 10,000 queries as published
    for L-infinity. eps: radius as a share of the span.
    """

    name: ClassVar[str] = "art-square-linf"
    eps: float = setting(8 / 255, "L-infinity radius, as a share of the span", gt=0)
    p_init: float = setting(0.05, "share of the elements in the first squares", gt=0, le=1)
    max_iter: int = setting(10_000, "iterations of the schedule; the budget ends it before", ge=1)

    def _attack(self, oracle: Oracle) -> None:
        eps = self.eps * oracle.spec.span
        _square(oracle, norm=inf, eps=eps, p_init=self.p_init, max_iter=self.max_iter)


class SimBAPixel(_ArtPeer):
    """SimBA on pixels, from ART: one value of one pixel at a time, kept if the label's probability falls.

    Guo et al., 2019 (arXiv 1905.07121). ART asks for both signs of every direction.
    epsilon: size of one change as a share of the span.
    """

    name: ClassVar[str] = "art-simba-pixel"
    epsilon: float = setting(0.2, "step, as a share of the span", gt=0)
    max_iter: int = setting(10_000, "iterations of the schedule; the budget ends it before", ge=1)

    def _attack(self, oracle: Oracle) -> None:
        _simba(oracle, attack="px", epsilon=self.epsilon * oracle.spec.span, max_iter=self.max_iter)


class SimBADCT(_ArtPeer):
    """SimBA on frequencies, from ART: one DCT coefficient at a time, low ones first.

    Guo et al., 2019 (arXiv 1905.07121): frequencies of an eighth of the image's side to begin with, growing
    by a quarter of that (28 and 7 at 224, as published). epsilon: size of one change as a share of the span.
    """

    name: ClassVar[str] = "art-simba-dct"
    epsilon: float = setting(0.2, "step, as a share of the span", gt=0)
    max_iter: int = setting(10_000, "iterations of the schedule; the budget ends it before", ge=1)

    def _attack(self, oracle: Oracle) -> None:
        side = oracle.spec.shape[1]
        low = max(1, side // 8)
        stride = max(k for k in range(1, max(2, low // 4 + 1)) if (side - low) % k == 0)
        epsilon = self.epsilon * oracle.spec.span
        _simba(oracle, attack="dct", epsilon=epsilon, max_iter=self.max_iter, freq_dim=low, stride=stride)


class HopSkipJump(_ArtPeer):
    """HopSkipJump in L2, from ART: sees decisions only; walks along the boundary from a random image.

    Chen et al., 2019 (arXiv 1904.02144). init_eval: queries of the first gradient estimate.
    """

    name: ClassVar[str] = "hopskipjump"
    init_eval: int = setting(100, "rows of the first gradient estimate", ge=1)
    max_iter: int = setting(10_000, "iterations of the schedule; the budget ends it before", ge=1)

    def _attack(self, oracle: Oracle) -> None:
        start = _start(oracle)
        if start is not None:
            model = _model(oracle)
            settings = {"norm": 2, "init_eval": self.init_eval, "max_iter": self.max_iter}
            attack = _attacks(self.name).HopSkipJump(model, targeted=False, verbose=False, **settings)
            attack.generate(oracle.x[None].copy(), y=_one_hot(oracle), x_adv_init=start[None])


class Boundary(_ArtPeer):
    """Boundary Attack, from ART: sees decisions only; a random walk along the boundary.

    Brendel et al., 2018 (arXiv 1712.04248). delta, epsilon: first steps along and towards the original.
    """

    name: ClassVar[str] = "boundary"
    delta: float = setting(0.01, "first step along the sphere, relative to the distance", gt=0)
    epsilon: float = setting(0.01, "first step towards the original, relative to the distance", gt=0)
    max_iter: int = setting(100_000, "iterations at most; the budget ends it before", ge=1)

    def _attack(self, oracle: Oracle) -> None:
        start = _start(oracle)
        if start is not None:
            model = _model(oracle)
            settings = {"delta": self.delta, "epsilon": self.epsilon, "max_iter": self.max_iter}
            attack = _attacks(self.name).BoundaryAttack(model, targeted=False, verbose=False, **settings)
            attack.generate(oracle.x[None].copy(), y=_one_hot(oracle), x_adv_init=start[None])


def _square(oracle: Oracle, **settings: Any) -> None:
    # The published loss is a difference of logits; a difference of log-probabilities is the same number.
    model = _model(oracle, logs=True)
    attack = _attacks("square").SquareAttack(model, nb_restarts=1, verbose=False, **settings)
    attack.generate(oracle.x[None].copy(), y=_one_hot(oracle))


def _simba(oracle: Oracle, **settings: Any) -> None:
    attack = _attacks("simba").SimBA(_model(oracle), targeted=False, verbose=False, **settings)
    attack.generate(oracle.x[None].copy(), y=_one_hot(oracle))


def _start(oracle: Oracle) -> Array | None:
    """A random image that is a flip. ART looks for one in the same way, but with a seed of its own."""
    for _ in range(START_TRIES):
        image = oracle.game.rng.uniform(*oracle.spec.bounds, oracle.spec.shape).astype(np.float32)
        if oracle.flipped(image):
            return image
    oracle.game.notes["start"] = f"none of {START_TRIES} random images is a flip"
    return None


def _one_hot(oracle: Oracle) -> Array:
    return np.eye(oracle.classes, dtype=np.float32)[[oracle.label]]


def _model(oracle: Oracle, logs: bool = False) -> Any:
    """The oracle as ART's estimator."""
    module = import_module("art.estimators.classification")
    return module.BlackBoxClassifierNeuralNetwork(
        oracle.logs if logs else oracle,
        input_shape=oracle.spec.shape,
        nb_classes=oracle.classes,
        channels_first=True,
        clip_values=oracle.spec.bounds,
    )


def _attacks(name: str) -> Any:
    """ART's attacks. Raises MissingExtraError."""
    try:
        module = import_module("art.attacks.evasion")
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"the search {name}", "peers") from error
    logging.getLogger("art").setLevel(logging.ERROR)  # it warns of what the result says
    return module

"""How far searches after a paper may go."""

import numpy as np

from brittle.core.errors import UsageError
from brittle.core.field import usual_l2
from brittle.core.search import Game, InputBoard
from brittle.core.sphere import TOLERANCE


def l2_radius(game: Game[InputBoard]) -> float:
    """The L2 that a flip may have, or the usual one where the terms set none."""
    return game.terms.max_l2 or usual_l2(game.sample.spec)


def linf_radius(game: Game[InputBoard], eps: float, name: str) -> float:
    """An L-infinity radius in units, that rounding leaves as it is: a whole number of codes, where there are.

    eps: as a share of the span; it is less where a change by it everywhere were farther than max_l2.
    name: whose radius. Raises UsageError if it is less than a code.
    """
    spec, limit = game.sample.spec, game.terms.max_l2
    radius = eps * spec.span
    if limit is not None:
        radius = min(radius, TOLERANCE.safe * limit / float(np.sqrt(game.sample.x.size)))
    if spec.bits is None:
        return radius
    codes = int(radius / spec.code + 1e-6)
    if codes < 1:
        raise UsageError(
            f"{name} needs a radius of at least {spec.code:g}, one step of its {spec.bits} bits; "
            f"got {radius:g}: give a greater eps or max_l2"
        )
    return codes * spec.code

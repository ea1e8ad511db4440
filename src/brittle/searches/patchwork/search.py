"""Patchwork: natural layers, block by block, where they lower the margin most for the least distance.

One rule from the first query to the last: a block is accepted when margin + price x L2 drops. The price is a
Lagrange multiplier and steers: it falls while the current assignment does not flip, so that the margin is
lowered, and rises while it does, so that distance is saved. The search walks along the decision boundary, and
the closest flip it meets counts (a primal-dual search for the least L2 at a margin below 0). Moves compete by
what they gained in this search (adaptive pursuit; Thierens, GECCO 2005). Every answer also feeds a linear
model of what each layer does in each place; the operator "thompson" assigns what a posterior draw of that
model prefers (Thompson sampling).
"""

from typing import Any, ClassVar, Literal

from brittle.core.canvas import Canvas
from brittle.core.play import Play, play_out
from brittle.core.search import Game, Search
from brittle.searches.patchwork.guided import GuidedPlay
from brittle.searches.patchwork.opening import is_opened_whole
from brittle.searches.patchwork.play import PatchworkPlay
from brittle.searches.patchwork.update import Prices
from brittle.settings import Settings, setting


class Patchwork(Settings):
    """Blocks of natural layers along the decision boundary; the player of the cells board."""

    name: ClassVar[str] = "patchwork"
    board: ClassVar[str] = "cells"
    takes_surrogates: ClassVar[bool] = True
    price: float = setting(
        4.0, "nats that one unit of RMS change costs at first (relative to the input's span)", gt=0
    )
    cheaper: float = setting(
        0.92, "factor on the price after each query while the current assignment does not flip", gt=0, le=1
    )
    dearer: float = setting(
        1.06, "factor on the price after each query while the current assignment flips", ge=1
    )
    thompson: float = setting(
        1.0, "odds of Thompson sampling, beside 1 for all other operators together; 0 turns it off", ge=0
    )

    opening: Literal["auto", "whole", "none"] = setting(
        "auto",
        "what is shown first, whole layers or none; auto is whole for signals and clips without surrogates",
    )

    @property
    def prices(self) -> Prices:
        """What L2 costs."""
        return Prices(self.price, self.cheaper, self.dearer)

    def play(self, game: Game[Canvas]) -> Play[Any, Any]:
        """The moves of one game; with a ladder where local models have leads."""
        whole = is_opened_whole(game.sample.spec) and not game.leads
        opens = self.opening == "whole" or (self.opening == "auto" and whole)
        alone = PatchworkPlay(game, self.prices, self.thompson, opens)
        return GuidedPlay(alone, game.leads, game.goal, game.clean) if game.leads else alone

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, one row at a time, until nothing closer is left to show."""
        return play_out(self.play(game), game)

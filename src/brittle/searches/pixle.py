"""Pixle: pixels of a small patch of the input, copied to places at random.

Pomponi, Scardapane and Uncini, "Pixle: a fast and effective black-box attack based on rearranging pixels",
IJCNN 2022 (arXiv 2202.02236), algorithm 1 with random mapping. No value is new, so rounding costs nothing.
"""

from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

import numpy as np

from brittle.core.field import Field, as_input, norm
from brittle.core.sample import Array
from brittle.core.search import Game, InputBoard, Search
from brittle.searches.losses import label_odds
from brittle.settings import Settings, setting

MAX_TRIES = 200  # candidates drawn for one row, and thrown away unseen as too far, before the search ends


class Pixle(Settings):
    """Pixle: pixels of a small patch copied to random places; of many such copies the best is kept."""

    name: ClassVar[str] = "pixle"
    board: ClassVar[str] = "input"
    least_side: int = setting(2, "least side of a patch, elements", ge=1)
    greatest_side: int = setting(10, "greatest side of a patch, elements", ge=1)
    tries: int = setting(100, "candidates of which the best is kept, if it helps; then on from there", ge=1)

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, one row at a time, until its first flip."""
        field, spec = Field(game.sample.spec), game.sample.spec
        x, limit = field.of(game.sample.x), np.inf if game.terms.max_l2 is None else game.terms.max_l2
        base = best = x
        least = float(label_odds(game.goal, game.clean[None])[0])
        while True:
            for _ in range(self.tries):
                drawn = islice(self._copies(x, base, game.rng), MAX_TRIES)
                tried = next((copy for copy in drawn if norm(copy - x) <= limit), None)
                if tried is None:
                    return
                answers = yield as_input(tried, spec)[None]
                if game.goal.flipped(answers)[0]:
                    return
                loss = float(label_odds(game.goal, answers)[0])
                if loss < least:
                    best, least = tried, loss
            base = best

    def _copies(self, x: Array, base: Array, rng: np.random.Generator) -> Iterator[Array]:
        """base with the pixels of a patch of x at random places, again and again; all (channels, *sides)."""
        sides = np.array(x.shape[1:])
        least, greatest = sorted((self.least_side, self.greatest_side))
        while True:
            lengths = np.minimum(rng.integers(least, greatest + 1, len(sides)), sides)
            starts = rng.integers(0, sides - lengths + 1)
            patch = x[(slice(None), *(slice(a, a + n) for a, n in zip(starts, lengths, strict=True)))]
            places = rng.integers(0, sides, (int(np.prod(lengths)), len(sides)))
            copy = base.copy()
            copy[(slice(None), *places.T)] = patch.reshape(len(x), -1)
            yield copy

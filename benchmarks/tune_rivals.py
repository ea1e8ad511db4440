"""Whom tune is held against: a ladder of levels and a bisection, both of members at random."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from brittle.core.search import Game, InputBoard, Search
from brittle.optimise.space import Space
from brittle.searches.tune.families import FAMILIES
from brittle.searches.tune.families.spot import WHOLE
from brittle.searches.tune.hunt import Trial
from brittle.searches.tune.search import note

LEVELS, DRAWS = 20, 10  # of the ladder
EVERYWHERE = {"x": 0.5, "y": 0.5, "radius": WHOLE}
BELOW, HALVINGS = 0.03, 4  # of the bisection: how far below the least strength a member is tried first


@dataclass(frozen=True)
class Ladder:
    """Rising levels of one family, some members at random at each, to the first flip.

    whole: spots of blurs and casts cover the whole picture. Implements core.search.SearchFactory.
    """

    family: str
    whole: bool = False
    name: ClassVar[str] = "ladder"
    board: ClassVar[str] = "input"

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample."""
        family, spec = FAMILIES[self.family], game.sample.spec
        space = Space(family.free(spec))
        for strength in np.linspace(0, 1, LEVELS):
            for point in space.random(DRAWS, game.rng):
                level = family.level.at(float(strength))
                free = space.dict_of(point) | (EVERYWHERE if self.whole else {})
                trial = Trial(level, family.level.strength(level), free)
                note(game, family, trial)
                yield spec.encode(family(game.sample.x, spec, level, trial.free))[None]
        note(game, family, None)


@dataclass(frozen=True)
class Bisection:
    """Members at random just below the least level that flipped; where one flips, four halvings of its level.

    What is left of tune without its Gaussian process. Implements core.search.SearchFactory.
    """

    family: str
    name: ClassVar[str] = "bisection"
    board: ClassVar[str] = "input"

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, for ever."""
        family, spec = FAMILIES[self.family], game.sample.spec
        space, least = Space(family.free(spec)), float("inf")
        while True:
            free, low = space.dict_of(space.random(1, game.rng)[0]), 0.0
            strength = min(1.0, max(0.0, least - BELOW))
            for halving in range(1 + HALVINGS):
                level = family.level.at(strength)
                answers = yield spec.encode(family(game.sample.x, spec, level, free))[None]
                if game.goal.flipped(answers)[0]:
                    least = strength
                    note(game, family, Trial(level, strength, free))
                elif halving == 0:
                    break
                else:
                    low = strength
                strength = (low + least) / 2

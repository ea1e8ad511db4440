"""The decisions of ripple with surrogates: whom to follow, from where, and towards which class."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from brittle.searches.descent import TRANSFER, Descent

LEAP, LEAP_SECOND, LEAP_THIRD, LEAP_TRUSTED = "leap", "leap second", "leap third", "leap trusted"
FOLLOW, FOLLOW_SECOND, FOLLOW_TRUSTED = "follow", "follow second", "follow trusted"
CLIMB = "climb"  # ripple's own moves, which ask no surrogate
NEARBY = Descent(steps=18, first=0.1, last=0.02, noise=0.25)


@dataclass(frozen=True)
class Decision:
    """One way to use surrogates.

    how: the steps. anew: from white noise, and not from the current field. rank: the class to go to, 0 for
    the nearest of the best answer. alone: only the most trusted surrogate is asked, and not all in turns.
    """

    how: Descent
    anew: bool
    rank: int = 0
    alone: bool = False


DECISIONS: Mapping[str, Decision] = MappingProxyType(
    {
        LEAP: Decision(TRANSFER, anew=True),
        LEAP_SECOND: Decision(TRANSFER, anew=True, rank=1),
        LEAP_THIRD: Decision(TRANSFER, anew=True, rank=2),
        FOLLOW: Decision(NEARBY, anew=False),
        FOLLOW_SECOND: Decision(NEARBY, anew=False, rank=1),
        LEAP_TRUSTED: Decision(TRANSFER, anew=True, alone=True),
        FOLLOW_TRUSTED: Decision(NEARBY, anew=False, alone=True),
    }
)
LEAPS = (LEAP, LEAP_SECOND, LEAP_THIRD)  # by the rank of their class
INDEX = {name: i for i, name in enumerate((CLIMB, *DECISIONS))}
ANEW = tuple(d.anew for d in DECISIONS.values())
"""Which decisions are leaps."""
STEPS = tuple(d.how.steps for d in DECISIONS.values())
"""Rows of surrogates that each decision takes."""

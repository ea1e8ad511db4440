"""Where a game of ripple with surrogates stands, and what it may show next."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.searches.ripple.decisions import ANEW, INDEX, STEPS
from brittle.searches.ripple.state import Proposal, State
from brittle.searches.ripple.trust import Trust


@dataclass(frozen=True)
class GuidedTuning:
    """The tuned constants of leaps and follows."""

    # The schedule
    ranks: tuple[int, ...] = (0, 0, 1, 0, 2, 0)  # of the nearest classes, for each leap before the climb
    most_follows: int = 60  # of a game
    follow_weight: float = 4.0  # of a follow, times its credit, beside 1 for all moves of ripple
    first_credit: float = 0.5
    least_credit: float = 0.05
    credit_rate: float = 0.15
    change: float = 2.0  # factor on a surrogate's weight, or its inverse

    # What others than the schedule are given
    most_rows: int = 1368  # of surrogates in a game: as many as the schedule's
    open_share: float = 0.15  # of the odds, for the decisions that are not the schedule's
    record_rate: float = 0.2  # weight of the newest answer in what a decision brought


GUIDED = GuidedTuning()


@dataclass(frozen=True)
class Record:
    """What every decision brought, the climb first, each (1 + decisions,).

    tried: how often it was shown. won: running mean of the share of the open margin that a row of it won,
    1 for a flip. since: rows since the last one that won something.
    """

    tried: NDArray[np.float64]
    won: NDArray[np.float64]
    since: int = 0

    def after(self, decision: int, won: float) -> "Record":
        """With one more answer; the first few count alike, later ones fade."""
        tried, mean = self.tried.copy(), self.won.copy()
        tried[decision] += 1
        mean[decision] += (won - mean[decision]) * max(GUIDED.record_rate, 1 / tried[decision])
        return Record(tried, mean, 0 if won > 0 else self.since + 1)


def no_record() -> Record:
    """Nothing was shown yet."""
    return Record(np.zeros(len(INDEX)), np.zeros(len(INDEX)))


@dataclass(frozen=True)
class GuidedState:
    """Where a game stands.

    ripple: its part. weights: of the surrogates. leaps, follows: how many were shown. credit: running mean of
    what a follow brought, in typical falls. rivals: the classes nearest to a flip, as the current field was
    answered, nearest first; heard: as the last answer has them. trust: in each surrogate. record: of
    decisions.
    """

    ripple: State
    weights: NDArray[np.float64]
    rivals: tuple[int, ...]
    trust: Trust
    record: Record
    heard: tuple[int, ...] = ()
    leaps: int = 0
    follows: int = 0
    credit: float = GUIDED.first_credit

    @property
    def margin(self) -> float | None:
        """Of the current field, nats."""
        return self.ripple.margin

    @property
    def best_l2(self) -> float:
        """L2 of the closest flip so far."""
        return self.ripple.best_l2

    @property
    def rows(self) -> int:
        """Of surrogates, that leaps and follows took."""
        return int(self.record.tried[1:] @ np.array(STEPS))

    @property
    def may(self) -> NDArray[np.bool_]:
        """Which decisions can be made, (1 + decisions,): leaps until a flip, follows of some field."""
        some, none_yet = bool(self.ripple.current.any()), self.best_l2 == np.inf
        return np.array([True, *(none_yet if anew else some for anew in ANEW)])

    def counted(self, anew: bool) -> "GuidedState":
        """With one more leap, or follow."""
        return replace(self, leaps=self.leaps + anew, follows=self.follows + (not anew))


@dataclass(frozen=True)
class GuidedProposal:
    """What may be shown.

    decision: that led to it. weights: of the surrogates then. predicted: the fall of the margin on each,
    (leads,), nats, NaN for those that were not asked. Both are None for ripple's own moves.
    """

    shown: Proposal
    decision: str
    weights: NDArray[np.float64] | None = None
    predicted: NDArray[np.float64] | None = None

    @property
    def row(self) -> NDArray[Any]:
        """Its codes."""
        return self.shown.row

    @property
    def l2(self) -> float:
        """Its distance."""
        return self.shown.l2

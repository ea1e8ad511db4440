"""Where a game of patchwork with surrogates stands, and what it may show next."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from brittle.core.canvas import Assignment
from brittle.searches.patchwork.geometry import Floats
from brittle.searches.patchwork.ladder import Climb, Rung, between
from brittle.searches.patchwork.state import Proposal, State


@dataclass(frozen=True)
class GuidedTuning:
    """The tuned constants of ladders and remakes."""

    climb: Climb = field(default_factory=Climb)
    lowest: float = 0.05  # L2 of the first rung, as a share of a middle whole layer's
    ratio: float = 1.4  # of the L2 of one rung to that of the rung below
    rungs: int = 11
    remake_steps: int = 3  # of gradient for a remake
    most_remakes: int = 24  # of a game
    remake_weight: float = 1.0  # of a remake, times its credit, beside 1 for all moves of patchwork
    remake_shares: tuple[float, ...] = (0.97, 0.92, 0.85)  # L2 of a remake of each size, of the L2 bound
    first_credit: float = 1.0  # of remakes, in typical gains
    least_credit: float = 0.1  # that their odds never fall below
    credit_rate: float = 0.2  # weight of the newest remake in it


GUIDED = GuidedTuning()


@dataclass(frozen=True)
class GuidedState:
    """Where a game stands.

    patchwork: its part. rivals: the classes nearest to a flip, as the current assignment was answered; heard:
    as the last answer has them. ladder: its rungs, None before they are made. answers: margins of the rungs
    shown, by index. gains: those of the surrogates near the current assignment, None until a rung is chosen;
    scale: nats for a unit of them. remakes: how many were shown; credit: running mean of what they brought,
    in typical gains.
    """

    patchwork: State
    rivals: tuple[int, ...]
    heard: tuple[int, ...] = ()
    ladder: tuple[Rung, ...] | None = None
    answers: Mapping[int, float] = field(default_factory=dict)
    gains: Floats | None = None
    scale: float = 0.0
    remakes: int = 0
    credit: float = GUIDED.first_credit

    @property
    def margin(self) -> float | None:
        """Of the current assignment, nats."""
        return self.patchwork.margin

    @property
    def best_l2(self) -> float:
        """L2 of the closest flip so far."""
        return self.patchwork.best_l2

    @property
    def next_rung(self) -> int | None:
        """The rung to show next; None once the opening is over."""
        if self.ladder is None:
            return 0
        return between(len(self.ladder), self.answers)


@dataclass(frozen=True)
class GuidedProposal:
    """What patchwork may show; with the ladder and the index of its rung, or the gains of a remake."""

    shown: Proposal
    ladder: tuple[Rung, ...] | None = None
    rung: int | None = None
    gains: Floats | None = None

    @property
    def row(self) -> Assignment:
        """The assignment."""
        return self.shown.row

    @property
    def l2(self) -> float:
        """Its distance."""
        return self.shown.l2

"""An explanation as a play: odds of moves, drawn one after another, so that one agent plays any of them."""

from typing import Any, Protocol, TypeVar

import numpy as np

from brittle.core.explainer import Attribution, Explainer, Scene
from brittle.core.play import Move, Odds, Policy, View, draw
from brittle.core.sample import Array
from brittle.core.veil import Masks


class Proposal(Protocol):
    """Something to show. rows: keep-masks, (k, *sides)."""

    @property
    def rows(self) -> Masks: ...


S = TypeVar("S")
P = TypeVar("P", bound=Proposal)


class ExplainerPlay(Protocol[S, P]):
    """The moves of one explanation. It holds nothing that changes: that is all in the state.

    operators: the kind of each operator. places: counts of coarse places along each spatial axis. sizes: how
    many. start: the state before the first move. As core.play.Play, but a move is answered by scores, and
    there is a map at any time.
    """

    @property
    def operators(self) -> tuple[str, ...]: ...
    @property
    def places(self) -> tuple[int, ...]: ...
    @property
    def sizes(self) -> int: ...
    @property
    def start(self) -> S: ...

    def moves(self, state: S) -> Odds:
        """The hand-made player's odds of every move; all 0 when there is nothing left to show."""

    def observe(self, state: S) -> View:
        """What a policy sees."""

    def propose(self, state: S, move: Move, rng: np.random.Generator) -> P | None:
        """What this move shows; None if it finds nothing to show, which ends the play."""

    def accept(self, state: S, proposal: P, answers: Array) -> S:
        """The state after the model's answers, (k, classes)."""

    def attribution(self, state: S) -> Attribution:
        """The map as it stands."""


def play_out(play: ExplainerPlay[S, Any], scene: Scene, policy: Policy | None = None) -> Explainer:
    """The explainer that a play is; the hand-made player exactly where no policy corrects the odds."""
    state = play.start
    while True:
        odds = play.moves(state)
        if not odds.any():
            break
        if policy is not None:
            odds = policy(play.operators, play.observe(state), odds)
        proposal = play.propose(state, draw(odds, scene.rng), scene.rng)
        if proposal is None:
            break
        state = play.accept(state, proposal, (yield proposal.rows))
    return play.attribution(state)

"""A training of the agent of rlab under way: what it learned and lived through, its curve."""

from dataclasses import dataclass

from brittle.learning.rlab.dueling import DuelingSettings, Layers, Learner
from brittle.learning.rlab.replay import Replay
from brittle.store.learned import Kept

LIVED = "replay."  # begins the names of what was lived through, among the learner's own


@dataclass(frozen=True)
class RlabRound:
    """One round of `of`: share flipped, mean steps and reward a game, chance of a random choice, loss.

    rows: asked for so far; shown: those of them that the models saw, the others were looked up.
    """

    round: int
    of: int
    flipped: float
    steps: float
    reward: float
    chance: float
    loss: float
    rows: int
    shown: int


@dataclass
class Course:
    """A training under way: the network, what was lived through, the curve."""

    learner: Learner
    replay: Replay
    curve: list[RlabRound]

    @classmethod
    def begin(cls, settings: DuelingSettings, start: Layers | None) -> "Course":
        """Before the first round; start: weights to go on from."""
        return cls(Learner(settings, start), Replay(), [])

    @classmethod
    def resume(cls, settings: DuelingSettings, kept: Kept[RlabRound]) -> "Course":
        """After the last round that was kept."""
        learner = Learner(settings)
        learner.restore(kept.arrays)
        lived = {k.removeprefix(LIVED): v for k, v in kept.arrays.items() if k.startswith(LIVED)}
        return cls(learner, Replay(lived), list(kept.curve))

    @property
    def kept(self) -> Kept[RlabRound]:
        """What a checkpoint holds."""
        lived = {f"{LIVED}{key}": rows for key, rows in self.replay.rows.items()}
        return Kept(self.learner.arrays() | lived, tuple(self.curve))

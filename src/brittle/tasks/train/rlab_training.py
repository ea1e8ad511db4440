"""A training of the agent of rlab under way: its networks, its replay buffer, its curve."""

from dataclasses import dataclass

from brittle.learning.rlab.dueling import Learner
from brittle.learning.rlab.replay import Replay
from brittle.learning.settings import DuelingSettings
from brittle.store.dueling import Dense
from brittle.store.learned import Kept

CHECKPOINT_FORM = 2  # of what RlabTraining.kept holds: count up when names in it change
REPLAY_PREFIX = "replay."  # of the replay's arrays in a checkpoint, beside the learner's own


@dataclass(frozen=True)
class RlabRound:
    """One round of `of`: share flipped, mean steps and reward a game, epsilon, mean loss.

    rows: asked for so far; shown: those of them that the models saw, the others were looked up.
    """

    round: int
    of: int
    flipped: float
    steps: float
    reward: float
    epsilon: float
    loss: float
    rows: int
    shown: int


@dataclass
class RlabTraining:
    """Where a training stands."""

    learner: Learner
    replay: Replay
    curve: list[RlabRound]

    @classmethod
    def begin(cls, settings: DuelingSettings, start: Dense | None) -> "RlabTraining":
        """Before the first round; start: weights to go on from."""
        return cls(Learner(settings, start), Replay(), [])

    @classmethod
    def resume(cls, settings: DuelingSettings, kept: Kept[RlabRound]) -> "RlabTraining":
        """After the last round that was kept."""
        learner = Learner(settings)
        learner.restore(kept.arrays)
        replay = {
            name.removeprefix(REPLAY_PREFIX): rows
            for name, rows in kept.arrays.items()
            if name.startswith(REPLAY_PREFIX)
        }
        return cls(learner, Replay(replay), list(kept.curve))

    @property
    def kept(self) -> Kept[RlabRound]:
        """What a checkpoint holds."""
        replay = {f"{REPLAY_PREFIX}{name}": rows for name, rows in self.replay.rows.items()}
        return Kept(self.learner.arrays() | replay, tuple(self.curve))

"""What an agent of rlab lived through: its transitions, as arrays that learning draws from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.searches.rlab.view import AMOUNT, Choice, View, counts_of

MOST = len(counts_of(10**6, None))  # amounts a view can offer


@dataclass(frozen=True)
class Transition:
    """One choice and what came of it. then: the next view, None if the choice flipped the decision."""

    view: View
    choice: Choice
    reward: float
    then: View | None


@dataclass
class Replay:
    """All transitions so far, one row each in every array; views are of one palette."""

    rows: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows["reward"]) if self.rows else 0

    def add(self, transitions: Sequence[Transition]) -> None:
        """Keep more of them."""
        new = [_row(t) for t in transitions]
        for key in new[0] if new else ():
            added = np.stack([row[key] for row in new])
            self.rows[key] = np.concatenate([self.rows[key], added]) if key in self.rows else added

    def draw(self, count: int, rng: np.random.Generator) -> dict[str, Any]:
        """So many at random, with repeats."""
        chosen = rng.integers(len(self), size=count)
        return {key: values[chosen] for key, values in self.rows.items()}


def _row(one: Transition) -> dict[str, Any]:
    now, then = _view(one.view), _view(one.then or one.view)
    return {
        **now,
        **{f"then_{key}": value for key, value in then.items()},
        "amount": np.int64(one.choice.amount),
        "colour": np.int64(one.choice.colour - 1),
        "reward": np.float32(one.reward),
        "over": np.float32(one.then is None),
    }


def _view(view: View) -> dict[str, NDArray[Any]]:
    """Amounts padded to MOST, and which of them are there."""
    amounts = np.zeros((MOST, AMOUNT), np.float32)
    amounts[: len(view.amounts)] = view.amounts
    offered = np.arange(MOST) < len(view.amounts)
    return {"world": view.world, "amounts": amounts, "colours": view.colours, "offered": offered}

"""The replay buffer of rlab: transitions as arrays that minibatches are drawn from (Lin, 1992)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.searches.rlab.view import AMOUNT, Choice, View, counts_of

MAX_AMOUNTS = len(counts_of(10**6, None))  # that a view can offer


@dataclass(frozen=True)
class Transition:
    """One choice and what came of it. next_view: None if the choice flipped the decision."""

    view: View
    choice: Choice
    reward: float
    next_view: View | None


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
        """A minibatch of so many at random, with replacement."""
        chosen = rng.integers(len(self), size=count)
        return {key: values[chosen] for key, values in self.rows.items()}


def _row(one: Transition) -> dict[str, Any]:
    now, after = _view(one.view), _view(one.next_view or one.view)
    return {
        **now,
        **{f"next_{key}": value for key, value in after.items()},
        "amount": np.int64(one.choice.amount),
        "layer": np.int64(one.choice.layer - 1),
        "reward": np.float32(one.reward),
        "terminal": np.float32(one.next_view is None),
    }


def _view(view: View) -> dict[str, NDArray[Any]]:
    """Amounts padded to MAX_AMOUNTS, and a mask of those that are offered."""
    amounts = np.zeros((MAX_AMOUNTS, AMOUNT), np.float32)
    amounts[: len(view.amounts)] = view.amounts
    offered = np.arange(MAX_AMOUNTS) < len(view.amounts)
    return {"world": view.world, "amounts": amounts, "layers": view.layers, "offered": offered}

"""The agent of rlab at audit time: a Dueling DQN in NumPy, no torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.searches.rlab.view import Choice, View
from brittle.store.dueling import DuelingWeights

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Dueling:
    """The value of every choice: the step's own value plus the advantage of an amount and of a colour.

    Dueling (Wang et al., ICML 2016), one branch for each part of the choice (Tavakoli et al., AAAI 2018).
    Each branch reads its choice's own numbers, so any number of amounts and colours fits.
    """

    weights: DuelingWeights

    def choose(self, view: View, _reward: float) -> Choice:
        """The choice of the greatest value."""
        amounts, colours = self.advantages(view)
        return Choice(int(amounts.argmax()), 1 + int(colours.argmax()))

    def end(self, _reward: float) -> None:
        """Nothing is learned during an audit."""

    def advantages(self, view: View) -> tuple[Values, Values]:
        """Of every amount and of every colour."""
        seen = self._layer("trunk.1", self._layer("trunk.0", view.world))
        return self._branch("amount", seen, view.amounts), self._branch("colour", seen, view.colours)

    def _branch(self, name: str, seen: Array, rows: Array) -> Values:
        both = np.concatenate([np.broadcast_to(seen, (len(rows), len(seen))), rows], axis=1)
        weight, bias = self.weights.layers[f"{name}.1"]
        return np.asarray((self._layer(f"{name}.0", both) @ weight.T + bias)[:, 0], np.float32)

    def _layer(self, name: str, x: Array) -> Array:
        weight, bias = self.weights.layers[name]
        return np.asarray(np.maximum(x @ weight.T + bias, 0), np.float32)

"""The agent of rlab at audit time: a dueling Q-network in NumPy, no torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.searches.rlab.view import Choice, View
from brittle.store.dueling import DuelingWeights

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Dueling:
    """The greedy policy of a dueling Q-network (Wang et al., ICML 2016).

    One advantage branch for each part of a choice (Tavakoli et al., AAAI 2018). Each reads that part's own
    features, so any number of amounts and layers fits.
    """

    weights: DuelingWeights

    def choose(self, view: View, _reward: float) -> Choice:
        """The choice of the greatest value: the greatest advantage of either branch."""
        amounts, layers = self.advantages(view)
        return Choice(int(amounts.argmax()), 1 + int(layers.argmax()))

    def end(self, _reward: float) -> None:
        """Nothing is learned during an audit."""

    def advantages(self, view: View) -> tuple[Values, Values]:
        """Of every amount, (n,), and of every layer, (palette,)."""
        hidden = self._relu("trunk.1", self._relu("trunk.0", view.world))
        return self._branch("amount", hidden, view.amounts), self._branch("layer", hidden, view.layers)

    def _branch(self, name: str, hidden: Array, rows: Array) -> Values:
        both = np.concatenate([np.broadcast_to(hidden, (len(rows), len(hidden))), rows], axis=1)
        weight, bias = self.weights.dense[f"{name}.1"]
        return np.asarray((self._relu(f"{name}.0", both) @ weight.T + bias)[:, 0], np.float32)

    def _relu(self, name: str, x: Array) -> Array:
        weight, bias = self.weights.dense[name]
        return np.asarray(np.maximum(x @ weight.T + bias, 0), np.float32)

"""The opening: whole layers first, so that a search knows which distortion this decision fears at all.

Every group of layers (one distortion and draw) shows its costliest layer over the whole input, cheap groups
first. Of those that flip, weaker levels are shown for as long as they flip, closer ones only. What was shown
gives every group its credit, and the nearest whole flip is what all later proposals must be closer than.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np

from brittle.core.sample import InputSpec
from brittle.searches.patchwork.geometry import Floats, Geometry
from brittle.searches.patchwork.state import Whole
from brittle.searches.patchwork.tuning import TUNING

OPENED_WHOLE = frozenset({"frame", "time"})  # axes of inputs on which whole layers first measured better
NO_CHANGE = 1e-8  # L2 of a whole layer that changes nothing, at most, as a share of the input's span


def is_opened_whole(spec: InputSpec) -> bool:
    """Whether inputs of this kind are searched by whole layers first, where the user says nothing."""
    return not OPENED_WHOLE.isdisjoint(spec.axes)


@dataclass(frozen=True)
class Opening:
    """What is shown first, and in which order. most: rows that it may take; farthest: L2 that it may show."""

    geometry: Geometry
    most: int
    farthest: float = inf

    @cached_property
    def strongest(self) -> list[int]:
        """The costliest layer of each group that is near enough, cheap ones first."""
        cost, group_of = self.geometry.cost, self.geometry.group_of[1:]
        near = np.flatnonzero((cost > NO_CHANGE * self.geometry.rms) & (cost <= self.farthest))
        groups = {int(group): near[group_of[near] == group] for group in group_of[near]}
        found = [int(layers[cost[layers].argmax()]) for layers in groups.values()]
        return [layer + 1 for layer in sorted(found, key=lambda layer: cost[layer])]

    def next_layer(self, shown: Sequence[Whole]) -> int:
        """The layer to show after these; 0 when the opening is over."""
        margins = {whole.layer: whole.margin for whole in shown}
        if len(shown) >= self.most:
            return 0
        for layer in self.strongest:
            if layer not in margins:
                return layer
        nearest = min((self.l2(layer) for layer, margin in margins.items() if margin < 0), default=inf)
        flipped = [layer for layer in self.strongest if margins[layer] < 0]
        return next((lighter for layer in flipped if (lighter := self._lighter(layer, margins, nearest))), 0)

    def _lighter(self, layer: int, margins: dict[int, float], nearest: float) -> int:
        """The next weaker level to show of a layer that flipped, nearer than any flip so far; 0 if none."""
        while margins.get(layer, -1.0) < 0:
            layer = int(self.geometry.weaker[layer])
            if layer == 0 or (layer not in margins and self.l2(layer) < nearest):
                return layer
        return 0

    def l2(self, layer: int) -> float:
        """L2 of a whole layer."""
        return float(self.geometry.cost[layer - 1])

    def gains(self, shown: Sequence[Whole], clean: float) -> Floats:
        """What each layer is worth, in typical gains, (layers,): by how far its group lowered the margin.

        Per L2, the best of its group; a group that was not shown, or harmed, has the least.
        """
        group_of = self.geometry.group_of
        rates = np.zeros(self.geometry.groups)
        for whole in shown:
            group = group_of[whole.layer]
            rates[group] = max(rates[group], (clean - whole.margin) / self.l2(whole.layer))
        worth = TUNING.gain_cap * rates / max(rates.max(), 1e-30)
        return np.asarray(np.maximum(worth, TUNING.credit_floor)[group_of[1:]])

    def start(self, shown: Sequence[Whole]) -> Whole | None:
        """The whole layer that the search goes on from, where none flips; None is the untouched input."""
        if any(whole.margin < 0 for whole in shown):
            return None
        return min(shown, key=lambda whole: whole.margin, default=None)

    def nearest_flip(self, shown: Sequence[Whole]) -> Whole | None:
        """The nearest whole layer that flips."""
        flips = [whole for whole in shown if whole.margin < 0]
        return min(flips, key=lambda whole: self.l2(whole.layer), default=None)

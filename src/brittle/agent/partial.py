"""A policy where a play has more operators than it has learned of."""

from dataclasses import dataclass

import numpy as np

from brittle.core.play import Odds, Policy, View


@dataclass(frozen=True)
class Partial:
    """Corrects the odds of the operators that the view shows, the first ones; the others keep their share."""

    policy: Policy

    def __call__(self, operators: tuple[str, ...], view: View, odds: Odds) -> Odds:
        """New odds, 0 where the old ones are."""
        known = len(view.operators)
        if known == len(operators):
            return self.policy(operators, view, odds)
        share = odds[:known].sum()
        if share == 0:
            return odds
        corrected = self.policy(operators[:known], view, odds[:known])
        return np.concatenate([corrected * (share / corrected.sum()), odds[known:]])

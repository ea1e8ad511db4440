"""What a policy sees of a game of ripple with surrogates: all of it known without another query.

The factors bring every value to about -3 to 3. Agents were trained on them, so a change of any of these
numbers needs new agents. Nothing depends on how many surrogates, classes or elements there are.
"""

import numpy as np
from numpy.typing import NDArray

from brittle.core.play import View
from brittle.searches.ripple.decisions import ANEW, CLIMB, DECISIONS, FOLLOW, INDEX, LEAPS
from brittle.searches.ripple.guided_state import GuidedState, GuidedTuning
from brittle.searches.ripple.state import OPERATORS

SMALL = 0.1  # share of the open margin that is taken for a typical gain


def guided_view(view: View, state: GuidedState, tuning: GuidedTuning) -> View:
    """Ripple's view, with what decisions brought and how well the surrogates predicted.

    Shapes: world (24,), operators (operators and decisions, 8), places (places, 7).
    """
    world = np.concatenate([view.world, _world(state, tuning)])
    width = view.operators.shape[1]
    own = np.zeros((len(DECISIONS), width))
    both = np.concatenate([view.operators, own])
    return View(world.astype(np.float32), _joined(both, state), view.places)


def _world(state: GuidedState, tuning: GuidedTuning) -> NDArray[np.float64]:
    """Spent and brought by leaps, follows and the climb; ratios and correlations of all surrogates."""
    record, asked = state.record, state.trust.sums[0] > 0
    leaps = [INDEX[name] for name in LEAPS]
    values = {
        "leaps": np.log1p(state.leaps) / 2,
        "follows": np.log1p(state.follows) / 2,
        "rows left": 1 - state.rows / tuning.most_rows,
        "won by leaps": record.won[leaps].max() / SMALL,
        "won by follows": record.won[INDEX[FOLLOW]] / SMALL,
        "won by the climb": record.won[INDEX[CLIMB]] / SMALL,
        "rows since a gain": np.log1p(record.since) / 2,
    }
    summaries = []
    for of in (state.trust.ratio, state.trust.correlation):
        summaries += [float(of[asked].max()), float(of[asked].min())] if asked.any() else [0.0, 0.0]
    uneven = float(np.log(state.weights.max() / state.weights.min()))
    return np.array([*values.values(), *summaries, uneven / 2])


def _joined(operators: NDArray[np.float32], state: GuidedState) -> NDArray[np.float32]:
    """Each operator's own numbers, and what its decision brought: that of ripple's operators is the climb."""
    record, trust = state.record, state.trust
    climb, decided = np.zeros(len(OPERATORS), np.intp), np.arange(1, len(INDEX))
    of = np.concatenate([climb, decided])
    trusted = trust.most
    predicted = np.zeros((len(of), 2))
    for i, (decision, anew) in enumerate(zip(DECISIONS.values(), ANEW, strict=True), len(OPERATORS)):
        row = 0 if anew else 1
        for column, values in enumerate((trust.ratio[row], trust.correlation[row])):
            predicted[i, column] = values[trusted] if decision.alone else values.mean()
    brought = np.stack([record.won[of] / SMALL, np.log1p(record.tried[of]) / 2, state.may[of] * 1.0], axis=1)
    return np.concatenate([operators, brought, predicted], axis=1).astype(np.float32)

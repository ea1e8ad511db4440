"""What a policy sees of a game of ripple: all of it known without another query.

The factors and offsets bring every value to about -3 to 3. Agents were trained on them, so a change of any
of these numbers needs new agents.
"""

import numpy as np

from brittle.core.play import View
from brittle.core.sample import Array
from brittle.searches.ripple.setup import GameSetup
from brittle.searches.ripple.state import State
from brittle.searches.ripple.tuning import TUNING
from brittle.searches.ripple.update import typical_fall


def view_of(state: State, setup: GameSetup) -> View:
    """The margin, the radius and the budget; the record of every operator and of every place.

    Shapes: world (12,), operators (operators, 3), places (places, 7).
    """
    operators = np.stack([state.credit, state.step_sizes, np.log1p(state.tried) / 2], axis=1)
    return View(_world(state, setup), operators.astype(np.float32), _places(state, setup))


def _world(state: State, setup: GameSetup) -> Array:
    margin = setup.clean if state.margin is None else state.margin
    typical, clean = typical_fall(state, setup.clean), max(abs(setup.clean), 1e-9)
    values = {
        "margin": margin / clean,
        "margin in typical falls": np.log1p(max(margin, 0.0) / typical),
        "clean margin": np.log1p(abs(setup.clean)) - 1,
        "typical fall": np.log(typical / clean),
        "flipped": state.flipped,
        "radius": np.log(state.radius / setup.first_radius),
        "budget used": state.queries / setup.terms.budget,
        "queries": np.log1p(state.queries) / 3 - 1,
        "refused": state.refused / TUNING.refusals_before_growth,
        "waves": len(state.observations.waves) / setup.waves,
        "a step to reverse": state.to_reverse is not None,
        "not shown at this radius": state.margin is None,
    }
    return np.array(list(values.values()), np.float32)


def _places(state: State, setup: GameSetup) -> Array:
    values = [
        np.log(0.05 + state.power * len(state.power)) / 2,
        np.log1p(state.place_tried) / 2,
        state.place_credit,
    ]
    return np.concatenate([np.stack(values, axis=1), setup.texture], axis=1).astype(np.float32)

"""What one answer changes: the current field, step sizes and credit of operators, momentum, and the radius.

A field is kept when the margin fell (hill climbing, as in SimBA; Guo et al., ICML 2019). Step sizes grow and
shrink by success, as in evolution strategies (Rechenberg, 1973). Operators earn credit, a running mean of
their rewards (adaptive pursuit; Thierens, GECCO 2005).
"""

from dataclasses import replace

import numpy as np

from brittle.core.sample import Array
from brittle.searches.ripple.setup import GameSetup
from brittle.searches.ripple.state import INDEX, Proposal, State
from brittle.searches.ripple.steps import WITHOUT_WINDOW
from brittle.searches.ripple.tuning import TUNING


def after_answer(state: State, proposal: Proposal, margin: float, setup: GameSetup) -> State:
    """The state after a candidate left this margin, nats."""
    gain = float("inf") if state.margin is None else state.margin - margin
    new = replace(state, queries=state.queries + 1, shown=state.shown + 1, to_reverse=None)
    if proposal.wave is not None:
        new = replace(new, observations=state.observations.after(proposal.wave, setup.clean - margin))
    if proposal.operator == "tile":
        new = replace(new, tiles_shown=state.tiles_shown + 1)
    if proposal.step is not None and state.margin is not None:
        new = _learned(new, proposal, proposal.step, gain, setup)
    if gain > 0:
        power = setup.power(proposal.field)
        new = replace(
            new, current=proposal.field, margin=margin, scale=proposal.scale, power=power, refused=0
        )
    else:
        tried_once = proposal.step is not None and not proposal.is_reverse
        new = replace(new, refused=state.refused + 1, to_reverse=proposal if tried_once else None)
    if margin < 0:
        return _after_flip(new, proposal.l2, margin, setup.clean)
    return _after_none(new, setup)


def typical_fall(state: State, clean: float) -> float:
    """Root mean square of how far waves lowered the margin, nats; the clean margin where none was shown."""
    observations = state.observations
    return observations.rms_fall if len(observations.waves) else max(abs(clean), 1e-9)


def _learned(state: State, proposal: Proposal, step: Array, gain: float, setup: GameSetup) -> State:
    """Step size, credit and tries of the step's operator and place, and the momentum. gain: nats."""
    typical = typical_fall(state, setup.clean)
    reward = min(TUNING.largest_reward, max(0.0, gain) / typical)
    operator = INDEX[proposal.operator]
    squared_size = state.step_sizes[operator] ** 2
    most = TUNING.largest_surprise
    surprise = np.float32(np.clip((gain - state.expected_gain * squared_size) / typical, -most, most))
    credit, step_sizes, tried = state.credit.copy(), state.step_sizes.copy(), state.tried.copy()
    credit[operator] += TUNING.credit_rate * (reward - credit[operator])
    factor = TUNING.kept_growth if gain > 0 else TUNING.refused_shrink
    step_sizes[operator] = np.clip(
        step_sizes[operator] * factor, TUNING.smallest_step_size, TUNING.largest_step_size
    )
    tried[operator] += 1
    decay = TUNING.momentum_decay
    state = replace(
        state,
        credit=credit,
        step_sizes=step_sizes,
        tried=tried,
        momentum=decay * state.momentum + surprise * step,
        expected_gain=state.expected_gain + (1 - decay) * (gain / squared_size - state.expected_gain),
    )
    windowed = proposal.operator not in WITHOUT_WINDOW
    return _place_learned(state, proposal.move.place, reward) if windowed else state


def _place_learned(state: State, place: int, reward: float) -> State:
    """Tries and mean reward of the place where the step's window was."""
    tried, credit = state.place_tried.copy(), state.place_credit.copy()
    tried[place] += 1
    credit[place] += (reward - credit[place]) / min(tried[place], 1 / TUNING.credit_rate)
    return replace(state, place_tried=tried, place_credit=credit)


def _after_flip(state: State, l2: float, margin: float, clean: float) -> State:
    """At a smaller radius."""
    radius = smaller_radius(l2, margin, clean)
    return replace(_at_radius(state, radius), best_l2=min(l2, state.best_l2))


def smaller_radius(l2: float, margin: float, clean: float) -> float:
    """After a flip at l2: near where a straight line from the clean margin to this one crosses 0."""
    crossing = l2 * clean / max(clean - margin, 1e-9)
    low, high = TUNING.least_share_of_flip * l2, TUNING.largest_share_of_flip * l2
    return float(np.clip(TUNING.crossing_share * crossing, low, high))


def _after_none(state: State, setup: GameSetup) -> State:
    """When nothing helps: half-way back to the closest flip; or farther, where there is no limit."""
    radius = state.radius
    if state.flipped and state.refused >= TUNING.refusals_before_growth:
        radius = (state.radius + state.best_l2) / 2
    elif not state.flipped and state.shown >= TUNING.queries_before_growth and setup.terms.max_l2 is None:
        radius = TUNING.radius_growth * state.radius
    return state if radius == state.radius else _at_radius(state, radius)


def _at_radius(state: State, radius: float) -> State:
    """The state at another radius, where the current field was not shown yet."""
    scale = None if state.scale is None else state.scale * radius / state.radius
    return replace(state, radius=radius, margin=None, scale=scale, to_reverse=None, shown=0, refused=0)

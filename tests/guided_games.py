"""Games of ripple with toy surrogates, and the states that they come to."""

from dataclasses import replace
from typing import Any

import numpy as np

from brittle.core.goal import Goal
from brittle.core.play import draw
from brittle.core.search import Terms
from brittle.searches.ripple.guided import GuidedPlay
from brittle.searches.ripple.search import Ripple
from toy_surrogates import ToyLead, ToySurrogate
from whole_inputs import game_of, model_of, sample_of


def play_of(trust: str, leads: int = 2, share: float = 0.5, **terms: Any) -> GuidedPlay:
    model, sample = model_of(), sample_of()
    goal = Goal(sample.label or 0)
    made: list[ToyLead] = [ToySurrogate(model, share, seed).on(sample, goal) for seed in range(leads)]
    told = Terms(**{"budget": 200, "max_l2": 1.0, **terms})
    game = replace(game_of(sample), leads=tuple(made), clean=model(sample.x[None])[0], goal=goal, terms=told)
    play = Ripple(trust=trust).play(game)  # type: ignore[arg-type]
    assert isinstance(play, GuidedPlay)
    return play


def states(play: GuidedPlay, count: int, margin: float | None = None) -> list[Any]:
    """States of a game whose answers are all the same, so that nothing helps after the first one."""
    rng, state, found = np.random.default_rng(3), play.start, []
    answer = model_of()(sample_of().x[None])[0]
    for _ in range(count):
        found.append(state)
        proposal = play.propose(state, draw(play.moves(state), rng), rng)
        assert proposal is not None
        state = play.accept(play.told(state, answer), proposal, play.clean if margin is None else margin)
    return found

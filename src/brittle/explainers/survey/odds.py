"""The hand-made player of a survey: the operators, and when each of them has odds."""

import numpy as np

from brittle.explainers.masks import Floats
from brittle.explainers.survey.outline import needs
from brittle.explainers.survey.soundings import KEEP, SCATTER, SOUNDINGS, TAKE
from brittle.explainers.survey.state import State
from brittle.explainers.survey.tuning import TUNING

CANDIDATES = ("together", "kept", "taken", "odds", "scattered", "windows", "weights")
RECOMBINATIONS = ("blend", "splice", "raise", "lower")
OPERATORS = (*SOUNDINGS, *CANDIDATES, *RECOMBINATIONS, "look", "outline", "outlined")
LOOK, OUTLINE, OUTLINED = range(len(OPERATORS) - 3, len(OPERATORS))
SOUND = slice(0, len(SOUNDINGS))
CANDIDATE = slice(SOUND.stop, SOUND.stop + len(CANDIDATES))
RECOMBINE = slice(CANDIDATE.stop, LOOK)


def is_small(budget: int) -> bool:
    """Whether a budget is too small to measure maps; then all of it is random masks, and none in pairs."""
    return budget < TUNING.least_budget


def first_wanted(budget: int) -> Floats:
    """Rows of each sounding that come first in a budget, (soundings,); of a small one all are scattered."""
    return np.array((0.0, 0.0, budget) if is_small(budget) else TUNING.first_soundings)


def wanted(budget: int) -> Floats:
    """Rows of each sounding in a budget, (soundings,)."""
    first = first_wanted(budget)
    return np.asarray(first + np.array(TUNING.more_soundings) * (budget - first.sum()))


def missing(state: State, soundings: Floats) -> Floats:
    """Rows of each sounding that were not shown yet, (soundings,); all below 1 when they are complete."""
    shown = np.bincount(state.soundings.by, minlength=len(SOUNDINGS))
    return np.maximum(soundings - shown, 0)


def operator_odds(state: State, budget: int, price: int) -> Floats:
    """Odds of each operator whatever the place, (operators,); all 0 at the end.

    First soundings, then a look at one map. Where few of its elements are enough and needed, their outline;
    where answers add up, scatter; else more soundings, candidates, recombinations. price: rows of measuring
    one map; a look costs no more than twice as many.
    """
    left, odds = budget - state.rows, np.zeros(len(OPERATORS))
    first, all_of_them = missing(state, first_wanted(budget)), missing(state, wanted(budget))
    unseen = state.tried[CANDIDATE] == 0
    if first.max() >= 1:
        odds[SOUND] = first
    elif state.additive:
        odds[SCATTER] = 1
    elif not state.tried[LOOK] and left >= 2 * price:
        odds[LOOK] = 1
    elif state.outlines and not state.tried[OUTLINED]:
        more = state.drawn < TUNING.outline_share * budget and left >= price + TUNING.outline_rows
        odds[OUTLINE if more or left < price else OUTLINED] = 1
    elif all_of_them.max() >= 1 and not state.outlines:
        odds[SOUND] = all_of_them
    elif left >= price and unseen.any():
        odds[CANDIDATE.start + int(np.argmax(unseen))] = 1
    elif left >= price:
        gains = state.gains[RECOMBINE]
        odds[RECOMBINE] = TUNING.credit_floor + gains / max(float(gains.max()), 1e-6)
        odds[RECOMBINE] *= TUNING.recombinations
    elif not state.measured:
        odds[SOUND] = 1
    return _possible(state, budget, price) * (odds / odds.sum() + TUNING.slim) if odds.any() else odds


def _possible(state: State, budget: int, price: int) -> Floats:
    """1 for each operator that can move, else 0."""
    left, possible = budget - state.rows, np.zeros(len(OPERATORS))
    possible[SOUND] = left > 0
    if is_small(budget):
        return possible
    possible[OUTLINE] = left > 0 and bool(state.outlines)
    possible[LOOK] = left >= 2 * price and len(state.soundings) > 0 and not state.outlines
    if left >= price:
        possible[CANDIDATE] = len(state.soundings) > 0
        possible[RECOMBINE] = len(state.measured) > 1
        possible[OUTLINED] = state.drawn > 0
    return possible


def place_odds(state: State, outlines: list[int]) -> Floats:
    """Odds of each place, sum 1 for each operator, (operators, places).

    Windows go to places not yet sounded, outlines to the one in need of rows; outlines: the place of each.
    """
    places = np.ones((len(OPERATORS), state.sounded.shape[1]))
    for operator in (KEEP, TAKE):
        sounded = state.sounded[operator]
        places[operator, sounded > sounded.min()] = TUNING.slim
    if outlines:
        need = needs(state.outlines)
        places[OUTLINE] = TUNING.slim
        places[OUTLINE, outlines[need.index(min(need))]] = 1
    return np.asarray(places / places.sum(axis=1, keepdims=True))

"""The hand-made player of a survey: the operators, and when each of them has odds."""

import numpy as np

from brittle.explainers.masks import Floats
from brittle.explainers.survey.outline import needs
from brittle.explainers.survey.state import State
from brittle.explainers.survey.tuning import TUNING

SOUNDINGS = ("keep", "take", "scatter")
CANDIDATES = ("together", "with odds", "odds", "kept", "weights", "taken")
RECOMBINATIONS = ("blend", "splice", "raise", "lower")
OPERATORS = (*SOUNDINGS, *CANDIDATES, *RECOMBINATIONS, "outline", "outlined")
KEEP, TAKE, SCATTER = range(len(SOUNDINGS))
OUTLINE, OUTLINED = len(OPERATORS) - 2, len(OPERATORS) - 1
SOUND = slice(0, len(SOUNDINGS))
CANDIDATE = slice(SOUND.stop, SOUND.stop + len(CANDIDATES))
RECOMBINE = slice(CANDIDATE.stop, OUTLINE)


def wanted(budget: int) -> Floats:
    """Rows of each sounding in a budget, (soundings,)."""
    first = np.array(TUNING.first_soundings)
    if budget < TUNING.least_budget:
        return np.asarray(first * budget / first.sum())
    return np.asarray(first + np.array(TUNING.more_soundings) * (budget - first.sum()))


def missing_soundings(state: State, budget: int) -> Floats:
    """Rows of each sounding that are wanted still, (soundings,); all below 1 when they are complete."""
    shown = [np.count_nonzero(state.by == i) for i in range(len(SOUNDINGS))]
    return np.maximum(wanted(budget) - shown, 0)


def operator_odds(state: State, budget: int, price: int) -> Floats:
    """Odds of each operator whatever the place, (operators,); all 0 at the end.

    Soundings as many as wanted, and more where the answers add up; else one candidate map, then outlines
    where few elements turned out to be enough and needed, or the other candidates and recombinations.
    price: rows of measuring one map.
    """
    left = budget - state.rows
    possible = _possible(state, left, price)
    odds = np.zeros(len(OPERATORS))
    missing = missing_soundings(state, budget)
    unseen = state.tried[CANDIDATE] == 0
    if missing.max() >= 1:
        odds[SOUND] = missing
    elif state.additive:
        odds[SCATTER] = 1
    elif state.outlines and not state.tried[OUTLINED]:
        more = state.drawn < TUNING.outline_share * budget and left >= price + TUNING.outline_rows
        odds[OUTLINE if more or left < price else OUTLINED] = 1
    elif left >= price and unseen.any():
        odds[CANDIDATE.start + int(np.argmax(unseen))] = 1
    elif left >= price:
        gains = state.gains[RECOMBINE]
        credit = TUNING.credit_floor + gains / max(float(gains.max()), 1e-6)
        odds[RECOMBINE] = credit * TUNING.recombinations
    elif not state.measured:
        odds[SOUND] = 1
    return possible * (odds / odds.sum() + TUNING.slim) if odds.any() else odds


def _possible(state: State, left: int, price: int) -> Floats:
    """1 for each operator that can move, else 0."""
    possible = np.zeros(len(OPERATORS))
    possible[SOUND] = left > 0
    possible[OUTLINE] = left > 0 and bool(state.outlines)
    if left >= price:
        possible[CANDIDATE] = len(state.by) > 0
        possible[RECOMBINE] = len(state.measured) > 1
        possible[OUTLINED] = state.drawn > 0
    return possible


def place_odds(state: State, operator: int, outlines: list[int]) -> Floats:
    """Odds of each place for one operator, sum 1: one not yet sounded, or with the outline in need of rows.

    outlines: the place of each outline.
    """
    places = np.ones(state.sounded.shape[1])
    if operator in (KEEP, TAKE):
        sounded = state.sounded[operator]
        places = np.where(sounded == sounded.min(), 1.0, TUNING.slim)
    elif operator == OUTLINE and outlines:
        need = needs(state.outlines)
        places = np.where(np.arange(len(places)) == outlines[need.index(min(need))], 1.0, TUNING.slim)
    return np.asarray(places / places.sum())

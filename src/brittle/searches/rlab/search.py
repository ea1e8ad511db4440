"""RLAB, the published method made honest: sweeps of sensitivity, and an agent that says how many cells.

Sarkar et al., "Robustness with Black-Box Adversarial Attack using Reinforcement Learning" (RLAB), 2023. A
step sweeps all cells in one layer of the palette: untouched ones are shown under it, changed ones set back to
the untouched input, one row each. Then a dueling Q-network chooses to how many of the most harmful cells the
layer is added, from how many of the least needed ones distortion is removed, and which layer is swept next.
The move is shown, whatever it brings.

The paper counts a step as one query. Here `steps` in the result's notes counts those, and queries counts the
rows that the model saw: a step on 49 cells is 50 of them.
"""

from collections.abc import Generator
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
from pydantic import model_validator

from brittle.core.canvas import Assignment, Canvas
from brittle.core.sample import Array
from brittle.core.search import Game, Search
from brittle.searches.clean_up import clean_up
from brittle.searches.rlab.memory import Memory
from brittle.searches.rlab.net import Dueling
from brittle.searches.rlab.view import (
    AMOUNT,
    LAYER,
    WORLD,
    Choice,
    Position,
    Sweep,
    Values,
    View,
    amounts,
    counts_of,
    reward_of,
)
from brittle.settings import Settings, setting
from brittle.store.dueling import DuelingWeights, read_dueling

SHIPPED = Path(__file__).parent / "weights" / "imagenet.safetensors"


class Agent(Protocol):
    """Who chooses. Every call also brings the reward of the choice before, 0 at first."""

    def choose(self, view: View, reward: float) -> Choice:
        """What to do at this step."""

    def end(self, reward: float) -> None:
        """The last choice flipped the decision."""


class Rlab(Settings):
    """RLAB: sweeps every cell, then a Dueling DQN says how many to add and remove, and what to sweep next."""

    name: ClassVar[str] = "rlab"
    board: ClassVar[str] = "cells"
    fixed_n: int | None = setting(
        None,
        "cells added a step, none removed (the paper's Table 4); the agent chooses layers only",
        unset="the agent chooses the numbers too",
        ge=1,
    )
    weights: str = setting("shipped", '"shipped", or a file of brittle train --kind rlab')

    @model_validator(mode="after")
    def _read_weights(self) -> Self:
        """Weights that are missing or damaged are found before anything is played."""
        _weights(self.weights)
        return self

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, a whole sweep of the cells a request."""
        weights = _weights(self.weights)
        game.notes["agent"] = weights.name
        end = yield from play_steps(game, Dueling(weights), self.fixed_n)
        if end.margin < 0 and game.terms.closest:
            yield from clean_up(game, end.assignment)


def play_steps(
    game: Game[Canvas], agent: Agent, fixed_n: int | None = None
) -> Generator[Assignment, Array, Position]:
    """Steps until a flip, or until no move is left; returns the last position."""
    canvas, limit = game.board, game.terms.max_l2
    current = _position(game, canvas.blank(), np.zeros(canvas.grid.cells), game.clean)
    memory = Memory(canvas, current)
    counts, visited = counts_of(canvas.grid.cells, fixed_n), {current.assignment.tobytes()}
    choice, reward = agent.choose(memory.view(current), 0.0), 0.0
    while True:
        moves = _sweep_moves(game, current, choice.layer)
        if not len(moves):
            return current
        game.notes["steps"] = memory.steps + 1
        answers = yield moves
        flip = _nearest_flip(game, moves, answers)
        if flip:
            agent.end(reward + reward_of(current, flip, memory.l2_unit))
            return flip
        sweep = _sweep_of(game, current, choice.layer, moves, answers)
        memory.record_sweep(sweep)
        every = amounts(canvas, current, sweep, counts, limit)
        offered = [amount for amount in every if amount.assignment.tobytes() not in visited]
        if not offered:
            return current
        choice = agent.choose(memory.view(current, sweep, offered), reward)
        amount = offered[choice.amount]
        answers = yield amount.assignment[None]
        after = _position(game, amount.assignment, amount.squares, answers[0])
        reward = reward_of(current, after, memory.l2_unit)
        memory.record_move(amount, reward)
        current = after
        visited.add(current.assignment.tobytes())
        if current.margin < 0:
            agent.end(reward)
            return current


def _position(game: Game[Canvas], assignment: Assignment, squares: Values, answer: Array) -> Position:
    goal = game.goal
    dilution = 1 - answer[goal.label] if goal.target is None else answer[goal.target]
    return Position(assignment, squares, float(goal.margin(answer[None])[0]), float(dilution))


def _sweep_moves(game: Game[Canvas], current: Position, layer: int) -> Assignment:
    """One assignment a cell, (k, cells), those beyond the L2 limit left out.

    The cell gets this layer where it is untouched, and is set back to the untouched input elsewhere.
    """
    canvas, limit = game.board, game.terms.max_l2
    untouched = current.assignment == 0
    moves = np.repeat(current.assignment[None], canvas.grid.cells, axis=0)
    every = np.arange(canvas.grid.cells)
    moves[every, every] = np.where(untouched, layer, 0)
    if limit is not None:
        total = current.squares.sum() + np.where(untouched, canvas.squares(layer), -current.squares)
        moves = moves[total <= limit**2]
    return moves


def _nearest_flip(game: Game[Canvas], moves: Assignment, answers: Array) -> Position | None:
    """The row of a sweep that flips at the least L2 distance, if one does."""
    flips = np.flatnonzero(game.goal.flipped(answers))
    if not len(flips):
        return None
    best = min(flips, key=lambda i: game.board.l2(moves[i]))
    return _position(game, moves[best], game.board.squares_of(moves[best]), answers[best])


def _sweep_of(game: Game[Canvas], current: Position, layer: int, moves: Assignment, answers: Array) -> Sweep:
    """The drops of the margin that a sweep's answers, (k, classes), tell of."""
    drops = current.margin - game.goal.margin(answers)
    cells = (moves != current.assignment).argmax(axis=1)
    added, removed = np.full((2, len(current.assignment)), np.nan)
    untouched = current.assignment[cells] == 0
    added[cells[untouched]], removed[cells[~untouched]] = drops[untouched], drops[~untouched]
    return Sweep(layer, added, removed)


@lru_cache(maxsize=4)
def _weights(name: str) -> DuelingWeights:
    return read_dueling(SHIPPED if name == "shipped" else name, WORLD, AMOUNT, LAYER)

"""RLAB, the published method made honest: sweeps of sensitivity, and an agent that says how many cells.

Sarkar et al., "Robustness with Black-Box Adversarial Attack using Reinforcement Learning" (RLAB), 2023. A
step sweeps all cells in one distortion: untouched ones are painted, worn ones taken away, one row each. Then
a Dueling DQN chooses how many of the most harmful cells are painted, how many of the least needed ones are
taken away, and which distortion is swept next. The move is shown, whatever it brings.

The paper counts a step as one query. Here `steps` in the result's notes counts those, and queries counts the
rows that the model saw: a step on 49 cells is 50 of them.
"""

from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np

from brittle.core.canvas import Assignment, Canvas
from brittle.core.sample import Array
from brittle.core.search import Game, Search
from brittle.searches.clean_up import clean_up
from brittle.searches.rlab.memory import Memory
from brittle.searches.rlab.net import Dueling
from brittle.searches.rlab.view import (
    AMOUNT,
    COLOUR,
    WORLD,
    Choice,
    Position,
    Sweep,
    Values,
    View,
    amounts,
    counts_of,
    reward,
)
from brittle.store.dueling import DuelingWeights, read_dueling

SHIPPED = Path(__file__).parent / "weights" / "imagenet.safetensors"


class Agent(Protocol):
    """Who chooses. Every call also brings the reward of the choice before, 0 at first."""

    def choose(self, view: View, reward: float) -> Choice:
        """What to do at this step."""

    def end(self, reward: float) -> None:
        """The last choice flipped the decision."""


@dataclass(frozen=True)
class Rlab:
    """RLAB: sweeps every cell, then a Dueling DQN says how many to add and to remove, and what to sweep next.

    fixed_n: so many cells are added a step and none removed, the ablation of the paper's Table 4; the agent
             chooses distortions only. None lets it choose the numbers too.
    weights: "shipped", or a file of brittle train --kind rlab.
    """

    name: ClassVar[str] = "rlab"
    board: ClassVar[str] = "cells"
    fixed_n: int | None = None
    weights: str = "shipped"

    def __post_init__(self) -> None:
        if self.fixed_n is not None and self.fixed_n < 1:
            raise ValueError(f"expected fixed_n of 1 cell or more, got {self.fixed_n}")
        _weights(self.weights)

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, a whole sweep of the cells a request."""
        weights = _weights(self.weights)
        game.notes["agent"] = weights.name
        end = yield from play_steps(game, Dueling(weights), self.fixed_n)
        if end.margin < 0 and game.terms.closest:
            yield from clean_up(game, end.colours)


def play_steps(
    game: Game[Canvas], agent: Agent, fixed_n: int | None = None
) -> Generator[Assignment, Array, Position]:
    """Steps until a flip, or until no move is left; returns what is worn then."""
    canvas, limit = game.board, game.terms.max_l2
    now = _position(game, canvas.blank(), np.zeros(canvas.grid.cells), game.clean)
    memory = Memory(canvas, now)
    counts, worn = counts_of(canvas.grid.cells, fixed_n), {now.colours.tobytes()}
    choice, paid = agent.choose(memory.view(now), 0.0), 0.0
    while True:
        moves = _sweep(game, now, choice.colour)
        if not len(moves):
            return now
        game.notes["steps"] = memory.steps + 1
        answers = yield moves
        flipped = _nearest_flip(game, moves, answers)
        if flipped:
            agent.end(paid + reward(now, flipped, memory.reach))
            return flipped
        sweep = _read(game, now, choice.colour, moves, answers)
        memory.swept(sweep)
        every = amounts(canvas, now, sweep, counts, limit)
        offered = [amount for amount in every if amount.colours.tobytes() not in worn]  # never in circles
        if not offered:
            return now
        choice = agent.choose(memory.view(now, sweep, offered), paid)
        amount = offered[choice.amount]
        answers = yield amount.colours[None]
        then = _position(game, amount.colours, amount.squares, answers[0])
        paid = reward(now, then, memory.reach)
        memory.moved(amount, paid)
        now = then
        worn.add(now.colours.tobytes())
        if now.margin < 0:
            agent.end(paid)
            return now


def _position(game: Game[Canvas], colours: Assignment, squares: Values, answer: Array) -> Position:
    goal = game.goal
    dilution = 1 - answer[goal.label] if goal.target is None else answer[goal.target]
    return Position(colours, squares, float(goal.margin(answer[None])[0]), float(dilution))


def _sweep(game: Game[Canvas], now: Position, colour: int) -> Assignment:
    """One row a cell within the limit: painted in this colour where it is untouched, else taken away."""
    canvas, limit = game.board, game.terms.max_l2
    moves = np.repeat(now.colours[None], canvas.grid.cells, axis=0)
    every = np.arange(canvas.grid.cells)
    moves[every, every] = np.where(now.colours == 0, colour, 0)
    if limit is not None:
        total = now.squares.sum() + np.where(now.colours == 0, canvas.squares(colour), -now.squares)
        moves = moves[total <= limit**2]
    return moves


def _nearest_flip(game: Game[Canvas], moves: Assignment, answers: Array) -> Position | None:
    """The row of a sweep that flips at the least distance, if one does."""
    flips = np.flatnonzero(game.goal.flipped(answers))
    if not len(flips):
        return None
    best = min(flips, key=lambda i: game.board.l2(moves[i]))
    return _position(game, moves[best], game.board.squares_of(moves[best]), answers[best])


def _read(game: Game[Canvas], now: Position, colour: int, moves: Assignment, answers: Array) -> Sweep:
    """What a sweep brought cell by cell."""
    fall = now.margin - game.goal.margin(answers)
    cells = (moves != now.colours).argmax(axis=1)
    added, removed = np.full((2, len(now.colours)), np.nan)
    painted = now.colours[cells] == 0
    added[cells[painted]], removed[cells[~painted]] = fall[painted], fall[~painted]
    return Sweep(colour, added, removed)


@lru_cache(maxsize=4)
def _weights(name: str) -> DuelingWeights:
    return read_dueling(SHIPPED if name == "shipped" else name, WORLD, AMOUNT, COLOUR)

"""A tiny world to learn in: every input has one marked place, and only vivid paint there brings a flip."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from brittle.core.play import Move, Odds, View, play_out
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.search import Game, InputBoard, Search, Terms
from brittle.learning.episode import TrainingTask

SPEC = InputSpec((2, 12, 12), ("channel", "height", "width"), bits=8)
PLACES, SIDE = (4, 4), 3  # of 3 x 3 elements
OPERATORS = ("blank", "faint", "vivid", "faint", "blank", "faint")
LEVELS = {"blank": 0.0, "faint": 0.02, "vivid": 1.0}
NEEDED = 6.0  # vivid elements in the marked place


@dataclass
class LeverModel:
    """Channel 0 marks a place; what is painted there in channel 1 moves the decision."""

    spec: InputSpec = SPEC
    classes: tuple[str, ...] = ("calm", "moved")
    batches: list[int] = field(default_factory=list)

    @property
    def input(self) -> InputSpec:
        return self.spec

    def __call__(self, x: Array) -> Array:
        self.batches.append(len(x))
        moved = (x[:, 0] * x[:, 1]).reshape(len(x), -1).sum(axis=1) - (NEEDED - 0.5)
        p = 1 / (1 + np.exp(-np.clip(moved, -20, 20)))
        return np.stack([1 - p, p], axis=1).astype(np.float32)


@dataclass(frozen=True)
class State:
    worn: Array
    margin: float | None
    best_l2: float
    queries: int = 0


@dataclass(frozen=True)
class Painted:
    row: Array
    l2: float


class LeversPlay:
    """Paints 1 or 3 elements of a place at an operator's level; the hand-made player has no idea where."""

    operators = OPERATORS
    places = PLACES
    sizes = 2

    def __init__(self, game: Game[InputBoard]) -> None:
        self.sample, self.budget = game.sample, game.terms.budget
        self.clean = float(game.goal.margin(game.clean[None])[0])
        self.start = State(game.sample.x, self.clean, np.inf)

    def moves(self, state: State) -> Odds:
        odds = np.ones((len(OPERATORS), 16, 2))
        odds[0, 3] = 0
        return odds

    def observe(self, state: State) -> View:
        if state.worn.shape != SPEC.shape:  # a game that nobody plays, to count features
            return View(*(np.zeros(n, np.float32) for n in ((2,), (6, 1), (16, 2))))
        world = [(state.margin or 0.0) / self.clean, state.queries / self.budget]
        marks, paint = (_blocks(state.worn[i]).mean(axis=1) for i in (0, 1))
        places = np.stack([marks * 2 - 1, paint], axis=1)
        return View(np.array(world, np.float32), np.zeros((6, 1), np.float32), places.astype(np.float32))

    def propose(self, state: State, move: Move, rng: np.random.Generator) -> Painted | None:
        row = state.worn.copy()
        down, right = divmod(move.place, PLACES[1])
        block = row[1, down * SIDE : (down + 1) * SIDE, right * SIDE : (right + 1) * SIDE]
        for number in rng.permutation(SIDE * SIDE)[: (1, 3)[move.size]]:
            block[divmod(int(number), SIDE)] = LEVELS[OPERATORS[move.operator]]
        return Painted(row, float(np.linalg.norm(row - self.sample.x)))

    def accept(self, state: State, proposal: Painted, margin: float) -> State:
        state = replace(state, queries=state.queries + 1)
        if state.margin is None or margin < state.margin:
            state = replace(state, worn=proposal.row, margin=margin)
        return replace(state, best_l2=min(state.best_l2, proposal.l2)) if margin < 0 else state


@dataclass(frozen=True)
class Levers:
    """The hand-made player of this world: anything, anywhere."""

    name: ClassVar[str] = "levers"
    board: ClassVar[str] = "input"

    def play(self, game: Game[InputBoard]) -> LeversPlay:
        return LeversPlay(game)

    def __call__(self, game: Game[InputBoard]) -> Search:
        return play_out(self.play(game), game)


def lever_samples(count: int = 24) -> list[Sample]:
    """Inputs with one marked place each, all of class 0."""
    out = []
    for number in range(count):
        x = np.zeros(SPEC.shape, np.float32)
        down, right = divmod(number * 5 % 16, PLACES[1])
        x[0, down * SIDE : (down + 1) * SIDE, right * SIDE : (right + 1) * SIDE] = 1
        out.append(Sample(f"s{number}", x, 0, SPEC))
    return out


def lever_task(model: Any = None, budget: int = 300, closest: bool = False, count: int = 24) -> TrainingTask:
    """Games over them."""
    samples = lever_samples(count)
    return TrainingTask(model or LeverModel(), samples, InputBoard, Levers(), Terms(budget, closest=closest))


def _blocks(plane: Array) -> Array:
    """The elements of every place, (places, 9)."""
    return plane.reshape(4, SIDE, 4, SIDE).transpose(0, 2, 1, 3).reshape(16, SIDE * SIDE)

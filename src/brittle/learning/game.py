"""What a game is to a learner, and the model behind many of them, whose every row is counted.

A game is played by coroutines: one for each move yields what is to be shown, is sent the answers, and returns
the reward. So a move may show as many rows as it likes, as often as it likes.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Protocol, TypeVar

import numpy as np

from brittle.agent.network import clipped
from brittle.core.classifier import Classifier, check_answers, rounded
from brittle.core.errors import DataError
from brittle.core.play import Move, Odds, View
from brittle.core.request import Request
from brittle.core.sample import Array, Sample

# world (W,), operators (o, T), places (p, F), clipped as the network takes them; odds (o, p, s), sum 1
Observation = dict[str, Array]

T = TypeVar("T")
Exchange = Generator[Request, Array, T]


class Game(Protocol):
    """A game in play. play: offers the moves; odds: the hand-made player's, (operators, places, sizes).

    queries: rows shown so far. result: how it went so far, as its task's curve takes it.
    """

    @property
    def sample(self) -> Sample: ...
    @property
    def play(self) -> Any: ...
    @property
    def odds(self) -> Odds: ...
    @property
    def queries(self) -> int: ...
    @property
    def over(self) -> bool: ...
    @property
    def result(self) -> Any: ...

    def observe(self) -> Observation:
        """What a policy sees."""

    def turn(self, action: int) -> Exchange[float]:
        """Make a move, a flat index into the odds; its reward. One that shows nothing ends the game."""


class Task(Protocol):
    """A model, the samples that games are played on, and the rules of the games.

    gamma: discount of a move, where the user sets none. most_rows: that a move shows.
    """

    @property
    def model(self) -> Classifier: ...
    @property
    def samples(self) -> Sequence[Sample]: ...
    @property
    def gamma(self) -> float: ...
    @property
    def most_rows(self) -> int: ...

    def prepare(self, sample: Sample) -> Exchange[Callable[[np.random.Generator], Game] | None]:
        """How a game over this sample begins; None if there is none. Asked once a sample."""

    def entry(self, update: int, queries: int, results: Sequence[Any], approx_kl: float) -> Any:
        """The entry of the curve over the games that ended since the last one."""


@dataclass
class CountedModel:
    """A task's model, whose every row is counted, and how its games begin, which is asked for once.

    queries: rows shown so far; batches: how often it was asked.
    """

    task: Task
    queries: int = 0
    batches: int = 0
    _openings: dict[int, Callable[[np.random.Generator], Game] | None] = field(default_factory=dict)

    def ask(self, requests: Sequence[Request]) -> list[Array]:
        """The model's answers to requests, in one batch, rounded as the referee does. Raises DataError."""
        rows = [(request.board, move) for request in requests for move in request.moves]
        x = np.empty((len(rows), *self.task.model.input.shape), np.float32)
        for (board, move), out in zip(rows, x, strict=True):
            board.render(move, out)
        self.queries += len(x)
        self.batches += 1
        answers = self.task.model(x)
        check_answers(answers, len(x), len(self.task.model.classes))
        if not np.isfinite(answers).all():
            raise DataError("the model answered NaN or infinity while an agent was learning on it")
        ends = np.cumsum([len(request.moves) for request in requests])[:-1]
        return np.split(rounded(answers), ends)

    def answer(self, exchanges: Sequence[Exchange[T]]) -> list[T]:
        """What exchanges return, all answered at the same time: a batch each time that any of them asks."""
        results: dict[int, T] = {}
        answers: dict[int, Array | None] = dict.fromkeys(range(len(exchanges)))
        while answers:
            asked: dict[int, Request] = {}
            for number, answer in answers.items():
                try:
                    asked[number] = exchanges[number].send(answer)  # type: ignore[arg-type]
                except StopIteration as end:
                    results[number] = end.value
            answers = dict(zip(asked, self.ask([*asked.values()]), strict=True)) if asked else {}
        return [results[number] for number in range(len(exchanges))]

    def prepare(self, numbers: Sequence[int], batch: int) -> None:
        """Prepare the games over these samples, so many at once, where that is not done yet."""
        new = [n for n in numbers if n not in self._openings]
        for start in range(0, len(new), batch):
            some = new[start : start + batch]
            begin = self.answer([self.task.prepare(self.task.samples[n]) for n in some])
            self._openings.update(zip(some, begin, strict=True))

    def can_play(self, number: int) -> bool:
        """Whether there is a game over this sample."""
        self.prepare([number], 1)
        return self._openings[number] is not None

    def begin(self, number: int, rng: np.random.Generator) -> Game:
        """A new game over one sample that can be played."""
        self.prepare([number], 1)
        begin = self._openings[number]
        if begin is None:
            raise DataError(f"{self.task.samples[number].id}: there is no game over it")
        return begin(rng)


def observation_of(view: View, odds: Odds) -> Observation:
    """What a policy sees, as a learner takes it."""
    return {
        "world": clipped(view.world),
        "operators": clipped(view.operators),
        "places": clipped(view.places),
        "odds": np.asarray(odds / max(float(odds.sum()), 1e-30), np.float32),
    }


def move_of(action: int, odds: Odds) -> Move | None:
    """The move of a flat index into the odds, None where it cannot be made."""
    operator, place, size = (int(i) for i in np.unravel_index(action, odds.shape))
    return Move(operator, place, size) if odds[operator, place, size] > 0 else None


def moves_of(game: Game) -> int:
    """How many moves there are: the actions of an environment."""
    return prod(game.odds.shape)
